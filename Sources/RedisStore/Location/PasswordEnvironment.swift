import Glibc

/// What the environment says about the password, passed in as a value.
package struct PasswordEnvironment: Sendable {
  /// `CB_REDIS_PASSWORD`; empty counts as unset.
  package var password: Secret?
  /// `CB_REDIS_PASSWORD_FILE`: the path of a file (or pipe) that holds the password; empty counts as unset.
  package var file: String?

  package init(password: [UInt8]? = nil, file: String? = nil) {
    self.password = password.flatMap { $0.isEmpty ? nil : Secret($0) }
    self.file = file.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The password: the variable's own before the file's.
  func find() throws(RedisLocation.Invalid) -> Secret? {
    if let password { return password }
    guard let file else { return nil }
    return Secret(try Self.read(file))
  }

  /// No password is longer; a file that is (a device, a wrong path) is not read to its end.
  private static let longest = 4096

  private static func read(_ path: String) throws(RedisLocation.Invalid) -> [UInt8] {
    func invalid(_ reason: String) -> RedisLocation.Invalid {
      RedisLocation.Invalid(part: .passwordFile, value: Printable.text(path), reason: reason)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw invalid("cannot be opened: \(SystemReason.text(errno))") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count <= longest {
      var chunk = [UInt8](repeating: 0, count: 1024)
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw invalid("cannot be read: \(SystemReason.text(errno))") }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    // One line end only: a password may end in spaces, and one written by an editor ends in a newline.
    if bytes.last == UInt8(ascii: "\n") {
      bytes.removeLast()
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }
    guard !bytes.isEmpty else { throw invalid("is empty; it must hold the password") }
    guard bytes.count <= longest else {
      throw invalid("is longer than \(longest) bytes; it must hold the password alone")
    }
    return bytes
  }
}

/// The words for an `errno`.
enum SystemReason {
  static func text(_ code: Int32) -> String {
    // Thread-safe from glibc 2.32 on.
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
  }
}
