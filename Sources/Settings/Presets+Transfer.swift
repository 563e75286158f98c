/// Programs that fetch, copy and log in.
extension Preset {
  static let curl = Preset(
    name: "curl",
    about: "curl 7.33 and newer, with -f (--fail) and -S; with -s alone it prints no text, and each 22 is a failure",
    source: "curl(1), EXIT CODES, 7.88 (0 to 96) and 8.10 (to 100): https://curl.se/docs/manpage.html#EXIT",
    codes: [
      failure(5...6, reason: "could not resolve the proxy, the host"),
      failure(7...7, reason: "failed to connect"),
      failure(8...8, reason: "the server's reply could not be parsed"),
      failure(19...19, reason: "FTP: RETR failed with anything but 550; where that was a 5xx see below"),
      failure(22...22, reason: "HTTP 400 or above with -f; most of 4xx see below"),
      failure(28...28, reason: "timed out"),
      failure(35...35, reason: "TLS handshake failed"),
      failure(52...52, reason: "the server replied nothing"),
      failure(55...56, reason: "sending, receiving failed"),
      exclude(33...33, reason: "the server does not do ranges"),
      exclude(47...47, reason: "too many redirects"),
      exclude(63...63, reason: "larger than --max-filesize"),
      exclude(78...78, reason: "the resource does not exist (FTP 550, SFTP)"),
      ignore(1...1, reason: "protocol not supported by this curl"),
      ignore(2...2, reason: "usage, or failed to initialize"),
      ignore(3...3, reason: "malformed URL"),
      ignore(4...4, reason: "feature not built in"),
      ignore(23...23, reason: "could not write the output"),
      ignore(26...26, reason: "could not read what was to be sent"),
      ignore(27...27, reason: "out of memory"),
      ignore(37...37, reason: "file:// could not be read"),
      ignore(41...43, reason: "function not found, aborted by callback, bad parameter"),
      ignore(45...45, reason: "--interface could not be used"),
      ignore(48...49, reason: "unknown option to libcurl, malformed telnet option"),
      ignore(53...54, reason: "TLS engine not found, not usable"),
      ignore(58...59, reason: "problem with the local certificate, cipher"),
      ignore(66...66, reason: "TLS engine not initialized"),
      ignore(77...77, reason: "CA certificates could not be read"),
      ignore(82...82, reason: "CRL file could not be loaded"),
      ignore(93...93, reason: "API called from within a callback"),
      hold(67...67, reason: "user or password not accepted"),
      hold(98...98, reason: "the server wants a client certificate"),
    ],
    texts: [
      text(
        .exclude, on: 19...19, anyOf: ["RETR response: 5"],
        reason: "FTP: a permanent refusal (5yz) is an answer; 4yz is the server's trouble"),
      text(
        .exclude, on: 22...22, anyOf: ["returned error: 4"],
        noneOf: ["returned error: 408", "returned error: 425", "returned error: 429", "returned error: 5"],
        reason: "HTTP 4xx is an answer, but not 408 (timeout), 425 (too early), 429 (too many requests)"),
    ])

  static let wget = Preset(
    name: "wget",
    about: "GNU Wget 1.12 and newer; with -q it prints no text (use -nv), and each 8 is a failure",
    source: "wget(1), EXIT STATUS, 1.21.3: https://www.gnu.org/software/wget/manual/wget.html#Exit-Status",
    codes: [
      failure(1...1, reason: "generic"),
      failure(4...4, reason: "network: name, connection, time-out"),
      failure(5...5, reason: "TLS verification"),
      failure(7...7, reason: "protocol"),
      failure(8...8, reason: "the server answered with an error; most of 4xx see below"),
      ignore(2...2, reason: "command line, .wgetrc or .netrc could not be parsed"),
      ignore(3...3, reason: "file I/O"),
      hold(6...6, reason: "user or password not accepted"),
    ],
    texts: [
      text(
        .exclude, on: 8...8, anyOf: ["ERROR 4"], noneOf: ["ERROR 408", "ERROR 425", "ERROR 429", "ERROR 5"],
        reason: "HTTP 4xx is an answer, but not 408, 425, 429")
    ])

  static let rsync = Preset(
    name: "rsync",
    about: "rsync 3; where ssh ends before the protocol begins it is 255 or 12, by version and chance",
    source: "rsync(1), EXIT VALUES, 3.2.7 and 3.5.0: https://download.samba.org/pub/rsync/rsync.1#EXIT_VALUES",
    codes: [
      failure(2...2, reason: "protocol incompatibility"),
      failure(5...5, reason: "starting the protocol with a daemon: unknown module, its path is away"),
      failure(10...10, reason: "socket I/O: name, refused"),
      failure(11...11, reason: "file I/O, on either side"),
      failure(12...12, reason: "protocol data stream: the connection went away"),
      failure(23...23, reason: "some files were not transferred; a missing source too"),
      failure(30...30, reason: "time-out in sending or receiving"),
      failure(35...35, reason: "time-out waiting for the daemon"),
      failure(127...127, reason: "no rsync on the other side"),
      failure(255...255, reason: "ssh failed"),
      exclude(24...24, reason: "source files vanished meanwhile"),
      exclude(25...25, reason: "--max-delete stopped deletions"),
      ignore(1...1, reason: "usage"),
      ignore(3...3, reason: "selecting files and directories"),
      ignore(4...4, reason: "the action is not supported"),
      ignore(13...14, reason: "diagnostics, IPC (the remote shell is not installed)"),
      ignore(20...20, reason: "SIGINT, SIGTERM or SIGHUP"),
      ignore(22...22, reason: "out of memory"),
    ],
    texts: [
      text(
        .ignore, on: 12...12, anyOf: ["rsync error: error in IPC code"],
        reason: "14: which of rsync's two processes ends first is chance"),
      text(.hold, on: 5...5, anyOf: ["auth failed on module"], reason: "the daemon did not accept user or password"),
      text(
        .hold, on: 12...12, 255...255, anyOf: loginRefused, noneOf: systemPermission,
        reason: "ssh did not let in, or does not know the host's key"),
    ])

  static let ssh = Preset(
    name: "ssh",
    about: "OpenSSH: ssh, scp, sftp. The code of the remote command is an answer, whatever it is",
    source: "ssh(1), EXIT STATUS, 9.2: https://man.openbsd.org/ssh#EXIT_STATUS (scp(1) says >0 alone, sftp(1) nothing)",
    codes: [
      failure(255...255, reason: "no connection"),
      exclude(2...254, reason: "the remote command's own code"),
    ],
    texts: [
      text(
        .ignore, on: 1...1, 255...255,
        anyOf: ["usage: ssh ", "usage: scp ", "usage: sftp ", "Bad configuration option"],
        reason: "usage, ssh_config"),
      text(
        .exclude, on: 1...1, noneOf: unreached + loginRefused,
        reason: "the remote command's own code; but scp -O, and scp before 9.0, end in 1 where ssh ended in 255"),
      text(
        .hold, on: 1...1, 255...255, anyOf: loginRefused, noneOf: systemPermission,
        reason: "not let in, or the host's key is not the known one"),
    ])

  /// What ssh says last where the other side does not let it in, or it does not trust the other side. With the
  /// parenthesis: `connect to host x: Permission denied` is a firewall's.
  static let loginRefused = [": Permission denied (", "Host key verification failed"]
  /// `strerror(EACCES)` as rsync prints it: about a file.
  static let systemPermission = ["Permission denied (13)"]
  /// What ssh and the old scp say where nobody was reached.
  private static let unreached = [
    "ssh: connect to host", "ssh: Could not resolve", "lost connection", "Connection closed by", "Connection reset by",
    "Connection timed out", "kex_exchange_identification",
  ]
}
