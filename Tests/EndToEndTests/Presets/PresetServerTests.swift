import Glibc
import Settings
import Testing

/// The presets `ssh`, `rsync` and `psql` against an sshd and a PostgreSQL of the test's own.
@Suite(.serialized) struct PresetServerTests {
  private func verdict(_ name: String, _ end: Finished) throws -> Preset.Verdict? {
    guard case .exited(let code) = end.status else { return nil }
    return try #require(Preset.named(name)).verdict(onExit: code, stderrTail: end.error.suffix(4096))
  }

  @Test("ssh: the remote command's code is an answer; a key that is not accepted, or not known, holds")
  func sshServer() throws {
    let sandbox = Sandbox()
    let server = try SSHServer(in: sandbox)
    let known = "-oUserKnownHostsFile=known -oStrictHostKeyChecking=accept-new"
    let options = "-F none -oBatchMode=yes -oIdentitiesOnly=yes \(known)"
    func run(_ text: String) -> Finished { sandbox.execute(["/bin/sh", "-c", text]) }

    let answer = run("ssh \(options) -i user -p \(server.port) 127.0.0.1 'exit 3'")
    #expect(answer.status == .exited(3), "\(answer.errorText)")
    #expect(try verdict("ssh", answer) == .exclude)
    let missing = run("scp \(options) -i user -P \(server.port) 127.0.0.1:/no/such/file x")
    #expect(missing.status == .exited(1))
    #expect(try verdict("ssh", missing) == .exclude)

    let refused = run("ssh \(options) -i stranger -p \(server.port) 127.0.0.1 true")
    #expect(refused.status == .exited(255))
    #expect(try verdict("ssh", refused) == .hold, "\(refused.errorText)")
    for old in ["", "-O"] {
      let copy = run("scp \(old) \(options) -i stranger -P \(server.port) 127.0.0.1:/x y")
      #expect(try verdict("ssh", copy) == .hold, "\(copy.status) \(copy.errorText)")
    }
    let unknown = run(
      "ssh -F none -oBatchMode=yes -oUserKnownHostsFile=/dev/null -oStrictHostKeyChecking=yes -i user -p \(server.port) "
        + "127.0.0.1 true")
    #expect(unknown.status == .exited(255))
    #expect(try verdict("ssh", unknown) == .hold, "\(unknown.errorText)")

    let sync = run("rsync -a -e 'ssh \(options) -i stranger -p \(server.port)' 127.0.0.1:/x y")
    #expect(try verdict("rsync", sync) == .hold, "\(sync.status) \(sync.errorText)")
    let fetch = run(
      "GIT_SSH_COMMAND='ssh \(options) -i stranger' git ls-remote ssh://127.0.0.1:\(server.port)/no/such/repository")
    #expect(try verdict("git", fetch) == .hold, "\(fetch.status) \(fetch.errorText)")
    let away = run(
      "GIT_SSH_COMMAND='ssh \(options) -i user' git ls-remote ssh://127.0.0.1:\(server.port)/no/such/repository")
    #expect(away.status == .exited(128))
    #expect(try verdict("git", away) == .ignore, "\(away.errorText)")
  }

  @Test("psql: no connection is a failure, a wrong password holds, an error in a script is an answer")
  func postgres() throws {
    let sandbox = Sandbox()
    let server = try PostgresServer(in: sandbox)
    func run(_ text: String, password: String = "right", port: Int? = nil) -> Finished {
      sandbox.execute([
        "/bin/sh", "-c",
        "export PGHOST=127.0.0.1 PGPORT=\(port ?? server.port) PGUSER=postgres PGPASSWORD=\(password); \(text)",
      ])
    }
    let rows: [(String, Finished, Int32, Preset.Verdict)] = [
      ("refused", run("psql -Xc 'select 1'", port: 1), 2, .failure),
      ("no such database", run("psql -X nosuch -c 'select 1'"), 2, .failure),
      ("wrong password", run("psql -Xc 'select 1'", password: "wrong"), 2, .hold),
      ("ended in the middle", run("psql -Xc 'select pg_terminate_backend(pg_backend_pid())'"), 2, .failure),
      ("an error in a script", run("echo 'select 1/0;' | psql -X -v ON_ERROR_STOP=1"), 3, .exclude),
      (
        "a connection lost in a script",
        run("printf '\\\\connect - - - 1\\n' | psql -X -v ON_ERROR_STOP=1"), 3, .failure
      ),
      ("no such file", run("psql -X -f /no/such/file"), 1, .ignore),
      ("usage", run("psql --no-such-option"), 1, .ignore),
      ("pg_dump, refused", run("pg_dump", port: 1), 1, .failure),
      ("pg_dump, wrong password", run("pg_dump", password: "wrong"), 1, .hold),
    ]
    for (name, end, code, verdict) in rows {
      #expect(end.status == .exited(code), "\(name): \(end.errorText)")
      #expect(try self.verdict("psql", end) == verdict, "\(name): \(end.errorText)")
    }
    #expect(run("psql -XAtc 'select 1'").outputText == "1\n")
  }
}

/// An sshd that lets in who has the key `user`, and nobody else.
private final class SSHServer {
  let port: Int
  private let running: Running

  init(in sandbox: Sandbox) throws {
    port = try freePort(sandbox)
    let path = sandbox.path
    let made = sandbox.execute([
      "/bin/sh", "-c",
      "mkdir -p /run/sshd 2>/dev/null; for key in host user stranger; do ssh-keygen -q -t ed25519 -N '' -f $key; done; "
        + "cp user.pub allowed",
    ])
    try #require(made.status == .exited(0), "\(made.errorText)")
    let configuration = sandbox.file(
      "sshd.conf",
      """
      Port \(port)
      ListenAddress 127.0.0.1
      HostKey \(path)/host
      AuthorizedKeysFile \(path)/allowed
      PidFile none
      UsePAM no
      StrictModes no
      PermitRootLogin yes
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      Subsystem sftp internal-sftp
      """)
    running = sandbox.start(["/usr/sbin/sshd", "-D", "-e", "-f", configuration])
    let port = port
    try #require(
      eventually {
        sandbox.execute(["/usr/bin/ssh-keyscan", "-p", "\(port)", "127.0.0.1"]).outputText.contains("ssh-")
      })
  }

  deinit {
    running.send(SIGTERM)
    _ = running.wait()
  }
}

/// A PostgreSQL with the password `right`, owned by the user `postgres` where the tests run as root.
private final class PostgresServer {
  let port: Int
  private let sandbox: Sandbox
  private let prefix: [String]

  init(in sandbox: Sandbox) throws {
    self.sandbox = sandbox
    port = try freePort(sandbox)
    let path = sandbox.path
    prefix = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
    _ = sandbox.file("password", "right\n")
    if geteuid() == 0 { _ = sandbox.execute(["/bin/sh", "-c", "chmod 711 . && mkdir pg && chown postgres pg"]) }
    let start = """
      bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
      mkdir -p \(path)/pg/data && "$bin/initdb" -D \(path)/pg/data -A scram-sha-256 --pwfile=\(path)/password \
      -U postgres --no-sync --locale=C >/dev/null &&
      "$bin/pg_ctl" -D \(path)/pg/data -w -l \(path)/pg/log \
      -o '-p \(port) -k \(path)/pg -c listen_addresses=127.0.0.1 -c fsync=off' start >/dev/null
      """
    let started = sandbox.execute(prefix + ["/bin/sh", "-c", start], seconds: 120)
    try #require(started.status == .exited(0), "\(started.errorText)")
  }

  deinit {
    let stop =
      "bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1); \"$bin/pg_ctl\" -D pg/data -m immediate stop"
    _ = sandbox.execute(prefix + ["/bin/sh", "-c", stop])
  }
}
