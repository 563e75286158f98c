import CTestSupport
import Glibc
import Testing

/// Other users of the machine, and what they plant where the store is.
@Suite struct HostileUserTests {
  let place = Sandbox()

  private enum Plant: String, CaseIterable {
    case symlink, dangling, fifo, directory, device, socket

    func make(_ path: String, _ victim: String) {
      switch self {
      case .symlink: Glibc.symlink(victim, path)
      case .dangling: Glibc.symlink(victim + "-nowhere", path)
      case .fifo: mkfifo(path, 0o600)
      case .directory: mkdir(path, 0o700)
      case .device: mknod(path, S_IFCHR | 0o600, 0x0103)
      case .socket: mknod(path, S_IFSOCK | 0o600, 0)
      }
    }
  }

  @Test(arguments: ["x.json", "x.lock"])
  func `what is planted for a document or its lock is left alone, said in one line, and CMD runs`(file: String) {
    let victim = place.path + "/victim"
    for plant in Plant.allCases {
      cts_remove_tree(place.store)
      mkdir(place.store, 0o700)
      writeFile(victim, Array("victim".utf8))
      plant.make(place.store + "/" + file, victim)
      let ended = place.cb("run", "x", "--", "sh", "-c", "exit 3")
      #expect(ended.code == 3, "\(plant): \(ended)")
      // A run of a breaker that is not there only looks at the document, and takes the lock to count.
      #expect(ended.errorText.contains(file) && ended.errorText.hasPrefix("cb: x: cannot "), "\(plant): \(ended)")
      #expect(ended.errorText.split(separator: "\n").count == 1, "\(plant): \(ended)")
      #expect(place.cb("open", "x").code == 1)
      #expect(place.cb("run", "--on-store-error", "reject", "y", "--", "true").code == 0)
      #expect(fileBytes(victim) == Array("victim".utf8))
      #expect(access(victim + "-nowhere", F_OK) != 0)
      var status = stat()
      #expect(lstat(place.store + "/" + file, &status) == 0)
    }
  }

  @Test func `what is planted under a temporary name is not written through`() {
    let victim = place.path + "/victim"
    for plant in Plant.allCases where plant != .directory {
      for file in ["x.json.tmp", "x.safe.tmp"] {
        cts_remove_tree(place.store)
        mkdir(place.store, 0o700)
        writeFile(victim, Array("victim".utf8))
        plant.make(place.store + "/" + file, victim)
        #expect(place.cb("open", "x", "--hold").code == 0, "\(plant) \(file)")
        #expect(place.cb("get", "x", "state").outputText == "open\n")
        #expect(fileBytes(victim) == Array("victim".utf8))
        #expect(!place.entries().contains(file))
      }
    }
  }

  @Test func `a directory that everybody can write to is refused, with a hint`() {
    mkdir(place.store, 0o700)
    for mode in [0o777, 0o1777, 0o707] as [mode_t] {
      chmod(place.store, mode)
      let open = place.cb("open", "x")
      #expect(open.code == 1)
      #expect(open.errorText.contains(place.store) && open.errorText.contains("chmod"), "\(open)")
      #expect(open.errorText.split(separator: "\n").count == 1)
      let run = place.cb("run", "x", "--", "sh", "-c", "exit 3")
      #expect(run.code == 3)
      #expect(run.errorText.contains("running unguarded"))
      #expect(place.cb("run", "--on-store-error", "reject", "x", "--", "true").code == 125)
      #expect(place.entries() == [])
    }
  }

  @Test func `a directory of somebody else is refused`() {
    mkdir(place.store, 0o700)
    chown(place.store, 65534, 65534)
    let open = place.cb("open", "x")
    // Root may use it only where it is told to: somebody else decides what is in it.
    #expect(open.code == 1, "\(open)")
    #expect(open.errorText.contains("65534") || open.errorText.contains("belongs"), "\(open)")
  }

  /// Nothing of it is used, and the command runs all the same (docs/CONTRACT.md, "Settings").
  @Test func `a configuration file that others can write, or that is somebody else's, is not used`() {
    let file = place.path + "/config.json5"
    writeFile(file, Array("{defaults: {'fail-max': 3}}".utf8))
    chmod(file, 0o600)
    place.environment["CB_CONFIG"] = file
    #expect(place.cb("run", "x", "--", "true").code == 0)
    for mode in [0o620, 0o602, 0o666] as [mode_t] {
      chmod(file, mode)
      let ended = place.cb("run", "x", "--", "sh", "-c", "echo started")
      #expect(ended.code == 0 && ended.outputText == "started\n", "\(ended)")
      #expect(ended.errorText.contains("chmod"), "\(ended)")
      #expect(place.cb("open", "x").code == 1)
    }
    chmod(file, 0o600)
    chown(file, 65534, 65534)
    let ended = place.cb("run", "x", "--", "sh", "-c", "echo started")
    #expect(ended.code == 0 && ended.outputText == "started\n", "\(ended)")
    #expect(ended.errorText.contains("another user"))
    // A FIFO in its place keeps nobody waiting.
    unlink(file)
    mkfifo(file, 0o600)
    let piped = place.cb("run", "x", "--", "true")
    #expect(piped.code == 0 && piped.errorText.contains("not a regular file"), "\(piped)")
  }

  /// Two users of one group; both must see what the other did, whatever their umask.
  @Test func `two users share a group store`() {
    chmod(place.path, 0o755)
    mkdir(place.store, 0o700)
    chown(place.store, 0, 54321)
    chmod(place.store, 0o2770)
    let copy = place.path + "/cb"
    writeFile(copy, fileBytes(Programs.cb) ?? [], mode: 0o755)
    chmod(copy, 0o755)
    func cb(_ user: Int, _ words: String...) -> Finished {
      place.execute(
        ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--groups=54321", "--", "/bin/sh", "-c"]
          + ["umask 077; exec \"$0\" \"$@\"", copy] + words)
    }
    #expect(cb(54001, "run", "--fail-max", "2", "x", "--", "false").code == 1)
    let second = cb(54002, "run", "--fail-max", "2", "x", "--", "false")
    #expect(second.code == 1 && second.errorText.contains("circuit opened after 2 failures"), "\(second)")
    #expect(cb(54001, "run", "x", "--", "true").code == 75)
    #expect(cb(54002, "close", "x").code == 0)
    #expect(cb(54001, "get", "x", "state").outputText == "closed\n")
    var status = stat()
    #expect(stat(place.store, &status) == 0 && status.st_mode & 0o7777 == 0o2770)
    for name in place.entries() {
      #expect(lstat(place.store + "/" + name, &status) == 0 && status.st_mode & 0o777 == 0o660, "\(name)")
      #expect(status.st_gid == 54321, "\(name)")
    }
    // A stranger to the group gets nowhere.
    let stranger = place.execute(
      ["/usr/bin/setpriv", "--reuid=54003", "--regid=54003", "--clear-groups", "--", copy, "open", "x"])
    #expect(stranger.code == 1 && stranger.errorText.contains("permission denied"), "\(stranger)")
  }

  @Test func `a setuid copy of cb does nothing`() {
    chmod(place.path, 0o755)
    let copy = place.path + "/cb"
    writeFile(copy, fileBytes(Programs.cb) ?? [], mode: 0o755)
    chmod(copy, 0o4755)
    let ended = place.execute(
      ["/usr/bin/setpriv", "--reuid=54001", "--regid=54001", "--clear-groups", "--", copy]
        + ["run", "--on-event", "any=touch \(place.path)/owned", "x", "--", "touch", place.path + "/owned"])
    #expect(ended.code == 125 && ended.errorText.contains("refusing to run setuid"), "\(ended)")
    #expect(access(place.path + "/owned", F_OK) != 0)
    // The same copy without the bit works: it was the bit that was refused.
    chmod(copy, 0o755)
    #expect(place.execute([copy, "run", "x", "--", "true"]).code == 0)
  }

  @Test func `control characters in names, reasons and output never reach a terminal raw`() {
    let reason = "\u{1b}]0;owned\u{7}\u{202e}x"
    let ended = place.cb("open", "x", "--hold", "--reason", reason)
    #expect(ended.code == 0)
    for words in [["status"], ["status", "x"], ["history"], ["get", "x", "state"], ["run", "x", "--", "true"]] {
      let ended = place.cb(words)
      let text = ended.outputText + ended.errorText
      #expect(!text.unicodeScalars.contains("\u{1b}") && !text.unicodeScalars.contains("\u{202e}"), "\(words)")
    }
    let name = place.cb("run", "a\u{1b}[31m", "--", "true")
    #expect(name.code == 64 && !name.errorText.unicodeScalars.contains("\u{1b}"))
  }
}
