import BreakerStore
import Glibc
import JSON
import Testing

/// The file store of docs/CONTRACT.md, "Stores", as far as it shows from outside.
@Suite("The file store")
struct ContractStoreTests {
  let scene = Scene()

  /// The one document of the store.
  private var document: String {
    let found = scene.sandbox.execute(["/usr/bin/find", "state", "-name", "*.json", "-size", "+0"])
    return found.outputText.split(separator: "\n").first.map(String.init) ?? "no document"
  }

  /// cb as a user who is not root, from a place that this user can reach.
  private func asNobody(_ arguments: String..., environment: [String: String] = [:]) -> Finished {
    asNobody(arguments, environment: environment)
  }

  private func asNobody(_ arguments: [String], environment: [String: String] = [:]) -> Finished {
    let copy = "\(scene.path)/cb"
    _ = scene.sandbox.execute(["/bin/sh", "-c", "cp '\(Programs.cb)' cb; chmod 0755 cb ."])
    for (key, value) in environment { scene[key] = value }
    let change = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
    return scene.sandbox.execute(change + [copy] + arguments)
  }

  // MARK: Where it is

  @Test("CB_STATE_DIR comes before STATE_DIRECTORY, --store before both")
  func precedence() {
    scene["STATE_DIRECTORY"] = "\(scene.path)/systemd"
    scene.run(exit: 1)
    #expect(!scene.isStoreUntouched)
    scene["CB_STATE_DIR"] = nil
    #expect(scene.status().isEmpty)
    scene.run(exit: 1)
    scene.run(exit: 1)
    #expect(scene.counter() == "2")
    #expect(scene.sandbox.execute(["/bin/ls", "systemd"]).output != [])
    scene.cb("run", "--store", "file:\(scene.path)/third", "x", "--", "true")
    #expect(scene.cb("get", "--store", "file:\(scene.path)/third", "x", "fail-counter").outputText == "0\n")
    scene["CB_STORE"] = "file:\(scene.path)/third"
    #expect(scene.counter() == "0")
  }

  @Test("a directory that is relative is taken from the working directory")
  func relative() {
    scene.cb("run", "--store", "file:here", "x", "--", "false")
    #expect(scene.cb("get", "--store", "file:\(scene.path)/here", "x", "fail-counter").outputText == "1\n")
  }

  @Test("for others than root it is XDG_STATE_HOME/cb, a relative one is ignored, and HOME comes next")
  func userDirectories() {
    scene["CB_STATE_DIR"] = nil
    _ = scene.sandbox.execute(["/bin/sh", "-c", "mkdir home xdg; chmod 0777 home xdg"])
    let home = ["HOME": "\(scene.path)/home", "XDG_STATE_HOME": "\(scene.path)/xdg"]
    #expect(asNobody("run", "x", "--", "false", environment: home).error == [])
    #expect(scene.sandbox.execute(["/bin/ls", "xdg"]).outputText == "cb\n")
    #expect(scene.sandbox.execute(["/bin/ls", "-A", "home"]).outputText == "")
    #expect(asNobody("run", "x", "--", "false", environment: ["XDG_STATE_HOME": "xdg"]).error == [])
    #expect(scene.sandbox.execute(["/bin/ls", "home/.local/state"]).outputText == "cb\n")
  }

  @Test("without HOME the password database says where home is")
  func noHome() {
    // nobody's home cannot be written, so that the line has to name it.
    let home = scene.sandbox.execute(["/bin/sh", "-c", "getent passwd 65534 | cut -d: -f6"]).outputText.dropLast()
    scene.sandbox.environment = ["PATH": "/usr/bin:/bin"]
    guard geteuid() == 0 else { return }
    let result = asNobody("run", "x", "--", "echo", "ran")
    #expect(result.status == .exited(0))
    #expect(result.outputText == "ran\n")
    #expect(result.isOneMessage)
    #expect(result.errorText.contains(home))
  }

  @Test("cron's environment is enough where the directory is named")
  func cron() {
    let script =
      "env -i PATH=/usr/bin:/bin sh -c 'CB_STATE_DIR=\(scene.path)/state \(Programs.cb) run x -- sh -c \"echo ran\"'"
    let result = scene.sandbox.execute(["/bin/sh", "-c", script])
    #expect(result.outputText == "ran\n")
    #expect(result.error == [])
    #expect(scene.status().count == 1)
  }

  @Test("directory and documents are for their owner alone")
  func modes() {
    scene.run(exit: 1)
    let listed = scene.sandbox.execute(["/usr/bin/find", "state", "-printf", "%y%m\n"])
    #expect(Set(listed.outputText.split(separator: "\n").map(String.init)).isSubset(of: ["d700", "f600"]))
  }

  @Test("a document is one JSON object that people can read, with a version")
  func readable() throws {
    scene.run(exit: 1)
    let text = try #require(scene.sandbox.read(document))
    #expect(text.contains("\n"))
    let value = try #require(JSONValue.of(text))
    #expect(value["cb"]?.int != nil)
    #expect(value["name"]?.string == "x")
  }

  // MARK: Documents that are off

  @Test(
    "a document of a newer version is an error, and never overwritten",
    arguments: [
      ["status", "x"], ["get", "x", "state"], ["open", "x"], ["close", "x"], ["half-open", "x"], ["reset", "x"],
      ["set", "x", "fail-max=3"], ["remove", "x"], ["check", "x"], ["wait", "x"],
      ["run", "--on-store-error", "reject", "x", "--", "echo", "started"], ["run", "x", "--", "false"],
    ])
  func newerVersion(_ arguments: [String]) throws {
    scene.run(exit: 1)
    let text = try #require(scene.sandbox.read(document))
    let newer = text.replacing(/"cb": *\d+/, with: "\"cb\": 99")
    #expect(newer != text)
    _ = scene.sandbox.file(document, newer)
    let before = scene.snapshot()
    let result = scene.cb(arguments)
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("99"))
    // For `run` on-store-error decides, and CMD's own exit code is 1; check and wait say what a run would do.
    let isAsked = ["check", "wait"].contains(arguments[0])
    #expect(result.status == .exited(arguments.contains("reject") ? 125 : isAsked ? 0 : 1))
    #expect(result.output == [])
    #expect(scene.sandbox.read(document) == newer)
    #expect(scene.snapshot() == before)
  }

  @Test(
    "a damaged document is set aside and told once, and the breaker starts closed",
    arguments: [
      "", "{", "not JSON", "{}", "[]", "{\"cb\": 1}", "\0\0\0\0", "{\"cb\": \"one\"}",
    ])
  func damaged(_ text: String) {
    scene.trip()
    let place = document
    _ = scene.sandbox.file(place, text)
    let first = scene.run(sh: "echo ran; exit 1")
    #expect(first.status == .exited(1))
    #expect(first.outputText == "ran\n")
    #expect(first.isOneMessage)
    #expect(first.errorText.contains("x"))
    let second = scene.run(sh: "exit 1")
    #expect(second.error == [])
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "2")
    let kept = scene.sandbox.execute([
      "/bin/sh", "-c", "for f in $(find state -type f ! -name '*.json' -size -100k); do cat \"$f\"; done | wc -c",
    ])
    #expect((Int(kept.outputText.split(separator: "\n").first ?? "") ?? -1) >= text.utf8.count)
  }

  @Test(
    "a damaged document is told by looks, which leave it where it is",
    arguments: [
      ["status"], ["status", "x"], ["status", "--json"], ["get", "x", "state"],
    ])
  func damagedLook(_ arguments: [String]) {
    scene.trip()
    _ = scene.sandbox.file(document, "{\"cb\": 1, \"na")
    let before = scene.snapshot()
    let result = scene.cb(arguments)
    #expect(result.status == .exited(1))
    #expect(result.isOneMessage)
    #expect(scene.snapshot() == before)
  }

  @Test("one damaged document does not keep the others from status")
  func damagedAmongOthers() {
    scene.trip(name: "broken")
    _ = scene.sandbox.file(document, "{")
    scene.run(name: "whole", exit: 0)
    #expect(scene.status().compactMap { $0["name"]?.string } == ["whole"])
  }

  @Test("a symbolic link that was planted is not followed")
  func planted() {
    scene.run(exit: 1)
    let place = document
    let target = scene.sandbox.file("precious", "precious")
    _ = scene.sandbox.execute(["/bin/ln", "-sf", target, place])
    scene.run(exit: 1)
    scene.cb("open", "x")
    #expect(scene.sandbox.read("precious") == "precious")
  }

  // MARK: Stores that fail

  @Test(
    "on-store-error local and run start CMD and say so once; reject does not start it",
    arguments: ["local", "run", "reject"])
  func directoryIsFile(_ policy: String) {
    scene["CB_STATE_DIR"] = scene.sandbox.file("occupied", "a file")
    let result = scene.run("--on-store-error", policy, sh: "echo ran; exit 3")
    #expect(result.status == .exited(policy == "reject" ? 125 : 3))
    #expect(result.outputText == (policy == "reject" ? "" : "ran\n"))
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("occupied"))
    #expect(scene.sandbox.read("occupied") == "a file")
  }

  @Test("a directory that may not be written: runs go on with one line, manual commands fail with 1")
  func forbidden() {
    guard geteuid() == 0 else { return }
    _ = scene.sandbox.execute(["/bin/mkdir", "-m", "0755", "roots"])
    scene["CB_STATE_DIR"] = "\(scene.path)/roots/state"
    let run = asNobody("run", "x", "--", "echo", "ran")
    #expect(run.status == .exited(0))
    #expect(run.outputText == "ran\n")
    #expect(run.isOneMessage)
    #expect(run.errorText.contains("roots"))
    let rejected = asNobody("run", "--on-store-error", "reject", "x", "--", "echo", "ran")
    #expect(rejected.status == .exited(125))
    #expect(rejected.output == [])
    for command in ["open", "close", "half-open"] {
      let manual = asNobody(command, "x")
      #expect(manual.status == .exited(1))
      #expect(manual.isOneMessage)
      #expect(manual.output == [])
    }
    #expect(asNobody("set", "x", "fail-max=3").status == .exited(1))
  }

  @Test("somebody else's store that may not be read is an error for every look; check and wait say what a run would do")
  func unreadable() {
    guard geteuid() == 0 else { return }
    scene.run(exit: 1)
    for (arguments, code) in [(["status"], 1), (["get", "x", "state"], 1), (["check", "x"], 0), (["wait", "x"], 0)] {
      let result = asNobody(arguments)
      #expect(result.status == .exited(Int32(code)), "\(arguments)")
      #expect(result.isOneMessage)
    }
    #expect(asNobody("check", "x", environment: ["CB_ON_STORE_ERROR": "reject"]).status == .exited(255))
  }

  @Test(
    "a store that can be read and not written rejects where its circuit is open or held, and says that it is not counted"
  )
  func heeded() {
    guard geteuid() == 0 else { return }
    scene.trip()
    scene.cb("open", "held", "--hold", "--reason", "moving house")
    scene.run(name: "closed", exit: 0)
    _ = scene.sandbox.execute(["/bin/sh", "-c", "chmod -R a+rX . && chmod a+x \"$PWD\""])
    for (name, words) in [("x", "circuit open, retry in "), ("held", "circuit held open by ")] {
      let result = asNobody("run", name, "--", "echo", "ran")
      #expect(result.status == .exited(75))
      #expect(result.output == [])
      #expect(result.isOneMessage)
      #expect(result.errorText.contains(words) && result.errorText.contains("; not counted: "), "\(result.errorText)")
      #expect(scene.total("rejected", name) == 0)
    }
    let closed = asNobody("run", "closed", "--", "echo", "ran")
    #expect(closed.status == .exited(0))
    #expect(closed.outputText == "ran\n")
  }

  @Test("a disk that takes no more bytes: the run goes on with one line, and the document stays whole")
  func full() {
    scene.run(exit: 1)
    let before = scene.sandbox.read(document)
    let shell = "ulimit -f 0; exec \(Programs.cb) run x -- sh -c 'ulimit -f; exit 3'"
    let result = scene.sandbox.execute(["/bin/sh", "-c", shell])
    #expect(result.status == .exited(3))
    #expect(result.outputText == "0\n")
    #expect(result.isOneMessage)
    #expect(scene.sandbox.read(document) == before)
    let manual = scene.sandbox.execute(["/bin/sh", "-c", "ulimit -f 0; exec \(Programs.cb) open x"])
    #expect(manual.status == .exited(1))
    #expect(manual.output == [])
    #expect(manual.isOneMessage)
    #expect(scene.state() == "closed")
  }

  @Test("a store that was removed while a run went on is made anew")
  func removedMeanwhile() {
    let run = scene.runInFlight()
    _ = scene.sandbox.execute(["/bin/rm", "-rf", "state"])
    #expect(run.end(1).status == .exited(1))
    scene.run(exit: 1)
    #expect(["1", "2"].contains(scene.counter()))
  }

  @Test("a lock file that was removed, or is left from a crash, is no trouble")
  func lockFiles() {
    scene.run(exit: 1)
    _ = scene.sandbox.execute(["/bin/sh", "-c", "find state -type f ! -name '*.json' -delete"])
    scene.run(exit: 1)
    #expect(scene.counter() == "2")
  }

  @Test("the wait for a lock is bounded, and on-store-error decides then")
  func locked() {
    scene.trip()
    scene.cb("half-open", "x")
    let lock = scene.sandbox.execute(["/usr/bin/find", "state", "-name", "*.lock"]).outputText.dropLast()
    let holder = scene.sandbox.start(
      ["/usr/bin/flock", String(lock), "/bin/sh", "-c", "echo locked; read word"], input: nil)
    #expect(holder.expect("locked"))
    let started = ["reject", "local", "run"].map {
      scene.sandbox.start([Programs.cb, "run", "--on-store-error", $0, "x", "--", "echo", "ran"])
    }
    let byHand = scene.sandbox.start([Programs.cb, "close", "x"])
    let runs = started.map { $0.wait(seconds: 60) }
    #expect(runs.map(\.status) == [.exited(125), .exited(0), .exited(0)])
    #expect(runs.map(\.outputText) == ["", "ran\n", "ran\n"])
    #expect(runs.allSatisfy { $0.isOneMessage && $0.seconds > 1 && $0.seconds < 30 })
    let manual = byHand.wait(seconds: 60)
    #expect(manual.status == .exited(1))
    #expect(manual.isOneMessage)
    // A look waits for nobody.
    #expect(scene.cb("check", "x").status == .exited(0))
    holder.closeInput()
    _ = holder.wait()
    #expect(scene.cb("close", "x").status == .exited(0))
  }

  @Test("a cb that was killed leaves nothing counted as running")
  func killedRun() {
    let run = scene.runInFlight()
    run.killCB()
    #expect(eventually { scene.processes.isEmpty })
    #expect(scene.status().first?["running"]?.int ?? 0 == 0)
    #expect(scene.counter() == (scene.status().isEmpty ? "get: exited(1)" : "0"))
    scene["CB_MAX_CONCURRENT"] = "1"
    let leased = scene.runInFlight()
    leased.killCB()
    #expect(scene.shown("running")?.int == 0)
    #expect(scene.shown("trials")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
  }
}
