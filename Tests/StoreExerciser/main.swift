import BreakerStore
import CircuitBreaker
import FileStore
import Glibc

// Works on a store as a process of its own, for the tests of BreakerStore: `store-exerciser DIR COMMAND NAME ...`.
// The environment limits it: EXERCISER_UID, EXERCISER_GID, EXERCISER_UMASK, EXERCISER_FSIZE, EXERCISER_NOFILE,
// EXERCISER_ALARM (seconds).
// Prints "ok ..." or "error KIND: DESCRIPTION".

func number(_ variable: String) -> Int? { getenv(variable).flatMap { Int(String(cString: $0)) } }

/// Not `print`, whose buffer a killed process takes along.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

func limit(_ resource: __rlimit_resource_t, _ value: Int) {
  var limits = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
  setrlimit(resource, &limits)
}

signal(SIGXFSZ, SIG_IGN)
// The test that starts this runs on a thread with all signals blocked.
var everySignal = sigset_t()
sigfillset(&everySignal)
sigprocmask(SIG_UNBLOCK, &everySignal, nil)
if let mask = number("EXERCISER_UMASK") { umask(mode_t(mask)) }
if let size = number("EXERCISER_FSIZE") { limit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), size) }
if let group = number("EXERCISER_GID") {
  var groups = [gid_t(group)]
  setgroups(1, &groups)
  setgid(gid_t(group))
}
if let user = number("EXERCISER_UID") { setuid(uid_t(user)) }
if let seconds = number("EXERCISER_ALARM") { alarm(UInt32(seconds)) }
if let count = number("EXERCISER_NOFILE") { limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), count) }

let arguments = CommandLine.arguments
guard arguments.count >= 4 else { exit(64) }
let timeout = number("EXERCISER_TIMEOUT") ?? 2000
let directory = DocumentDirectory(path: arguments[1], lockTimeout: Int64(timeout))
let extra = Array(arguments.dropFirst(4))

func durability() -> Durability { extra.contains("flushed") ? .flushed : .unflushed }

do throws(StoreError) {
  guard let breaker = try? BreakerName(arguments[3]) else { exit(64) }
  let name = DocumentName(breaker)
  switch arguments[2] {
  case "append":
    // Each change adds one byte to the document; no count may be lost.
    for round in 0..<(extra.first.flatMap { Int($0) } ?? 1) {
      try directory.change(name) { contents throws(StoreError) in
        ((), .replace((contents.document ?? []) + [UInt8(ascii: "x")], round % 50 == 0 ? .flushed : .unflushed))
      }
    }
    say("ok")
  case "hold":
    try directory.change(name) { _ throws(StoreError) in
      say("held")
      while true { pause() }
      return ((), .none)
    }
  case "put":
    let size = extra.first.flatMap { Int($0) } ?? 1
    try directory.change(name) { _ throws(StoreError) in
      ((), .replace([UInt8](repeating: UInt8(ascii: "n"), count: size), durability()))
    }
    say("ok")
  case "spill":
    let spill = HistorySpill(lines: Array("spilled\n".utf8), limit: 1000)
    try directory.change(name) { contents throws(StoreError) in
      ((), .replace(Array("new".utf8), durability(), spill: spill))
    }
    say("ok")
  case "remove":
    try directory.change(name) { _ throws(StoreError) in ((), .remove) }
    say("ok")
  case "lock":
    try directory.change(name) { _ throws(StoreError) in ((), .none) }
    say("ok")
  case "get":
    say("ok \(try directory.read(name).map { String(decoding: $0, as: UTF8.self) } ?? "none")")
  case "names":
    say("ok \(try directory.names().map(\.name.text).joined(separator: " "))")
  default: exit(64)
  }
} catch {
  say("error \(error.kind): \(error.description)")
  exit(1)
}
