import Glibc
import Settings
import Testing

/// The presets against the real tools (docs/CONTRACT.md, "Settings"): what each ends in, and what it says, is provoked
/// here, so that a version that changed its codes or texts shows. restic, borg, rclone, aws, msmtp and ansible are in
/// contrib/test-presets.
@Suite(.serialized) struct PresetToolTests {
  /// A command line and what the preset must make of its end. Codes where two versions differ: any of them.
  private struct Row {
    let command: String
    let codes: [Int32]
    let verdict: Preset.Verdict?

    init(_ command: String, _ codes: Int32..., verdict: Preset.Verdict?) {
      (self.command, self.codes, self.verdict) = (command, codes, verdict)
    }
  }

  private func check(
    _ rows: [Row], _ name: String, on loopback: Loopback, and ports: [String: Int] = [:]
  ) throws {
    let preset = try #require(Preset.named(name))
    for row in rows {
      let end = try loopback.run(row.command, and: ports)
      guard case .exited(let code) = end.status else {
        Issue.record("\(row.command): \(end.status)")
        continue
      }
      #expect(row.codes.contains(code), "\(row.command): \(end.errorText)")
      // As much as a predicate sees of it.
      #expect(
        preset.verdict(onExit: code, stderrTail: end.error.suffix(4096)) == row.verdict,
        "\(row.command): exit \(code), \(end.errorText)")
    }
  }

  @Test("curl")
  func curl() throws {
    let rows = [
      Row("curl -qfsS http://{http}/200", 0, verdict: nil),
      Row("curl -qfsS http://{refused}/", 7, verdict: .failure),
      Row("curl -qfsS http://name.invalid/", 6, verdict: .failure),
      Row("curl -qfsS -m 0.3 http://{http}/hang", 28, verdict: .failure),
      Row("curl -qfsS -m 0.3 http://{silent}/", 28, verdict: .failure),
      Row("curl -qfsS https://{http}/", 35, verdict: .failure),
      Row("curl -qfsS http://{http}/404", 22, verdict: .exclude),
      Row("curl -qfsS http://{http}/401", 22, verdict: .exclude),
      Row("curl -qfsS http://{http}/408", 22, verdict: .failure),
      Row("curl -qfsS http://{http}/425", 22, verdict: .failure),
      Row("curl -qfsS http://{http}/429", 22, verdict: .failure),
      Row("curl -qfsS http://{http}/503", 22, verdict: .failure),
      Row("curl -qfsS http://{http}/404 http://{http}/503", 22, verdict: .failure),
      // No text: a failure, whatever the server said.
      Row("curl -qfs http://{http}/404", 22, verdict: .failure),
      Row("curl -qfsSL http://{http}/loop", 47, verdict: .exclude),
      Row("curl -qfsS --max-filesize 1 http://{http}/200", 63, verdict: .exclude),
      Row("curl -qfsS ftp://{ftp}/550", 78, verdict: .exclude),
      Row("curl -qfsS ftp://{ftp}/553", 19, verdict: .exclude),
      Row("curl -qfsS ftp://{ftp}/451", 19, verdict: .failure),
      Row("curl -qfsS -u me:bad ftp://{ftp}/550", 67, verdict: .hold),
      Row("curl -qfsS nosuch://{http}/", 1, verdict: .ignore),
      Row("curl -q --no-such-option", 2, verdict: .ignore),
      Row("curl -qfsS file:///no/such/file", 37, verdict: .ignore),
      Row("curl -qfsS -o /no/such/place http://{http}/200", 23, verdict: .ignore),
    ]
    try check(rows, "curl", on: Loopback())
  }

  @Test("wget")
  func wget() throws {
    let rows = [
      Row("wget -nv -O /dev/null http://{http}/200", 0, verdict: nil),
      Row("wget -nv -t 1 http://{refused}/", 4, verdict: .failure),
      Row("wget -nv -t 1 http://name.invalid/", 4, verdict: .failure),
      Row("wget -nv -t 1 -T 0.3 http://{http}/hang", 4, verdict: .failure),
      Row("wget -nv -t 1 http://{http}/404", 8, verdict: .exclude),
      Row("wget -nv -t 1 http://{http}/403", 8, verdict: .exclude),
      Row("wget -nv -t 1 http://{http}/408", 8, verdict: .failure),
      Row("wget -nv -t 1 http://{http}/429", 8, verdict: .failure),
      Row("wget -nv -t 1 http://{http}/503", 8, verdict: .failure),
      Row("wget -q -t 1 http://{http}/404", 8, verdict: .failure),
      Row("wget -nv -t 1 http://{http}/401", 6, verdict: .hold),
      Row("wget --no-such-option", 2, verdict: .ignore),
    ]
    try check(rows, "wget", on: Loopback())
  }

  @Test("rsync")
  func rsync() throws {
    let rows = [
      Row("mkdir a b && rsync -a a/ b/", 0, verdict: nil),
      Row("rsync -a missing/ b/", 23, verdict: .failure),
      Row("rsync -a rsync://{refused}/m b/", 10, verdict: .failure),
      Row("rsync -a rsync://name.invalid/m b/", 10, verdict: .failure),
      Row("rsync -a --timeout=1 rsync://{silent}/m b/", 30, verdict: .failure),
      Row("rsync -a -e 'ssh -F none -oBatchMode=yes -p {refused.port}' 127.0.0.1:/x b/", 12, 255, verdict: .failure),
      Row("mkdir a && rsync -a a/ no/such/place/", 3, 11, verdict: .failure),
      Row("rsync --no-such-option a b", 1, verdict: .ignore),
      // Which of its two processes ends first is chance.
      Row("rsync -a -e no-such-shell h:/x b/", 14, 12, verdict: .ignore),
    ]
    try check(rows, "rsync", on: Loopback())
  }

  @Test("rsync's daemon: a wrong password holds, a module that is away is a failure")
  func rsyncDaemon() throws {
    let rows = [
      Row("rsync -a --password-file=../wrong rsync://me@{rsyncd}/closed/ b/", 5, verdict: .hold),
      Row("rsync -a rsync://{rsyncd}/nosuch/ b/", 5, verdict: .failure),
      Row("rsync -a rsync://{rsyncd}/gone/ b/", 5, verdict: .failure),
      Row("rsync -a rsync://{rsyncd}/open/missing b/", 23, verdict: .failure),
    ]
    let loopback = try Loopback()
    let daemon = try RsyncDaemon(in: loopback.sandbox)
    try check(rows, "rsync", on: loopback, and: ["rsyncd": daemon.port])
  }

  @Test("ssh, scp and sftp where nobody is reached")
  func unreached() throws {
    let rows = [
      Row("ssh -F none -oBatchMode=yes -p {refused.port} 127.0.0.1 true", 255, verdict: .failure),
      Row("ssh -F none -oBatchMode=yes name.invalid true", 255, verdict: .failure),
      Row("ssh -F none -oBatchMode=yes -oConnectTimeout=1 -p {silent.port} 127.0.0.1 true", 255, verdict: .failure),
      Row("scp -F none -oBatchMode=yes -P {refused.port} 127.0.0.1:/x y", 255, 1, verdict: .failure),
      // The protocol of versions before 9.0 ends in 1.
      Row("scp -O -F none -oBatchMode=yes -P {refused.port} 127.0.0.1:/x y", 1, verdict: .failure),
      Row("sftp -F none -oBatchMode=yes -P {refused.port} 127.0.0.1:/x y", 255, verdict: .failure),
      Row("ssh -Z", 255, verdict: .ignore),
      Row("ssh -F none -oNoSuchOption=1 127.0.0.1 true", 255, verdict: .ignore),
      Row("scp -Z", 1, verdict: .ignore),
    ]
    try check(rows, "ssh", on: Loopback())
  }

  @Test("git")
  func git() throws {
    let rows = [
      Row("git init -q . && git status", 0, verdict: nil),
      Row("git -C / status", 128, verdict: .ignore),
      Row("git --no-such-option", 129, verdict: .ignore),
      Row("git ls-remote http://{refused}/r", 128, verdict: .failure),
      Row("git ls-remote http://name.invalid/r", 128, verdict: .failure),
      Row("git ls-remote git://{refused}/r", 128, verdict: .failure),
      Row("GIT_SSH_COMMAND='ssh -F none' git ls-remote ssh://name.invalid/r", 128, verdict: .failure),
      Row("git ls-remote http://{http}/503", 128, verdict: .failure),
      Row("git ls-remote http://{http}/429", 128, verdict: .failure),
      Row("git ls-remote http://me:bad@{http}/401", 128, verdict: .hold),
      Row("git ls-remote /no/such/repository", 128, verdict: .ignore),
      Row(
        "git init -q . && git -c http.lowSpeedTime=1 -c http.lowSpeedLimit=1000 ls-remote http://{http}/hang", 128,
        verdict: .failure),
      // A dead remote among several is 1, which is an answer elsewhere.
      Row("git init -q . && git remote add r http://{refused}/r && git fetch --all", 1, 128, verdict: .failure),
      Row("git init -q . && git checkout no-such-branch", 1, verdict: .exclude),
      Row("git init -q . && touch .git/index.lock && git add .", 128, verdict: .ignore),
    ]
    let loopback = try Loopback()
    loopback.sandbox.environment["GIT_TERMINAL_PROMPT"] = "0"
    loopback.sandbox.environment["GIT_CONFIG_SYSTEM"] = "/dev/null"
    try check(rows, "git", on: loopback)
  }
}

/// `rsync --daemon` with four modules, ended with it.
private final class RsyncDaemon {
  let port: Int
  private let running: Running

  init(in sandbox: Sandbox) throws {
    port = try freePort(sandbox)
    _ = sandbox.file("secrets", "me:right\n", mode: 0o600)
    _ = sandbox.file("wrong", "wrong\n", mode: 0o600)
    let path = sandbox.path
    let configuration = sandbox.file(
      "rsyncd.conf",
      """
      use chroot = no
      [open]
        path = \(path)
      [closed]
        path = \(path)
        auth users = me
        secrets file = \(path)/secrets
      [gone]
        path = \(path)/gone
      """)
    running = sandbox.start([
      "/usr/bin/rsync", "--daemon", "--no-detach", "--address=127.0.0.1", "--port=\(port)", "--config=\(configuration)",
    ])
    try #require(
      eventually {
        sandbox.execute(["/usr/bin/rsync", "rsync://127.0.0.1:\(port)/"]).status == .exited(0)
      })
  }

  deinit {
    running.send(SIGTERM)
    _ = running.wait()
  }
}
