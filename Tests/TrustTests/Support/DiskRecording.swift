import Glibc

/// A system call on the store that a power cut can tell from one that was not made.
enum DiskOperation: Hashable {
  /// The store's directory, in its parent.
  case makeDirectory
  /// A new, empty file under this name.
  case create(inode: Int, name: String)
  case write(inode: Int, bytes: [UInt8])
  case truncate(inode: Int, size: Int)
  case flushFile(inode: Int)
  case flushDirectory
  case flushParent
  case link(from: String, to: String)
  case rename(from: String, to: String)
  case exchange(String, String)
  case unlink(String)

  /// Whether it changes a directory.
  var isNaming: Bool {
    switch self {
    case .makeDirectory, .create, .link, .rename, .exchange, .unlink: true
    case .write, .truncate, .flushFile, .flushDirectory, .flushParent: false
    }
  }
}

/// The operations of a sequence of commands, as strace saw them.
struct DiskRecording {
  private(set) var operations: [DiskOperation] = []
  private var names: [String: Int] = [:]
  private var inodes = 0
  private let store: String
  private let parent: String

  init(store: String) {
    self.store = store
    parent = String(store[..<(store.lastIndex(of: "/") ?? store.startIndex)])
  }

  /// Words for strace that record what `add` reads. Everything is recorded: the parent directory is not in any list.
  static func tracing(_ output: String) -> [String] {
    let calls =
      "openat,open,mkdir,mkdirat,write,pwrite64,writev,ftruncate,truncate,fsync,fdatasync,sync,syncfs,close,link,"
      + "linkat,rename,renameat,renameat2,unlink,unlinkat,sync_file_range,fallocate,copy_file_range"
    return ["/usr/bin/strace", "-o", output, "-xx", "-s", "20000000", "-e", "trace=\(calls)"]
  }

  /// Adds the operations of one command.
  mutating func add(trace: String) throws {
    /// nil: the directory of the store; -1: its parent; else a file of the store.
    enum Target: Equatable {
      case directory, parent
      case file(Int)
    }
    var open: [Int: Target] = [:]
    for line in trace.split(separator: "\n") {
      guard let paren = line.firstIndex(of: "("), let equals = line.lastIndex(of: "="),
        let result = Int(line[equals...].dropFirst(2).prefix { $0 == "-" || $0.isNumber }), result >= 0
      else { continue }
      let call = line[..<paren]
      let arguments = line[line.index(after: paren)...].split(separator: ",").map { $0.drop { $0 == " " } }
      let texts = arguments.map(Self.text)
      let number = arguments.first.flatMap { Int($0.prefix(while: \.isNumber)) }
      switch call {
      case "openat":
        guard let path = texts[1] else { throw TestFailure("unreadable: \(line)") }
        if path == store || path == store + "/" {
          open[result] = .directory
        } else if path == parent || path == parent + "/" {
          open[result] = .parent
        } else if let name = name(path, open[number ?? -1] == .directory) {
          if names[name] == nil {
            inodes += 1
            names[name] = inodes
            operations.append(.create(inode: inodes, name: name))
          }
          open[result] = .file(names[name] ?? 0)
        }
      case "mkdir": if texts[0] == store { operations.append(.makeDirectory) }
      case "close": if let number { open[number] = nil }
      case "write":
        if case .file(let inode)? = open[number ?? -1], let bytes = Self.bytes(line) {
          operations.append(.write(inode: inode, bytes: Array(bytes.prefix(result))))
        }
      case "ftruncate":
        if case .file(let inode)? = open[number ?? -1] {
          operations.append(.truncate(inode: inode, size: Int(arguments[1].prefix(while: \.isNumber)) ?? 0))
        }
      case "fsync", "fdatasync":
        switch open[number ?? -1] {
        case .file(let inode)?: operations.append(.flushFile(inode: inode))
        case .directory?: operations.append(.flushDirectory)
        case .parent?: operations.append(.flushParent)
        case nil: break
        }
      case "linkat":
        if let from = name(texts[1], true), let to = name(texts[3], true) {
          names[to] = names[from]
          operations.append(.link(from: from, to: to))
        }
      case "renameat", "renameat2":
        guard let from = name(texts[1], true), let to = name(texts[3], true) else { break }
        if line.contains("RENAME_EXCHANGE") {
          (names[from], names[to]) = (names[to], names[from])
          operations.append(.exchange(from, to))
        } else {
          // Two names of one file stay, says rename(2).
          if names[from] == names[to] { break }
          names[to] = names[from]
          names[from] = nil
          operations.append(.rename(from: from, to: to))
        }
      case "unlinkat":
        if let name = name(texts[1], true) {
          names[name] = nil
          operations.append(.unlink(name))
        }
      default:
        // A call that is not understood could make the whole check worthless.
        if texts.contains(where: { $0?.hasPrefix(store) == true }) { throw TestFailure("unreadable: \(line)") }
        if let number, open[number] != nil { throw TestFailure("unreadable: \(line)") }
      }
    }
  }

  /// The name in the store; nil for a path elsewhere.
  private func name(_ path: String?, _ isRelative: Bool) -> String? {
    guard let path else { return nil }
    if path.hasPrefix(store + "/") { return String(path.dropFirst(store.count + 1)) }
    return isRelative && !path.contains("/") ? path : nil
  }

  private static func text(_ argument: Substring) -> String? {
    guard argument.hasPrefix("\"") else { return nil }
    return bytes(argument).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of the first text: `"\x41\x42"`.
  private static func bytes(_ text: Substring) -> [UInt8]? {
    let utf8 = Array(text.utf8)
    guard var index = utf8.firstIndex(of: UInt8(ascii: "\"")).map({ $0 + 1 }) else { return nil }
    var bytes: [UInt8] = []
    func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte - 48 : byte - 87 }
    while index + 3 < utf8.count, utf8[index] == UInt8(ascii: "\\") {
      bytes.append(digit(utf8[index + 2]) << 4 | digit(utf8[index + 3]))
      index += 4
    }
    return bytes
  }
}
