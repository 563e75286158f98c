import CProcess
import Glibc

/// The environment of a command: cb's own entries by pointer, bytes untouched and in their order, and the additions.
struct ChildEnvironment: ~Copyable {
  private var entries: [UnsafeMutablePointer<CChar>?] = []
  private var owned: [UnsafeMutablePointer<CChar>] = []

  init(
    adding additions: [(name: String, value: String)], and bytes: (name: String, value: [UInt8])? = nil,
    without withheld: [String] = []
  ) {
    let replaced = additions.map(\.name) + (bytes.map { [$0.name] } ?? []) + withheld
    let prefixes = replaced.map { Array("\($0)=".utf8CString.dropLast()) }
    var next = cprocess_environment()
    while let place = next, let entry = place.pointee {
      if !prefixes.contains(where: { strncmp(entry, $0, $0.count) == 0 }) { entries.append(entry) }
      next = place + 1
    }
    for (name, value) in additions { add(name, value.utf8) }
    if let bytes { add(bytes.name, bytes.value) }
    entries.append(nil)
  }

  private mutating func add(_ name: String, _ value: some Sequence<UInt8>) {
    let copy = CStringCopy.make(Array(name.utf8) + [UInt8(ascii: "=")] + value.filter { $0 != 0 })
    owned.append(copy)
    entries.append(copy)
  }

  func withPointer<Result>(_ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
    entries.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("the terminating nil is always there") }
      return body(base)
    }
  }

  deinit {
    for copy in owned { copy.deallocate() }
  }
}

/// Bytes with a terminating NUL, on the heap; `deallocate` them.
enum CStringCopy {
  static func make(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
    copy[bytes.count] = 0
    return copy
  }
}
