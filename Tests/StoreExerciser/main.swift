import BreakerStore
import Glibc

// Works on a store as a process of its own, for the tests of BreakerStore: `store-exerciser DIR COMMAND NAME ...`.
// The environment limits it: EXERCISER_UID, EXERCISER_GID, EXERCISER_UMASK, EXERCISER_FSIZE, EXERCISER_NOFILE,
// EXERCISER_ALARM (seconds).
// Prints "ok ..." or "error KIND: DESCRIPTION".

func number(_ variable: String) -> Int? { getenv(variable).flatMap { Int(String(cString: $0)) } }

func limit(_ resource: __rlimit_resource, _ value: Int) {
  var limits = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
  setrlimit(resource, &limits)
}

setvbuf(stdout, nil, _IOLBF, 0)
signal(SIGXFSZ, SIG_IGN)
if let mask = number("EXERCISER_UMASK") { umask(mode_t(mask)) }
if let size = number("EXERCISER_FSIZE") { limit(RLIMIT_FSIZE, size) }
if let group = number("EXERCISER_GID") {
  var groups = [gid_t(group)]
  setgroups(1, &groups)
  setgid(gid_t(group))
}
if let user = number("EXERCISER_UID") { setuid(uid_t(user)) }
if let seconds = number("EXERCISER_ALARM") { alarm(UInt32(seconds)) }
if let count = number("EXERCISER_NOFILE") { limit(RLIMIT_NOFILE, count) }

let arguments = CommandLine.arguments
guard arguments.count >= 4 else { exit(64) }
let timeout = number("EXERCISER_TIMEOUT") ?? 2000
let directory = DocumentDirectory(path: arguments[1], lockTimeout: Int64(timeout))
let extra = Array(arguments.dropFirst(4))

func durability() -> Durability { extra.contains("flushed") ? .flushed : .unflushed }

do throws(StoreError) {
  guard let name = try? DocumentName(arguments[3]) else { exit(64) }
  switch arguments[2] {
  case "append":
    // Each change adds one byte to the document; no count may be lost.
    for round in 0..<(extra.first.flatMap { Int($0) } ?? 1) {
      try directory.change(name) { contents throws(StoreError) in
        ((), .replace((contents.document ?? []) + [UInt8(ascii: "x")], round % 50 == 0 ? .flushed : .unflushed))
      }
    }
    print("ok")
  case "hold":
    try directory.change(name) { _ throws(StoreError) in
      print("held")
      while true { pause() }
      return ((), .none)
    }
  case "put":
    let size = extra.first.flatMap { Int($0) } ?? 1
    try directory.change(name) { _ throws(StoreError) in
      ((), .replace([UInt8](repeating: UInt8(ascii: "n"), count: size), durability()))
    }
    print("ok")
  case "spill":
    let spill = HistorySpill(lines: Array("spilled\n".utf8), limit: 1000)
    try directory.change(name) { contents throws(StoreError) in
      ((), .replace(Array("new".utf8), durability(), spill: spill))
    }
    print("ok")
  case "remove":
    try directory.change(name) { _ throws(StoreError) in ((), .remove) }
    print("ok")
  case "lock":
    try directory.change(name) { _ throws(StoreError) in ((), .none) }
    print("ok")
  case "get":
    print("ok \(try directory.read(name).map { String(decoding: $0, as: UTF8.self) } ?? "none")")
  case "names":
    print("ok \(try directory.names().map(\.text).joined(separator: " "))")
  default: exit(64)
  }
} catch {
  print("error \(error.kind): \(error.description)")
  exit(1)
}
