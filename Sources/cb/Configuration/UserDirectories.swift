import Glibc

/// The user's directories by the XDG Base Directory specification: a relative path is ignored.
enum UserDirectories {
  static func configuration(_ world: World) -> String? {
    absolute(world.environment("XDG_CONFIG_HOME")) ?? home(world).map { $0 + "/.config" }
  }

  static func state(_ world: World) -> String? {
    absolute(world.environment("XDG_STATE_HOME")) ?? home(world).map { $0 + "/.local/state" }
  }

  private static func absolute(_ path: String?) -> String? {
    path.flatMap { $0.hasPrefix("/") ? $0 : nil }
  }

  /// HOME, else the password database, as for a job of cron's or a unit of systemd's that has none.
  private static func home(_ world: World) -> String? {
    if let home = absolute(world.environment("HOME")) { return home }
    return PasswordDatabase.entry(of: geteuid())?.home
  }
}

/// What the password database says of a user: the file /etc/passwd.
///
/// Not getpwuid(3): in a static binary glibc loads the services of nsswitch.conf (systemd, sss) as shared objects, and
/// for a uid that the file has not got it died of SIGSEGV in one. A user of a directory service needs HOME to be set.
enum PasswordDatabase {
  private static let file = "/etc/passwd"
  /// Bytes; a larger file is not looked through.
  private static let largest = 4 << 20

  static func entry(of user: uid_t) -> (name: String, home: String)? {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while text.count <= largest {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      text += buffer[..<count]
    }
    return entry(of: user, in: text)
  }

  /// `name:password:uid:gid:comment:home:shell` (passwd(5)).
  static func entry(of user: uid_t, in text: [UInt8]) -> (name: String, home: String)? {
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count == 7, uid_t(String(decoding: fields[2], as: UTF8.self)) == user else { continue }
      return (String(decoding: fields[0], as: UTF8.self), String(decoding: fields[5], as: UTF8.self))
    }
    return nil
  }
}
