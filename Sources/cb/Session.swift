import BreakerStore
import CircuitBreaker
import CommandProcess
import FileStore
import RedisStore
import Settings
import System

/// The configuration, the store and the settings of one call of `cb`.
///
/// Only what is typed on the command line can stop a command (docs/CONTRACT.md, "Settings"): a configuration file, a
/// URL or a password file that cannot be used makes a store of which every step fails, and `on-store-error` decides;
/// a single key or value is left out and named by `warnings`.
struct Session {
  var world: World
  var configuration = Configuration()
  let store: OpenStore
  private let location: StoreLocation
  /// The environment, and the options over it.
  private let ownLevels: [SettingsLevel]
  /// What these come to where nothing lies below them.
  private let ownSettings: ResolvedSettings

  /// Reads the configuration and the environment and opens the store; nothing is written.
  ///
  /// - Parameter options: what was typed; a value out of range is a usage error, before anything is done.
  init(
    _ places: Places, options: [(key: SettingKey, text: String)] = [], for patience: Patience = .person, world: World
  ) throws(CommandFailure) {
    self.world = world
    ownLevels = [
      SettingsLevel(source: .environment, values: Self.environmentValues(world)),
      SettingsLevel(source: .option, values: options),
    ]
    do {
      ownSettings = try ResolvedSettings(levels: ownLevels)
    } catch {
      throw .usage(error.message)
    }
    do throws(StoreError) {
      configuration = try Self.configuration(places.config, world)
      let found = try Self.location(places.store, configuration, world)
      store = try Self.open(found, configuration, isTyped: places.store != nil, patience, world: world)
      location = found
    } catch {
      if let usage = Self.usage(error, places, world) { throw usage }
      location = .nowhere
      let unusable = UnusableStore(error: error)
      store = OpenStore(unusable, label: error.path, inspect: unusable.checks)
    }
  }

  // MARK: The store

  private static func configuration(_ option: String?, _ world: World) throws(StoreError) -> Configuration {
    do {
      return try ConfigurationFile(world: world).load(option)
    } catch {
      throw StoreError(.configuration(error.message), "use", error.file)
    }
  }

  private static func location(
    _ option: String?, _ configuration: Configuration, _ world: World
  ) throws(StoreError) -> StoreLocation {
    guard let text = option ?? world.environment("CB_STORE") ?? configuration.store else {
      return .standard(world)
    }
    do {
      return try StoreLocation(text)
    } catch {
      throw StoreError(.configuration(error.reason), "use", "store")
    }
  }

  /// A usage error where what cannot be used was typed: a malformed URL, or a file that is not there.
  private static func usage(_ error: StoreError, _ places: Places, _ world: World) -> CommandFailure? {
    guard case .configuration(let sentence) = error.kind else { return nil }
    if let store = places.store, (try? StoreLocation(store)) == nil || error.path == typedURL {
      return .usage(sentence)
    }
    if let config = places.config, error.path == config, !ConfigurationFile.exists(config) { return .usage(sentence) }
    return nil
  }

  /// What an error shows in place of the URL of `--store`, which may hold a password.
  private static let typedURL = "--store"

  private static func open(
    _ location: StoreLocation, _ configuration: Configuration, isTyped: Bool, _ patience: Patience, world: World
  ) throws(StoreError) -> OpenStore {
    if let store = world.outside.store(at: location) { return store }
    switch location {
    case .directory(let path): return fileStore(path, world: world)
    case .nowhere: throw StoreError(.nowhere(user: world.user), "find", "a state directory")
    case .redis(let url):
      let password = PasswordEnvironment(
        password: world.environment("CB_REDIS_PASSWORD").map { ByteText.encode($0) },
        file: world.environment("CB_REDIS_PASSWORD_FILE") ?? configuration.passwordFile)
      let redis: RedisLocation
      do {
        redis = try RedisLocation.parse(url, environment: password)
      } catch {
        // A password that cannot be had was not typed, whatever the URL was.
        let isURL = !error.concernsPassword
        throw StoreError(
          .configuration("store: \(error.description)"), "use", isTyped && isURL ? typedURL : "store")
      }
      // Without a directory an outage is not remembered, and nothing else depends on it.
      let outages = StoreLocation.defaultDirectory(world)
      let store = try RedisStore(
        redis, outageDirectory: outages ?? "/dev/null/none", patience: patience, random: world.random)
      return OpenStore(
        store, label: store.label, connection: store, inspect: store.checks,
        standIn: { store.standInDirectory ?? outages })
    }
  }

  private static func fileStore(_ path: String, world: World) -> OpenStore {
    let store = FileStore(
      directory: DocumentDirectory(path: ByteText.encode(path)), clock: world.clock, random: world.random)
    return OpenStore(store, label: store.label, inspect: store.checks)
  }

  /// The store as a URL without secrets, for labels and messages: `file://HOST/DIR` of a directory, which is another one
  /// on each host.
  func storeURL() -> String {
    switch location {
    case .directory(let path):
      let absolute = path.hasPrefix("/") ? path : (world.outside.workingDirectory.map { $0 + "/" } ?? "/") + path
      return "file://" + world.caller.host + absolute
    case .redis(let url):
      // The password that the URL may need from elsewhere does not matter here: user and password are left out.
      guard var redis = try? RedisLocation.parse(url, environment: PasswordEnvironment(password: [0])) else {
        return "redis:"
      }
      redis.user = nil
      redis.password = nil
      let prefix = String(decoding: redis.prefix, as: UTF8.self)
      if prefix == "cb:" { return redis.redacted }
      return redis.redacted + (redis.redacted.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + "prefix=\(prefix)"
    case .nowhere: return "none"
    }
  }

  /// Whether the store is one of this host's files.
  var isFileStore: Bool {
    if case .directory = location { true } else { false }
  }

  /// The file store that stands in for one that is away; nil if the store is a file store itself, and where there is
  /// no directory for one.
  func standIn() -> OpenStore? {
    if case .directory = location { return nil }
    let directory =
      if case .nowhere = location { StoreLocation.defaultDirectory(world) } else { store.standInDirectory }
    return directory.map { Self.fileStore($0, world: world) }
  }

  /// Where a permit is reported, with a look at it: the store, or under `local` the stand-in that gave the permit while
  /// the store is away.
  func placeOfReport(
    _ name: BreakerName, _ token: String
  ) throws(CommandFailure) -> (store: OpenStore, reading: Reading) {
    do {
      return (store, try store.storage.read(name, .beforeChange))
    } catch {
      if settings(for: name, stored: nil).settings.onStoreError == .local, let standIn = standIn(),
        let reading = try? standIn.storage.read(name),
        reading.breaker?.leases.contains(where: { $0.token.text == token }) == true
      {
        return (standIn, reading)
      }
      throw .failed("\(name): \(error.description)")
    }
  }

  // MARK: Settings

  /// A list key takes several values as lines: `CB_EXCLUDE_IF=$'a\nb'`.
  private static func environmentValues(_ world: World) -> [(key: SettingKey, text: String)] {
    var values: [(key: SettingKey, text: String)] = []
    // One walk through the environment, rather than one for each key.
    for name in world.outside.variableNames(prefix: "CB_") {
      guard let key = SettingKey(environmentName: name), let text = world.environment(name) else { continue }
      if key.isList {
        for line in text.split(separator: "\n") { values.append((key, String(line))) }
      } else {
        values.append((key, text))
      }
    }
    return values
  }

  /// The effective settings of a breaker, given what is stored with it.
  func settings(for name: BreakerName, stored: StoredSettings?) -> ResolvedSettings {
    var levels = configuration.levels(for: name)
    if let stored, !stored.isEmpty { levels.append(stored.level) }
    if levels.isEmpty { return ownSettings }
    levels += ownLevels
    // What was typed was checked when the session began, so that nothing is left to throw.
    return (try? ResolvedSettings(levels: levels)) ?? ownSettings
  }

  /// The settings as they are known where no breaker is named: from environment and options.
  var settingsWithoutName: ResolvedSettings { ownSettings }

  /// What was left out because it cannot be used, a line each.
  func warnings(for settings: ResolvedSettings, stored: StoredSettings?) -> [String] {
    configuration.warnings + settings.faults.map { $0.message + "; it is left out" }
      + (stored?.unknownKeys ?? []).map { "stored settings: \(SettingKey.unknownBriefly($0)); it is left out" }
  }
}
