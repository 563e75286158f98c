import Glibc
import Testing

/// `cb metrics --output`, killed at any moment.
@Suite struct LeftoverTests {
  private let place = Sandbox()
  private var file: String { place.path + "/out/cb.prom" }
  private var left: [String] { directoryEntries(place.path + "/out").filter { $0 != "cb.prom" } }

  init() throws {
    mkdir(place.path + "/out", 0o700)
    try #require(place.cb("open", "x", "--hold").code == 0)
  }

  @Test func `killed before any system call it leaves a whole file or none, and the next run removes the rest`() throws
  {
    let command = [Programs.cb, "metrics", "--output", file]
    try #require(place.execute(command).code == 0)
    // Held open, it stays as it is.
    let whole = try #require(fileBytes(file))
    var points = 0
    for call in ["openat", "write", "fchmod", "close", "rename"] {
      for number in 1...40 {
        let ended = place.execute(
          ["/usr/bin/strace", "-o", "/dev/null", "-e", "inject=\(call):signal=KILL:when=\(number)"] + command)
        if !ended.wasKilled { break }
        points += 1
        #expect(fileBytes(file) == whole, "\(call) \(number)")
        #expect(place.execute(command).code == 0)
        #expect(left == [], "\(call) \(number)")
      }
    }
    #expect(points > 10)
    print("crash points, metrics --output: \(points)")
  }

  @Test func `only what is its own and nobody's any more is removed`() {
    let dead = place.execute(["/bin/sh", "-c", "echo $$"]).outputText.prefix { $0 != "\n" }
    let others = [
      ".cb.prom.tmp-\(getpid())", ".cb.prom.tmp-x", ".cb.prom.tmp-0", ".db.prom.tmp-\(dead)", "cb.prom.tmp-\(dead)",
    ]
    for name in others + [".cb.prom.tmp-\(dead)"] { writeFile(place.path + "/out/" + name, [1]) }
    #expect(place.cb("metrics", "--output", file).code == 0)
    #expect(left == others.sorted())
  }
}
