/// Programs that talk to a service of their own.
extension Preset {
  static let psql = Preset(
    name: "psql",
    about:
      "psql. pg_dump and its like end in 1 for everything: better a probe, pg_isready. The text of a refusal is the server's, so it is in English where its lc_messages is",
    source: "psql(1), EXIT STATUS, 15: https://www.postgresql.org/docs/15/app-psql.html",
    codes: [
      failure(2...2, reason: "the connection went bad, or there was none")
    ],
    texts: [
      text(
        .ignore, on: 1...1, noneOf: unreachedServer + ["password authentication failed"],
        reason: "a fatal error in psql: memory, a file not found, usage; an SQL error of -c"),
      text(
        .exclude, on: 3...3, noneOf: unreachedServer + ["password authentication failed"],
        reason: "an error in a script with ON_ERROR_STOP: the server said so; but \\connect may have failed"),
      text(
        .hold, on: 1...3, anyOf: ["password authentication failed"], reason: "user or password not accepted"),
    ])

  private static let unreachedServer = [
    "connection to server", "could not connect to server", "could not translate host name",
    "server closed the connection",
  ]

  static let git = Preset(
    name: "git",
    about: "git; it has no list of codes: fatal errors are 128, usage is 129",
    source: "git(1) and gitcli(7), 2.39 (fetch, pull, ls-remote, push tried): https://git-scm.com/docs/git",
    codes: [
      ignore(129...129, reason: "usage")
    ],
    texts: [
      text(
        .ignore, on: 128...128, anyOf: ["does not appear to be a git repository"], noneOf: transport,
        reason: "no such remote, or a path that is not a repository"),
      text(
        .ignore, on: 128...128, noneOf: transport + remoteEnd + authentication,
        reason: "fatal, and not about the network: no repository here, a lock, an unknown revision"),
      text(
        .exclude, on: 1...2, noneOf: transport + remoteEnd + authentication,
        reason:
          "an answer: a push that was rejected, a conflict, no such ref; but fetch --all is 1 where a remote is dead"),
      text(
        .hold, on: 1...1, 128...128, anyOf: authentication, noneOf: systemPermission,
        reason: "user, password or key not accepted, or the host's key is not the known one"),
    ])

  private static let authentication = ["Authentication failed"] + loginRefused
  /// What libcurl and ssh say, which no translation of git changes.
  private static let transport = [
    "Could not resolve", "Failed to connect", "Connection refused", "Connection reset", "Connection closed",
    "timed out", "Operation too slow", "The requested URL returned error", "ssh: connect to host",
    "Network is unreachable", "No route to host", "SSL", "GnuTLS", "curl ",
  ]
  /// What git says itself.
  private static let remoteEnd = [
    "unable to access", "Could not read from remote repository", "unable to connect to", "unable to look up",
    "the remote end hung up", "unexpected disconnect", "early EOF", "RPC failed",
  ]

  static let aws = Preset(
    name: "aws",
    about: "AWS CLI 2, and 1 where it has these codes",
    source:
      "AWS CLI return codes, 2.9 and the current 2: https://docs.aws.amazon.com/cli/latest/topic/return-codes.html",
    codes: [
      failure(1...1, reason: "s3: a transfer failed"),
      failure(254...254, reason: "the service answered with an error; what is an answer see below"),
      failure(255...255, reason: "all else: no connection"),
      ignore(2...2, reason: "usage; s3: files were skipped"),
      ignore(130...130, reason: "SIGINT"),
      ignore(252...252, reason: "usage: a parameter was wrong"),
      hold(253...253, reason: "configuration or credentials are missing: nothing was asked"),
    ],
    texts: [
      text(
        .exclude, on: 254...255,
        anyOf: ["An error occurred (AccessDenied", "An error occurred (NoSuch", "An error occurred (Validation"],
        noneOf: [
          "An error occurred (Throttl", "An error occurred (SlowDown", "An error occurred (RequestLimitExceeded",
          "An error occurred (TooManyRequests",
        ],
        reason: "an answer about this request"),
      text(.ignore, on: 255...255, anyOf: ["The user-provided path "], reason: "s3: the local source is missing"),
    ])

  static let msmtp = Preset(
    name: "msmtp",
    about: "msmtp, and sendmail where it keeps to sysexits.h",
    source: "msmtp(1), EXIT STATUS, 1.8.23, and sysexits.h",
    codes: [
      failure(68...68, reason: "host name unknown"),
      failure(69...69, reason: "service unavailable; a rejection for the time being, TLS not trusted"),
      failure(71...71, reason: "system error"),
      failure(74...76, reason: "I/O and time-out, connection refused, protocol"),
      exclude(65...65, reason: "the server did not accept the sender or a recipient for good (5yz)"),
      exclude(67...67, reason: "addressee unknown"),
      ignore(64...64, reason: "usage"),
      ignore(66...66, reason: "no input"),
      ignore(72...73, reason: "a file of the system is missing, cannot be made"),
      ignore(78...78, reason: "configuration"),
      hold(77...77, reason: "user or password not accepted"),
    ],
    texts: [])

  static let ansiblePlaybook = Preset(
    name: "ansible-playbook",
    about: "ansible-core 2.14 to 2.19; it needs a UTF-8 locale: C.UTF-8, not C",
    source:
      "ansible/cli/__init__.py and executor/task_queue_manager.py of ansible-core 2.14.18 (ansible-playbook(1) lists no codes)",
    codes: [
      failure(1...1, reason: "error"),
      failure(4...4, reason: "a host was unreachable; a playbook that cannot be parsed see below"),
      failure(250...250, reason: "unexpected exception"),
      failure(255...255, reason: "unknown error"),
      exclude(2...2, reason: "a task failed on a host that answered"),
      exclude(8...8, reason: "the play was broken off because hosts failed"),
      ignore(5...5, reason: "bad options"),
      ignore(6...6, reason: "arguments are not UTF-8"),
      ignore(99...99, reason: "interrupted by the user"),
    ],
    texts: [
      text(
        .ignore, on: 1...1,
        anyOf: ["ERROR! the playbook: ", "[ERROR]: the playbook: ", "requires the locale encoding"],
        reason: "no such playbook, no UTF-8 locale"),
      text(.ignore, on: 2...2, anyOf: ["--become-user BECOME_USER"], reason: "an unknown option: the help is printed"),
      text(
        .ignore, on: 4...4,
        anyOf: [
          "Syntax Error while loading YAML", "YAML parsing failed", "resolve module/action",
          "is not a valid attribute for a",
        ],
        reason: "the playbook cannot be parsed"),
    ])
}
