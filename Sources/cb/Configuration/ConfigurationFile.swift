import BreakerStore
import Glibc

/// Finds and reads the configuration file: `--config`, `CB_CONFIG`, `$XDG_CONFIG_HOME/cb/config.json5`, else
/// `/etc/cb/config.json5`. A file that was named has to be there; the others need not.
enum ConfigurationFile {
  private static let largest = 1 << 20

  static func load(_ option: String?, world: World) throws(CommandFailure) -> Configuration {
    if let named = option ?? world.environment("CB_CONFIG") {
      guard let configuration = try read(named) else {
        throw .usage("configuration file \(named): there is no such file")
      }
      return configuration
    }
    if let directory = UserDirectories.configuration(world) {
      if let configuration = try read(directory + "/cb/config.json5", isOwn: true) { return configuration }
    }
    return try read("/etc/cb/config.json5") ?? Configuration()
  }

  /// Whether we may not even look for it: HOME is still that of who called us (runuser, setpriv, a hook of root's), and
  /// what lies there is not meant for us. git passes over such a file too.
  private static func isOutOfReach(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 && errno == EACCES
  }

  /// nil where there is none.
  private static func read(_ path: String, isOwn: Bool = false) throws(CommandFailure) -> Configuration? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR || (code == EACCES && isOwn && isOutOfReach(path)) { return nil }
      throw refused(path, String(cString: strerror(code)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw refused(path, String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw refused(path, "it is no regular file") }
    // Whoever can write the file decides what commands run (on-event) and when: root or oneself, nobody else.
    guard status.st_uid == 0 || status.st_uid == geteuid() else {
      throw refused(path, "it belongs to another user (uid \(status.st_uid)); chown it to yourself or to root")
    }
    guard status.st_mode & 0o022 == 0 else {
      throw refused(path, "others can write it; chmod go-w \(path)")
    }
    guard status.st_size <= largest else { throw refused(path, "it is larger than 1 MiB") }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while text.count <= largest {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw refused(path, String(cString: strerror(errno)))
      }
      if count == 0 { break }
      text += buffer[..<count]
    }
    return try Configuration(file: path, text: text)
  }

  private static func refused(_ path: String, _ reason: String) -> CommandFailure {
    .usage("configuration file \(path): \(reason)")
  }
}
