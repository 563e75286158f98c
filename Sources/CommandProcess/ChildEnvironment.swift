import CProcess
import Glibc

/// The environment of a command: cb's own entries by pointer, bytes untouched and in their order, and the additions.
///
/// Bare memory rather than arrays of pointers: the types of these the runtime would have to make at each start, for a
/// tenth of the instructions of a closed run.
struct ChildEnvironment: ~Copyable {
  /// Ended by NULL.
  private let entries: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  /// How many of them are cb's own; those behind them are ours to free.
  private var inherited = 0
  private var count = 0

  /// - Parameters:
  ///   - additions: `NAME=VALUE`, each in place of a variable of that name. NUL bytes are dropped.
  ///   - bytes: one more of these, whose value need not be UTF-8.
  ///   - withheld: names of variables that are left out.
  init(adding additions: [String], and bytes: (name: String, value: [UInt8])? = nil, without withheld: [String] = []) {
    let own = cprocess_environment()
    var ownCount = 0
    while own?[ownCount] != nil { ownCount += 1 }
    let added = additions.count + (bytes == nil ? 0 : 1)
    entries = .allocate(capacity: ownCount + added + 1)
    // The additions are made at the end of the memory, looked at by name, and then move up.
    let last = entries + ownCount
    for (index, text) in additions.enumerated() { last[index] = CStringCopy.make(text) }
    if let bytes {
      last[additions.count] = CStringCopy.make(Array(bytes.name.utf8) + [UInt8(ascii: "=")] + bytes.value)
    }
    for index in 0..<ownCount {
      guard let entry = own?[index], !Self.isReplaced(entry, by: last, added),
        !withheld.contains(where: { Self.isNamed(entry, $0) })
      else { continue }
      entries[inherited] = entry
      inherited += 1
    }
    count = inherited + added
    for index in 0..<added { entries[inherited + index] = last[index] }
    entries[count] = nil
  }

  private static func isReplaced(
    _ entry: UnsafePointer<CChar>, by additions: UnsafePointer<UnsafeMutablePointer<CChar>?>, _ added: Int
  ) -> Bool {
    for index in 0..<added {
      guard let addition = additions[index], let end = strchr(addition, Int32(UInt8(ascii: "="))) else { continue }
      if strncmp(entry, addition, UnsafePointer(addition).distance(to: end) + 1) == 0 { return true }
    }
    return false
  }

  private static func isNamed(_ entry: UnsafePointer<CChar>, _ name: String) -> Bool {
    let length = name.utf8.count
    return name.withCString { strncmp(entry, $0, length) == 0 } && entry[length] == CChar(bitPattern: UInt8(ascii: "="))
  }

  func withPointer<Result>(_ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
    body(entries)
  }

  deinit {
    for index in inherited..<count { entries[index]?.deallocate() }
    entries.deallocate()
  }
}

/// Bytes with a terminating NUL, on the heap; `deallocate` them. NUL bytes among them are dropped.
enum CStringCopy {
  static func make(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
    bytes.withUnsafeBufferPointer(make)
  }

  static func make(_ text: String) -> UnsafeMutablePointer<CChar> {
    var text = text
    return text.withUTF8(make)
  }

  private static func make(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeMutablePointer<CChar> {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    var length = 0
    for byte in bytes where byte != 0 {
      copy[length] = CChar(bitPattern: byte)
      length += 1
    }
    copy[length] = 0
    return copy
  }
}
