import Glibc
import System

/// Finds and reads the configuration file: `--config`, `CB_CONFIG`, `$XDG_CONFIG_HOME/cb/config.json5`, else
/// `/etc/cb/config.json5`. A file that was named has to be there; the others need not.
struct ConfigurationFile {
  let world: World
  /// Whether others may have written it, or it is not ours: for `cb doctor --config`, which may check a file in a
  /// checkout, that is only remarked on.
  var checksOwner = true

  private static let largest = 1 << 20

  func load(_ option: String?) throws(ConfigurationFault) -> Configuration {
    if let named = option ?? world.environment("CB_CONFIG") {
      guard let configuration = try read(named) else {
        throw ConfigurationFault(file: named, reason: "there is no such file", isMissing: true)
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
  private func isOutOfReach(_ path: [CChar]) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 && errno == EACCES
  }

  /// nil if there is none.
  private func read(_ file: String, isOwn: Bool = false) throws(ConfigurationFault) -> Configuration? {
    let path = ByteText.encode(file).map { CChar(bitPattern: $0) } + [0]
    let descriptor = retryingInterrupts { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR || (code == EACCES && isOwn && isOutOfReach(path)) { return nil }
      throw ConfigurationFault(file: file, reason: systemMessage(code))
    }
    let opened = Descriptor(owning: descriptor)
    var status = stat()
    guard fstat(opened.raw, &status) == 0 else {
      throw ConfigurationFault(file: file, reason: systemMessage(errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigurationFault(file: file, reason: "it is not a regular file")
    }
    var remarks: [String] = []
    if let reason = Self.distrust(file, status) {
      if checksOwner { throw ConfigurationFault(file: file, reason: reason) }
      remarks.append("configuration file \(file): \(reason)")
    }
    guard status.st_size <= Self.largest else {
      throw ConfigurationFault(file: file, reason: "it is larger than 1 MiB; cut it down")
    }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while text.count <= Self.largest {
      let count = retryingInterrupts { Glibc.read(opened.raw, &buffer, buffer.count) }
      if count < 0 { throw ConfigurationFault(file: file, reason: systemMessage(errno)) }
      if count == 0 { break }
      text += buffer[..<count]
    }
    // An empty file says nothing, as /dev/null would.
    if text.allSatisfy({ $0 <= 0x20 }) { return Configuration(file: file, warnings: remarks) }
    var configuration = try Configuration(file: file, text: text)
    configuration.warnings = remarks + configuration.warnings
    return configuration
  }

  /// Who can write the file decides what commands run (on-event) and when: root or oneself, nobody else.
  private static func distrust(_ file: String, _ status: stat) -> String? {
    if status.st_uid != 0, status.st_uid != geteuid() {
      return "it belongs to another user (uid \(status.st_uid)); chown it to yourself or to root"
    }
    return status.st_mode & 0o022 == 0 ? nil : "others can write it; chmod go-w \(file)"
  }
}

extension ConfigurationFile {
  /// Whether there is anything of this name, readable or not.
  static func exists(_ file: String) -> Bool {
    access(ByteText.encode(file).map { CChar(bitPattern: $0) } + [0], F_OK) == 0
  }
}
