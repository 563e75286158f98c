import Glibc

/// Where breakers live, as text became meaning (docs/CONTRACT.md, "Stores").
enum StoreLocation {
  case directory(String)
  case redis(String)
  /// Nothing names a directory: a store that cannot be reached.
  case nowhere

  /// Why a text does not say where breakers live.
  struct Fault: Error {
    var reason: String
  }

  init(_ text: String) throws(Fault) {
    if text.hasPrefix("file:") {
      var path = String(text.dropFirst(5))
      // file:///var/lib/cb is what a URL library makes of it.
      if path.hasPrefix("//") { path = String(path.dropFirst(2)) }
      guard !path.isEmpty, !path.utf8.contains(0) else {
        throw Fault(reason: "store '\(text)': the directory is missing; write file:DIR")
      }
      self = .directory(path)
      return
    }
    for scheme in ["redis://", "rediss://", "redis+unix://", "redis-sentinel://"] where text.hasPrefix(scheme) {
      self = .redis(text)
      return
    }
    // Not the whole text: it may be a URL with a password in it.
    let scheme = text.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
    throw Fault(
      reason: text.contains(":")
        ? "store: unknown kind '\(scheme):'; it must be file:DIR, redis://, rediss://, redis+unix:// or redis-sentinel://"
        : "store '\(text)': the kind is missing; for a directory write file:\(text)")
  }

  /// `$CB_STATE_DIR`, `$STATE_DIRECTORY`, `/var/lib/cb` for root, `$XDG_STATE_HOME/cb`, `~/.local/state/cb`; nil if
  /// there is no home either.
  static func defaultDirectory(_ world: World) -> String? {
    if let directory = world.environment("CB_STATE_DIR") { return directory }
    if let directories = world.environment("STATE_DIRECTORY") {
      // systemd separates several by colons.
      return String(directories.prefix { $0 != ":" })
    }
    if world.user == 0 { return "/var/lib/cb" }
    return UserDirectories.state(world).map { $0 + "/cb" }
  }

  static func standard(_ world: World) -> StoreLocation {
    defaultDirectory(world).map { .directory($0) } ?? .nowhere
  }
}
