import System

/// What the environment says about the password, passed in as a value.
package struct PasswordEnvironment: Sendable {
  /// `CB_REDIS_PASSWORD`; empty counts as unset.
  package var password: Secret?
  /// `CB_REDIS_PASSWORD_FILE`: the path of a file (or pipe) that holds the password; empty counts as unset.
  package var file: String?

  /// The values of the two variables; nil if unset.
  package init(password: [UInt8]? = nil, file: String? = nil) {
    self.password = password.flatMap { $0.isEmpty ? nil : Secret($0) }
    self.file = file.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The password and where it comes from: the variable's own before the file's.
  func find() throws(RedisLocation.Invalid) -> (password: Secret, source: RedisLocation.PasswordSource)? {
    if let password { return (password, .variable) }
    guard let file else { return nil }
    return (Secret(try Self.read(file)), .file(file))
  }

  /// In bytes. No password is longer; a file that is (a device, a wrong path) is not read to its end.
  private static let longest = 4096

  private static func read(_ path: String) throws(RedisLocation.Invalid) -> [UInt8] {
    func invalid(_ reason: String) -> RedisLocation.Invalid {
      RedisLocation.Invalid(part: .passwordFile, value: Printable.text(path), reason: reason)
    }
    var bytes: [UInt8]
    do throws(WholeFileFailure) {
      // Room for the line end.
      bytes = try readWholeFile(path, limit: longest + 2)
    } catch {
      switch error {
      case .notOpened(let code): throw invalid("cannot be opened: \(systemMessage(code))")
      case .notRead(let code): throw invalid("cannot be read: \(systemMessage(code))")
      case .tooLarge: throw invalid("is longer than \(longest) bytes; it must hold the password alone")
      }
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
