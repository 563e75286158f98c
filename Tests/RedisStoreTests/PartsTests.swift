import Glibc
import Testing

@testable import RedisStore

@Suite("The small parts of the Redis transport")
struct PartsTests {
  @Test("SHA-1 agrees with RFC 3174")
  func sha1() {
    func hex(_ text: String) -> String { String(decoding: SHA1.hex(Array(text.utf8)), as: UTF8.self) }
    #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(
      hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    #expect(hex(String(repeating: "a", count: 10_000)) == "a080cbda64850abb7b7f67ee875ba068074ff6fe")
  }

  @Test("the digest that a script of the store is called by is that of its text")
  func digests() {
    for script in [LogScripts.read, LogScripts.append, LogScripts.remove] {
      let digest = String(decoding: SHA1.hex(script.source), as: UTF8.self)
      #expect(String(decoding: script.digest, as: UTF8.self) == digest)
    }
  }

  @Test("slots agree with the cluster specification")
  func slots() {
    #expect(HashSlot.of(Array("123456789".utf8)) == 0x31C3 % 16384)
    #expect(HashSlot.of(Array("foo".utf8)) == 12182)
    #expect(HashSlot.of(Array("{user1000}.following".utf8)) == HashSlot.of(Array("user1000".utf8)))
    #expect(HashSlot.of(Array("foo{}{bar}".utf8)) != HashSlot.of(Array("bar".utf8)))
    #expect(HashSlot.of(Array("foo{{bar}}zap".utf8)) == HashSlot.of(Array("{bar".utf8)))
  }

  @Test(
    "an error reply has one meaning in all its forms",
    arguments: [
      ("READONLY You can't write against a read only replica.", .readOnly),
      ("READONLY You can't write against a read only replica. script: ab12, on @user_script:1.", .readOnly),
      (
        "ERR Error running script (call to f_ab12): @user_script:1: @user_script: 1: "
          + "-READONLY You can't write against a read only replica. ", .readOnly
      ),
      (
        "ERR Error running script (call to f_ab12): @user_script:1: "
          + "-OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory
      ),
      ("OOM command not allowed when used memory > 'maxmemory'. script: ab12, on @user_script:1.", .outOfMemory),
      (
        "ERR Error running script (call to f_ab12): @user_script:1: "
          + "WRONGTYPE Operation against a key holding the wrong kind of value", .wrongType
      ),
      ("WRONGTYPE Operation against a key holding the wrong kind of value script: ab", .wrongType),
      ("ERR Error running script (call to f_ab12): @user_script:1: user_script:1: boom", .server),
      ("NOAUTH Authentication required.", .authentication), ("NOPERM this user has no permissions", .authentication),
      ("ERR ACL failure in script: User x has no permissions to run the 'set' command", .authentication),
      (
        "ERR Error running script (call to f_ab): @user_script:1: The user executing the script can't run this "
          + "command or subcommand", .authentication
      ),
      ("ERR AUTH <password> called without any password configured for the default user.", .authentication),
      ("ERR invalid password", .authentication), ("LOADING Redis is loading the dataset in memory", .loading),
      ("BUSY Redis is busy running a script.", .busy), ("ERR max number of clients reached", .busy),
      ("NOSCRIPT No matching script. Please use EVAL.", .noScript), ("CLUSTERDOWN Hash slot not served", .clusterDown),
      ("MISCONF Redis is configured to save RDB snapshots", .writesRefused),
      ("MASTERDOWN Link with MASTER is down", .readOnly), ("ERR unknown command 'X'", .server), ("", .server),
      ("ERR Error running script (call to f_ab): -", .server),
    ] as [(String, RedisError.Code)])
  func serverErrors(_ text: String, _ code: RedisError.Code) {
    #expect(ServerErrorText(Array(text.utf8)).code == code)
  }

  @Test("redirections are read, and not when they make no sense")
  func redirections() {
    func read(_ text: String) -> Redirection? { Redirection(Array(text.utf8)) }
    let moved = read("MOVED 3999 127.0.0.1:6381")
    #expect(moved?.isAsk == false && moved?.slot == 3999 && moved?.host == "127.0.0.1" && moved?.port == 6381)
    #expect(read("ASK 1 ::1:6381")?.host == "::1" && read("ASK 1 ::1:6381")?.isAsk == true)
    #expect(read("MOVED 1 :6381").map { $0.host == nil && $0.port == 6381 } == true)
    for bad in [
      "MOVED", "MOVED 1", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h", "MOVED 1 h:0", "MOVED 1 h:99999",
      "MOVED 1 ?:6379", "MOVEDX 1 h:1", "MOVED 1 h\u{1b}:1",
    ] { #expect(read(bad) == nil, "\(bad)") }
  }

  @Test("text from a server reaches no terminal raw")
  func printable() {
    #expect(Printable.text("a\u{1b}[31m\nb\u{9b}\u{202e}") == "a\\u{1B}[31m\\nb\\u{9B}\\u{202E}")
    #expect(Printable.text(Array(repeating: 65, count: 100_000)).count < 300)
    #expect(Printable.text([0xFF]) == "\u{FFFD}")
  }

  @Test("a prefix with the characters of a glob matches itself")
  func glob() {
    #expect(String(decoding: RedisClient.glob(Array("a*?[x]\\".utf8)), as: UTF8.self) == "a\\*\\?\\[x\\]\\\\*")
  }

  @Test("a socket is non-blocking and closes on exec")
  func socketFlags() throws {
    guard let socket = Socket(family: AF_INET) else { throw TestFailure("no socket") }
    #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(socket.descriptor, F_GETFL) & O_NONBLOCK != 0)
  }

  @Test("a deadline in the past has passed, and its shares too")
  func deadlines() {
    #expect(Deadline.after(.seconds(-1)).hasPassed)
    #expect(Deadline.after(.seconds(-1)).share(of: 3).hasPassed)
    #expect(!Deadline.after(.seconds(1000)).hasPassed)
    #expect(!Deadline.after(.seconds(Int64.max)).hasPassed)
    var entries = [pollfd(fd: -1, events: 0, revents: 0)]
    #expect(Deadline.after(.milliseconds(20)).poll(&entries) == 0)
  }

  @Test("Ids of events survive the text in which a snapshot holds them")
  func eventIDs() {
    let ids: [UInt64] = [0, 1, 63, 64, 1 << 47, (1 << 48) - 1, 0x1234_5678_9ABC]
    #expect(EventID.text(ids).utf8.count == 8 * ids.count)
    #expect(EventID.list(EventID.text(ids)) == ids)
    #expect(EventID.list("") == [] && EventID.list("short") == [] && EventID.list("!!!!!!!!00000000") == [0])
    #expect(UInt64(EventID.draw { .max }, radix: 16) == (1 << 48) - 1)
  }
}
