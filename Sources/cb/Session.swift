import BreakerStore
import CircuitBreaker
import CommandProcess
import FileStore
import RedisStore

/// The configuration, the store and the settings of one call of `cb`.
struct Session {
  var world: World
  var configuration: Configuration
  var store: any BreakerStorage
  private let location: StoreLocation
  private var environment: SettingsLevel
  private var options: SettingsLevel
  /// What environment and options come to where nothing lies below them.
  private var ownSettings: ResolvedSettings

  /// Reads the configuration and the environment and opens the store; nothing is written.
  ///
  /// Every level but the stored settings is checked here, so that a mistake shows before anything is done.
  init(
    _ places: Places, options: [(key: SettingKey, text: String)] = [], for asker: Asker = .person, world: World
  ) throws(CommandFailure) {
    self.world = world
    configuration = try ConfigurationFile.load(places.config, world: world)
    self.options = SettingsLevel(source: .option, values: options)
    environment = SettingsLevel(source: .environment, values: Self.environmentValues(world))
    do {
      ownSettings = try ResolvedSettings(levels: [environment, self.options])
    } catch {
      throw .usage(error.message)
    }
    let location = try StoreLocation.find(option: places.store, configured: configuration.store, world: world)
    self.location = location
    store = try Self.open(location, world: world)
    if asker == .person { store.insist() }
  }

  /// Who waits for the answer of a store that failed some seconds ago.
  enum Asker {
    /// Wants to know how things are now, or that a change is made: the store is asked.
    case person
    /// One of perhaps a thousand that start in the same second: the store is left alone for a moment.
    case script
  }

  /// The file store that stands in for one that is away; nil where the store is a file store itself, and where there is
  /// no directory for one.
  func standIn() -> FileStore? {
    guard case .redis = location else { return nil }
    let own = (store as? RedisStore)?.standInDirectory
    return (own ?? StoreLocation.defaultDirectory(world)).map { Self.fileStore($0, world: world) }
  }

  private static func open(_ location: StoreLocation, world: World) throws(CommandFailure) -> any BreakerStorage {
    switch location {
    case .directory(let path): return fileStore(path, world: world)
    case .nowhere: return AbsentStore()
    case .redis(let url):
      let password = PasswordEnvironment(
        password: world.environment("CB_REDIS_PASSWORD").map { Array($0.utf8) },
        file: world.environment("CB_REDIS_PASSWORD_FILE"))
      let redis: RedisLocation
      do {
        redis = try RedisLocation.parse(url, environment: password)
      } catch {
        throw .usage("store: \(error.description)")
      }
      // Without a directory an outage is not remembered, and nothing else depends on it.
      let directory = StoreLocation.defaultDirectory(world) ?? "/nonexistent"
      do throws(StoreError) {
        return try RedisStore(redis, outageDirectory: directory, random: World.random)
      } catch {
        throw .failed(error.description)
      }
    }
  }

  private static func fileStore(_ path: String, world: World) -> FileStore {
    FileStore(directory: DocumentDirectory(path: path), clock: world.clock, random: World.random)
  }

  /// A list key takes several values as lines: `CB_EXCLUDE_IF=$'a\nb'`.
  private static func environmentValues(_ world: World) -> [(key: SettingKey, text: String)] {
    // One walk through the environment, rather than one for each key.
    let names = ProcessEnvironment.names(prefix: "CB_")
    var values: [(key: SettingKey, text: String)] = []
    guard !names.isEmpty else { return values }
    for key in SettingKey.allCases where names.contains(key.environmentName) {
      guard let text = world.environment(key.environmentName) else { continue }
      if key.isList {
        for line in text.split(separator: "\n") { values.append((key, String(line))) }
      } else {
        values.append((key, text))
      }
    }
    return values
  }

  /// The effective settings of a breaker, given what is stored with it.
  func settings(for name: BreakerName, stored: StoredSettings?) throws(CommandFailure) -> ResolvedSettings {
    var levels = configuration.levels(for: name)
    if let stored, !stored.isEmpty { levels.append(stored.level) }
    if levels.isEmpty { return ownSettings }
    levels.append(environment)
    levels.append(options)
    do {
      return try ResolvedSettings(levels: levels)
    } catch {
      throw .usage("\(name): \(error.message)")
    }
  }
}
