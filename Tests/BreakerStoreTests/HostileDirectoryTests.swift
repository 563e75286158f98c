import CircuitBreaker
import Glibc
import Testing

@testable import BreakerStore
@testable import FileStore

enum Plant: String, CaseIterable, Sendable {
  case symlink, danglingSymlink, fifo, directory, socket, device, hardLink

  /// Makes one at `path`; a victim, where it has one, at `victim`.
  func make(_ path: String, victim: String) {
    let file = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    _ = write(file, "victim", 6)
    close(file)
    switch self {
    case .symlink: Glibc.symlink(victim, path)
    case .danglingSymlink: Glibc.symlink(victim + "-nowhere", path)
    case .fifo: mkfifo(path, 0o600)
    case .directory: mkdir(path, 0o700)
    case .socket: mknod(path, S_IFSOCK | 0o600, 0)
    case .device: mknod(path, S_IFCHR | 0o600, 0x0103)  // null
    case .hardLink: link(victim, path)
    }
  }
}

extension FileStoreTests {
  @Suite struct HostileDirectory {
    let temporary = TemporaryDirectory()
    let name: DocumentName

    init() throws { name = DocumentName(try BreakerName("a")) }

    private var files: DocumentDirectory { temporary.files }
    private var victim: String { temporary.path + "/victim" }

    private func victimText() -> String {
      let file = open(victim, O_RDONLY | O_CLOEXEC)
      defer { close(file) }
      return String(decoding: readAll(file), as: UTF8.self)
    }

    private func expectUntouched(_ planted: stat, _ file: String) {
      let now = temporary.status(file)
      #expect(now.st_ino == planted.st_ino)
      #expect(now.st_mode == planted.st_mode)
      #expect(victimText() == "victim")
      #expect(access(victim + "-nowhere", F_OK) != 0)
    }

    @Test(arguments: Plant.allCases)
    func `what is planted for the document is neither read nor replaced`(plant: Plant) throws {
      temporary.makeStore()
      plant.make(temporary.store + "/a.json", victim: victim)
      let planted = temporary.status("a.json")
      #expect(storeError { () throws(StoreError) in _ = try files.read(name) }?.isInsecure == true)
      #expect(storeError { () throws(StoreError) in try files.put(name, "x", .flushed) }?.isInsecure == true)
      expectUntouched(planted, "a.json")
      #expect(try files.names() == (plant == .hardLink ? [name] : []))
    }

    @Test(arguments: Plant.allCases)
    func `what is planted for the lock is not used`(plant: Plant) throws {
      temporary.makeStore()
      plant.make(temporary.store + "/a.lock", victim: victim)
      let planted = temporary.status("a.lock")
      #expect(storeError { () throws(StoreError) in try files.put(name, "x") }?.isInsecure == true)
      expectUntouched(planted, "a.lock")
      #expect(try files.read(name) == nil)
    }

    @Test(arguments: Plant.allCases)
    func `what is planted for the history is neither read nor written`(plant: Plant) throws {
      temporary.makeStore()
      plant.make(temporary.store + "/a.history", victim: victim)
      let planted = temporary.status("a.history")
      #expect(storeError { () throws(StoreError) in _ = try files.history(name) }?.isInsecure == true)
      let error = storeError { () throws(StoreError) in
        try files.change(name) { _ throws(StoreError) in
          ((), .replace([1], .unflushed, spill: HistorySpill(lines: [10], limit: 9)))
        }
      }
      #expect(error?.isInsecure == true)
      expectUntouched(planted, "a.history")
    }

    @Test(arguments: Plant.allCases)
    func `what is planted for the safe copy is not read`(plant: Plant) throws {
      temporary.makeStore()
      plant.make(temporary.store + "/a.safe", victim: victim)
      #expect(storeError { () throws(StoreError) in _ = try files.readSafeCopy(name) }?.isInsecure == true)
      #expect(victimText() == "victim")
    }

    @Test(arguments: Plant.allCases, ["a.json.tmp", "a.safe.tmp", "a.safe"])
    func `what is planted under a temporary name is not written through`(plant: Plant, file: String) throws {
      temporary.makeStore()
      plant.make(temporary.store + "/" + file, victim: victim)
      let error = storeError { () throws(StoreError) in try files.put(name, "x", .flushed) }
      // A directory cannot be swept away; then nothing is written.
      #expect((error != nil) == (plant == .directory))
      #expect(try files.text(name) == (plant == .directory ? nil : "x"))
      #expect(victimText() == "victim")
      #expect(access(victim + "-nowhere", F_OK) != 0)
    }

    @Test func `a file of a stranger is refused, in a directory of ours`() throws {
      try files.put(name, "1")
      chown(temporary.store + "/a.json", 12345, 0)
      #expect(storeError { () throws(StoreError) in _ = try files.read(name) }?.isInsecure == true)
      chown(temporary.store + "/a.json", 0, 0)
      chown(temporary.store + "/a.lock", 12345, 0)
      #expect(storeError { () throws(StoreError) in try files.put(name, "2") }?.isInsecure == true)
    }

    @Test func `a directory that is a file is an error that says so`() throws {
      let file = open(temporary.store, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      close(file)
      #expect(storeError { () throws(StoreError) in _ = try files.read(name) }?.kind == .notADirectory)
      #expect(storeError { () throws(StoreError) in try files.put(name, "1") }?.kind == .notADirectory)
      #expect(storeError { () throws(StoreError) in _ = try files.names() }?.kind == .notADirectory)
      let below = DocumentDirectory(path: temporary.store + "/below")
      #expect(storeError { () throws(StoreError) in try below.put(name, "1") }?.kind == .notADirectory)
    }

    @Test func `the directory may be a symbolic link, but not one to nowhere`() throws {
      mkdir(temporary.path + "/real", 0o700)
      symlink("real", temporary.store)
      try files.put(name, "1")
      #expect(try DocumentDirectory(path: temporary.path + "/real").text(name) == "1")
      unlink(temporary.store)
      symlink("nowhere", temporary.store)
      #expect(storeError { () throws(StoreError) in try files.put(name, "1") }?.kind == .unreachable)
      #expect(access(temporary.path + "/nowhere", F_OK) != 0)
    }

    @Test(arguments: [0o777, 0o1777, 0o2777, 0o702, 0o3770] as [mode_t])
    func `a directory that is too open is refused with a hint`(mode: mode_t) throws {
      temporary.makeStore(mode)
      let error = storeError { () throws(StoreError) in try files.put(name, "1") }
      #expect(error?.isInsecure == true)
      #expect(error?.description.contains("chmod") == true)
      #expect(storeError { () throws(StoreError) in _ = try files.read(name) }?.isInsecure == true)
      #expect(storeError { () throws(StoreError) in _ = try files.names() }?.isInsecure == true)
      #expect(temporary.entries() == [])
    }

    @Test func `a directory of somebody else is refused with a hint`() throws {
      temporary.makeStore(0o700)
      chown(temporary.store, 12345, 12345)
      let error = storeError { () throws(StoreError) in try files.put(name, "1") }
      #expect(error?.isInsecure == true)
      #expect(error?.description.contains("12345") == true)
      #expect(temporary.entries() == [])
    }

    @Test func `a group's shared directory keeps its files for the group, whatever the umask`() throws {
      temporary.makeStore()
      chown(temporary.store, 0, 4321)
      chmod(temporary.store, 0o2770)
      let old = umask(0o077)
      defer { umask(old) }
      try files.change(name) { _ throws(StoreError) in
        ((), .replace([1], .flushed, spill: HistorySpill(lines: Array("12345\n".utf8), limit: 3)))
      }
      for file in ["a.json", "a.lock", "a.safe", "a.history"] {
        #expect(temporary.mode(file) == 0o660)
        #expect(temporary.status(file).st_gid == 4321)
      }
    }

    @Test func `two users share a group's store, a third is kept out`() throws {
      temporary.makeStore()
      chown(temporary.store, 11111, 4321)
      chmod(temporary.store, 0o2770)
      let alice = ["EXERCISER_UID": "11111", "EXERCISER_GID": "4321", "EXERCISER_UMASK": "63"]
      let bob = ["EXERCISER_UID": "22222", "EXERCISER_GID": "4321", "EXERCISER_UMASK": "63"]
      let carol = ["EXERCISER_UID": "33333", "EXERCISER_GID": "33333"]
      for round in 1...3 {
        for user in [alice, bob] {
          #expect(exercise([temporary.store, "append", "a", "10"], user).finish() == "ok")
          #expect(exercise([temporary.store, "put", "flushed", "5", "flushed"], user).finish() == "ok")
          #expect(exercise([temporary.store, "spill", "s"], user).finish() == "ok")
        }
        #expect(try files.read(name)?.count == 20 * round)
      }
      #expect(exercise([temporary.store, "get", "a"], carol).finish().hasPrefix("error"))
      #expect(exercise([temporary.store, "put", "a", "1"], carol).finish().hasPrefix("error"))
      #expect(exercise([temporary.store, "remove", "a"], bob).finish() == "ok")
    }

    @Test func `an ordinary user makes and uses a store below a directory of their own`() throws {
      chown(temporary.path, 11111, 11111)
      let user = ["EXERCISER_UID": "11111", "EXERCISER_GID": "11111"]
      #expect(exercise([temporary.path + "/new/store", "append", "a", "3"], user).finish() == "ok")
      #expect(exercise([temporary.path + "/new/store", "get", "a"], user).finish() == "ok xxx")
      #expect(exercise([temporary.path + "/new/store", "names", "-"], user).finish() == "")
      let stranger = ["EXERCISER_UID": "22222", "EXERCISER_GID": "22222"]
      let answer = exercise([temporary.path + "/new/store", "put", "a", "3"], stranger).finish()
      #expect(answer.hasPrefix("error permission: cannot open \(temporary.path)/new/store"))
      let elsewhere = exercise([temporary.path + "/other/store", "put", "a", "3"], stranger).finish()
      #expect(elsewhere.hasPrefix("error permission: cannot make the directory \(temporary.path)/other"))
    }
  }
}
