import Foundation
import Testing

/// `make install DESTDIR=` puts every file where man and each shell look for it.
struct InstallationTests {
  /// Into `dest` of the sandbox.
  static func install(into sandbox: Sandbox, prefix: String) throws {
    let result = try Program.run(
      [
        "/usr/bin/make", "-C", Repository.root, "install", "BUILD=" + Program.cb, "PREFIX=" + prefix,
        "DESTDIR=" + sandbox.path + "/dest",
      ],
      environment: ["PATH": "/usr/bin:/bin", "HOME": sandbox.path], directory: sandbox.path)
    try #require(result.status == 0, "\(result.error)")
  }

  @Test func `the program, its man pages and completions are there, readable by all`() throws {
    let sandbox = try Sandbox()
    try Self.install(into: sandbox, prefix: "/usr")
    let root = sandbox.path + "/dest/usr/"
    var expected = ["bin/cb": 0o755]
    for page in try Repository.files("man", prefix: "cb") {
      expected["share/man/man\(page.last ?? "?")/\(page)"] = 0o644
    }
    for file in [
      "share/bash-completion/completions/cb", "share/zsh/site-functions/_cb", "share/fish/vendor_completions.d/cb.fish",
    ] { expected[file] = 0o644 }
    for (file, mode) in expected {
      let attributes = try FileManager.default.attributesOfItem(atPath: root + file)
      #expect(attributes[.posixPermissions] as? Int == mode, "\(file)")
    }
    #expect(try sandbox.run([root + "bin/cb", "run", "x", "--", "true"]).status == 0)
  }

  @Test func `bash, zsh and fish find their completions there`() throws {
    let sandbox = try Sandbox()
    try Self.install(into: sandbox, prefix: "/usr")
    let share = sandbox.path + "/dest/usr/share"
    sandbox.environment["XDG_DATA_DIRS"] = share
    let bash = try sandbox.run([
      "bash", "--norc", "-c", ". /usr/share/bash-completion/bash_completion; _completion_loader cb; complete -p cb",
    ])
    #expect(bash.output.contains("complete -F _cb cb"), "\(bash.error)")
    let zsh = try sandbox.run([
      "zsh", "-f", "-c",
      "fpath=(\(share)/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D; print $_comps[cb]",
    ])
    #expect(zsh.output == "_cb\n", "\(zsh.error)")
    let fish = try sandbox.run(["fish", "-c", "complete -C 'cb chec'"])
    #expect(fish.output.hasPrefix("check"), "\(fish.error)")
  }

  @Test func `uninstalling leaves nothing`() throws {
    let sandbox = try Sandbox()
    try Self.install(into: sandbox, prefix: "/usr")
    let result = try Program.run(
      ["/usr/bin/make", "-C", Repository.root, "uninstall", "PREFIX=/usr", "DESTDIR=" + sandbox.path + "/dest"],
      environment: ["PATH": "/usr/bin:/bin"], directory: sandbox.path)
    #expect(result.status == 0)
    let left = try sandbox.run(["find", sandbox.path + "/dest", "-type", "f"])
    #expect(left.output == "")
  }
}
