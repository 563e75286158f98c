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

/// What the password database says of a user.
enum PasswordDatabase {
  static func entry(of user: uid_t) -> (name: String, home: String)? {
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    guard getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, found != nil, let name = record.pw_name,
      let home = record.pw_dir
    else { return nil }
    return (String(cString: name), String(cString: home))
  }
}
