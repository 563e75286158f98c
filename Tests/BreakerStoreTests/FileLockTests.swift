import CircuitBreaker
import Glibc
import System
import Testing

@testable import BreakerStore
@testable import FileStore

extension FileStoreTests {
  @Suite struct Locks {
    let temporary = TemporaryDirectory()
    let name: DocumentName

    init() throws { name = DocumentName(try BreakerName("a")) }

    private func hold() -> Running {
      let holder = exercise([temporary.store, "hold", "a"])
      #expect(holder.expect("held\n"))
      return holder
    }

    @Test func `eight processes that add 500 each make 4000`() throws {
      let children = (0..<8).map { _ in
        exercise([temporary.store, "append", "a", "500"], ["EXERCISER_TIMEOUT": "120000"])
      }
      for child in children { #expect(child.finish() == "ok") }
      #expect(try temporary.files.read(name)?.count == 4000)
      #expect(temporary.entries() == ["a.json", "a.lock", "a.safe"])
    }

    @Test func `processes that are killed at any moment lose no finished change`() throws {
      var random = SeededRandom(seed: 4)
      var least = 0
      for _ in 0..<40 {
        let child = exercise([temporary.store, "append", "a", "100000"])
        usleep(UInt32.random(in: 0...30, using: &random) * 1000)
        child.kill9()
        let count = try temporary.files.read(name)?.count ?? 0
        #expect(count >= least)
        least = count
        #expect(exercise([temporary.store, "append", "a", "1"]).finish() == "ok")
        least += 1
        #expect(try temporary.files.read(name)?.count == least)
      }
      #expect(least > 40)
    }

    @Test func `a killed holder frees the lock`() throws {
      let holder = hold()
      let waiter = exercise([temporary.store, "lock", "a"], ["EXERCISER_TIMEOUT": "60000"])
      #expect(!waiter.isDone(within: 100))
      holder.kill9()
      #expect(waiter.finish() == "ok")
    }

    @Test func `the wait for a lock is bounded and its end says so`() throws {
      let holder = hold()
      var files = temporary.files
      files.lockTimeout = 150
      let start = monotonicMilliseconds()
      let error = storeError { () throws(StoreError) in try files.put(name, "x") }
      #expect(error?.kind == .locked(milliseconds: 150))
      #expect(error?.path == temporary.store + "/a.lock")
      #expect(monotonicMilliseconds() - start >= 150)
      files.lockTimeout = 0
      #expect(storeError { () throws(StoreError) in try files.put(name, "x") }?.kind == .locked(milliseconds: 0))
      #expect(try files.read(name) == nil)
      _ = holder
    }

    @Test func `waiting leaves the signal's mask and disposition as they were`() throws {
      let holder = hold()
      let signal = __libc_current_sigrtmax()
      var mask = sigset_t()
      var before = sigset_t()
      sigemptyset(&mask)
      sigaddset(&mask, signal)
      pthread_sigmask(SIG_BLOCK, &mask, &before)
      defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
      var files = temporary.files
      files.lockTimeout = 60
      #expect(storeError { () throws(StoreError) in try files.put(name, "x") } != nil)
      var after = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &after)
      #expect(sigismember(&after, signal) == 1)
      var pending = sigset_t()
      sigpending(&pending)
      #expect(sigismember(&pending, signal) == 0)
      var action = sigaction()
      sigaction(signal, nil, &action)
      #expect(action.__sigaction_handler.sa_handler == nil)
      _ = holder
    }

    @Test func `an alarm that was set before survives the wait`() throws {
      let holder = hold()
      // The alarm comes after the wait for the lock is over, and ends the process as it would have without it.
      let waiter = exercise([temporary.store, "hold", "a"], ["EXERCISER_ALARM": "1", "EXERCISER_TIMEOUT": "60000"])
      usleep(200_000)
      holder.kill9()
      #expect(waiter.expect("held\n"))
      #expect(waiter.wait().status == .signaled(SIGALRM))
    }

    @Test func `a lock file that is removed or replaced during the wait is noticed`() throws {
      let first = hold()
      let waiter = exercise([temporary.store, "lock", "a"], ["EXERCISER_TIMEOUT": "60000"])
      #expect(!waiter.isDone(within: 100))
      unlink(temporary.store + "/a.lock")
      let second = hold()
      first.kill9()
      // It has the old lock now, but the new one is held.
      #expect(!waiter.isDone(within: 200))
      second.kill9()
      #expect(waiter.finish() == "ok")
    }

    @Test func `a directory that is replaced during the wait is noticed`() throws {
      let first = hold()
      let waiter = exercise([temporary.store, "put", "a", "3"], ["EXERCISER_TIMEOUT": "60000"])
      #expect(!waiter.isDone(within: 100))
      rename(temporary.store, temporary.path + "/moved")
      let second = hold()
      first.kill9()
      #expect(!waiter.isDone(within: 200))
      second.kill9()
      #expect(waiter.finish() == "ok")
      #expect(try temporary.files.text(name) == "nnn")
      #expect(access(temporary.path + "/moved/a.json", F_OK) != 0)
    }

    @Test func `a directory that is removed during the wait is made again`() throws {
      let first = hold()
      let waiter = exercise([temporary.store, "put", "a", "3"], ["EXERCISER_TIMEOUT": "60000"])
      #expect(!waiter.isDone(within: 100))
      _ = run(["/bin/rm", "-rf", temporary.store])
      first.kill9()
      #expect(waiter.finish() == "ok")
      #expect(try temporary.files.text(name) == "nnn")
    }

    @Test func `nothing of the store is open in a process that is started meanwhile`() throws {
      let listing = try temporary.files.change(name) { _ throws(StoreError) in
        (run(["/bin/ls", "-l", "/proc/self/fd"]), .none)
      }
      #expect(listing.contains("-> "))
      #expect(!listing.contains(temporary.path))
    }

    @Test func `documents do not wait for each other`() throws {
      let holder = hold()
      try temporary.files.put(DocumentName(try BreakerName("b")), "1")
      _ = holder
    }

    @Test func `readers do not wait for a lock`() throws {
      try temporary.files.put(name, "1", .flushed)
      let holder = hold()
      #expect(try temporary.files.text(name) == "1")
      #expect(try temporary.files.names() == [name])
      _ = holder
    }

    @Test func `a reader beside flushed writers never sees anything but a whole document`() throws {
      try temporary.files.put(name, "x", .flushed)
      let writers = (0..<2).map { _ in
        exercise([temporary.store, "append", "a", "400"], ["EXERCISER_TIMEOUT": "60000"])
      }
      var last = 0
      while !writers.allSatisfy({ $0.isDone(within: 0) }) {
        let count = try #require(try temporary.files.read(name)).count
        #expect(count >= last)
        last = count
      }
      #expect(try temporary.files.read(name)?.count == 801)
    }
  }
}
