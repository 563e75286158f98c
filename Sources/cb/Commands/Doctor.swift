import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import Settings

struct Doctor: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the store as it is configured, and say what to do.",
    usage: "cb doctor\n       cb doctor --config FILE",
    discussion: """
      Checks the configuration file, the environment and the store: each line says what was found, and what to do \
      about it. Exits 1 if a run would not be guarded, or if a setting is ignored because it is not valid. No breaker is \
      changed; to see whether the store can be written, a temporary file is created in it and removed.

      With --config and without --store only the file is checked, for use in CI: no store is touched, and mode and owner \
      of the file are only a warning.

      Example: cb doctor --config etc/cb/config.json5
      """)

  @OptionGroup var common: CommonOptions

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    if let file = common.config, common.store == nil { return try checkFile(file, world) }
    var checks: [StoreCheck] = []
    let configuration = configuration(world, checksOwner: true, &checks)
    let isUnusable = configuration == nil
    checks += EnvironmentCheck.checks(world.outside.variableNames(prefix: ""), value: world.environment)
    let settingFaults = checks.count { $0.verdict == .failure } - (isUnusable ? 1 : 0)
    let session: Session
    do throws(CommandFailure) {
      session = try Session(common.places, world: world)
    } catch {
      // What was typed is off: nothing would run at all.
      checks.append(StoreCheck("store", .failure, error.message))
      try world.print(DoctorText.text(checks, .notGuarded, OutputStyle(common.color, world)))
      return ExitCode.failure
    }
    let before = checks.count
    checks += store(session, configuration, world)
    let isStoreFailed = isUnusable || checks[before...].contains { $0.verdict == .failure }
    let conclusion = DoctorConclusion(
      isStoreFailed: isStoreFailed, settingFaults: settingFaults,
      policy: session.settingsWithoutName.settings.onStoreError, hasStandIn: session.standIn() != nil)
    try world.print(DoctorText.text(checks, conclusion, OutputStyle(common.color, world)))
    return checks.contains { $0.verdict == .failure } ? ExitCode.failure : ExitCode.success
  }

  private func checkFile(_ file: String, _ world: World) throws(CommandFailure) -> Int32 {
    var checks: [StoreCheck] = []
    if configuration(world, checksOwner: false, &checks) == nil, !ConfigurationFile.exists(file) {
      throw .usage("doctor: configuration file \(file): there is no such file")
    }
    let isSound = !checks.contains { $0.verdict == .failure }
    try world.print(DoctorText.text(checks, isSound ? .soundFile : .faultyFile, OutputStyle(common.color, world)))
    return isSound ? ExitCode.success : ExitCode.failure
  }

  private func configuration(_ world: World, checksOwner: Bool, _ checks: inout [StoreCheck]) -> Configuration? {
    do throws(ConfigurationFault) {
      let configuration = try ConfigurationFile(world: world, checksOwner: checksOwner).load(common.config)
      let seen =
        configuration.file.isEmpty
        ? "no file; the defaults have effect"
        : "\(configuration.file): \(configuration.defaults.count) defaults, \(configuration.patterns.count) patterns"
      checks.append(StoreCheck("configuration", .ok, seen))
      for warning in configuration.warnings {
        // Mode and owner, where only the text counts.
        let isRemark = !warning.hasSuffix("it is left out")
        checks.append(
          StoreCheck(
            "configuration", isRemark ? .warning : .failure, warning,
            advice: isRemark ? "where cb is to use it: as it says" : "correct the file; until then this has no effect"))
      }
      return configuration
    } catch {
      checks.append(
        StoreCheck(
          "configuration", .failure, error.message,
          advice: "correct the file; until then no store is used, and on-store-error decides"))
      return nil
    }
  }

  private func store(_ session: Session, _ configuration: Configuration?, _ world: World) -> [StoreCheck] {
    // What the store says comes from its own checks: a URL may hold a password.
    var checks = [StoreCheck("store", .ok, "\(session.storeURL()), chosen by \(origin(configuration, world))")]
    if session.isFileStore { checks += StorePlaces.checks(world) }
    let own = session.store.checks()
    checks += own
    if own.isEmpty { checks.append(Self.reading(session)) }
    if !own.contains(where: { $0.verdict == .failure }) { checks += Self.advice(session) }
    session.store.rest()
    return checks
  }

  /// What does not do what it seems to, over all breakers: the first few.
  private static func advice(_ session: Session) -> [StoreCheck] {
    var checks: [StoreCheck] = []
    var more = 0
    try? session.store.storage.readAll { name, result in
      guard case .success(let reading) = result, let breaker = reading.breaker else { return }
      let settings = session.settings(for: name, stored: breaker.settings)
      let row = BreakerRow(name: name, breaker: breaker, settings: settings, now: reading.now)
      let stored = settings.faults.filter { $0.source == .stored }.map { $0.message + "; it is left out" }
      for line in StatusAdvice.lines(row, breaker.history) + stored {
        if checks.count < 10 {
          checks.append(StoreCheck("settings", .warning, "\(name): \(line)", advice: "cb status \(name)"))
        } else {
          more += 1
        }
      }
    }
    if more > 0 { checks.append(StoreCheck("settings", .warning, "and \(more) more of this kind")) }
    return checks
  }

  /// For a store that has no checks of its own.
  private static func reading(_ session: Session) -> StoreCheck {
    do throws(StoreError) {
      return StoreCheck("breakers", .ok, "\(try session.store.storage.names().count)")
    } catch {
      return StoreCheck("breakers", error)
    }
  }

  private func origin(_ configuration: Configuration?, _ world: World) -> String {
    if common.store != nil { return "--store" }
    if world.environment("CB_STORE") != nil { return "CB_STORE" }
    if let configuration, configuration.store != nil { return configuration.file }
    for name in ["CB_STATE_DIR", "STATE_DIRECTORY"] where world.environment(name) != nil { return name }
    return world.user == 0 ? "default (root)" : "default (user \(world.user))"
  }
}

/// The stores of files that there are on this host: who shares a breaker with whom is decided by which of them is used.
enum StorePlaces {
  private static let most = 5

  static func checks(_ world: World) -> [StoreCheck] {
    let own = StoreLocation.defaultDirectory(world)
    var places = ["/var/lib/cb", "/root/.local/state/cb"]
    places += entries("/home").map { "/home/\($0)/.local/state/cb" }
    places += entries("/var/lib/private").contains("cb") ? ["/var/lib/private/cb"] : []
    var seen: [String] = []
    for place in places where place != own {
      var status = stat()
      guard stat(place, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
      let owner = PasswordDatabase.entry(of: status.st_uid)?.name ?? "uid \(status.st_uid)"
      seen.append("\(place) (\(owner), mode \(String(status.st_mode & 0o7777, radix: 8)))")
    }
    guard !seen.isEmpty else { return [] }
    let shown = seen.prefix(most).joined(separator: ", ") + (seen.count > most ? " and \(seen.count - most) more" : "")
    return [
      StoreCheck(
        "other stores", .ok, shown,
        advice: "only users of the same store share a breaker; for several users of a host see cb(7)")
    ]
  }

  private static func entries(_ directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return names }
      let name = String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
