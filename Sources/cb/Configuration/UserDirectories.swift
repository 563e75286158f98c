import Glibc
import System

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
    return PasswordDatabase.entry(of: world.user)?.home
  }
}

/// What /etc/passwd says of a user.
///
/// fgetpwent_r(3), which parses the file, and not getpwuid(3): in a static binary glibc loads the services of
/// nsswitch.conf (systemd, sss) as shared objects, and for a uid that the file does not have it died of SIGSEGV in one.
/// A user of a directory service needs HOME to be set.
enum PasswordDatabase {
  static func entry(of user: uid_t) -> (name: String, home: String)? {
    guard let file = fopen("/etc/passwd", "re") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    while true {
      let code = fgetpwent_r(file, &entry, &buffer, buffer.count, &found)
      // The line is read again with more room.
      if code == ERANGE, buffer.count < 1 << 20 {
        buffer = [CChar](repeating: 0, count: 2 * buffer.count)
        continue
      }
      guard code == 0, found != nil else { return nil }
      guard entry.pw_uid == user, let name = entry.pw_name, let home = entry.pw_dir else { continue }
      return (ByteText.decode(cString: name), ByteText.decode(cString: home))
    }
  }
}
