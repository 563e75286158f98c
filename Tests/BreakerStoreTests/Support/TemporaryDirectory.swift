import Glibc

@testable import BreakerStore
@testable import FileStore

/// A directory under /tmp that goes with this value. `store` in it is not made yet.
final class TemporaryDirectory {
  let path: String
  var store: String { path + "/store" }
  var files: DocumentDirectory { DocumentDirectory(path: store) }

  init() {
    var template = Array("/tmp/cb-store-test.XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
    chmod(path, 0o755)
  }

  deinit { _ = run(["/bin/rm", "-rf", path]) }

  /// The entries of the store, sorted.
  func entries() -> [String] {
    guard let stream = opendir(store) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func makeStore(_ mode: mode_t = 0o700) {
    mkdir(store, 0o700)
    chmod(store, mode)
  }

  func write(_ name: String, _ text: String, mode: mode_t = 0o600) {
    let file = open(store + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    let bytes = Array(text.utf8)
    _ = Glibc.write(file, bytes, bytes.count)
    close(file)
  }

  func text(_ name: String) -> String? {
    let file = open(store + "/" + name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return String(decoding: readAll(file), as: UTF8.self)
  }

  func status(_ name: String = "") -> stat {
    var status = stat()
    lstat(store + "/" + name, &status)
    return status
  }

  func mode(_ name: String = "") -> mode_t { status(name).st_mode & 0o7777 }
}

func readAll(_ descriptor: Int32) -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR { continue }
    if count <= 0 { return bytes }
    bytes += buffer[..<count]
  }
}

extension DocumentDirectory {
  /// Replaces the document by this text.
  func put(_ name: DocumentName, _ text: String, _ durability: Durability = .unflushed) throws(StoreError) {
    try change(name) { _ throws(StoreError) in ((), .replace(Array(text.utf8), durability)) }
  }

  func text(_ name: DocumentName) throws(StoreError) -> String? {
    try read(name).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// The error that this throws, or nil.
func storeError(_ body: () throws(StoreError) -> Void) -> StoreError? {
  do throws(StoreError) {
    try body()
    return nil
  } catch {
    return error
  }
}

extension StoreError {
  var isInsecure: Bool {
    guard case .insecure = kind else { return false }
    return true
  }
}
