import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc

struct Doctor: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the store as it is configured, and say what to mend.",
    usage: "cb doctor",
    discussion: """
      Checks the configuration file, the environment and the store: each line says what was seen, and what to do \
      about it. Exits 1 if a run would not be guarded. No breaker is changed; to see whether the store can be \
      written, a file that belongs to no breaker is made in it and removed again.
      """)

  @OptionGroup var common: CommonOptions

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    var checks: [StoreCheck] = []
    let configuration = configuration(world, &checks)
    checks += EnvironmentCheck.checks(ProcessEnvironment.names(), value: world.environment)
    checks += store(configuration, world, areSettingsSound: !checks.contains { $0.verdict == .failure })
    try world.print(DoctorText.text(checks, OutputStyle(common.color, world)))
    return checks.contains { $0.verdict == .failure } ? ExitCode.failure : ExitCode.success
  }

  private func configuration(_ world: World, _ checks: inout [StoreCheck]) -> Configuration? {
    do throws(ConfigurationFault) {
      let configuration = try ConfigurationFile(world: world).load(common.config)
      let seen =
        configuration.file.isEmpty
        ? "no file; the defaults hold"
        : "\(configuration.file): \(configuration.defaults.count) defaults, \(configuration.patterns.count) patterns"
      checks.append(StoreCheck("configuration", .ok, seen))
      return configuration
    } catch {
      checks.append(
        StoreCheck("configuration", .failure, error.message, advice: "mend the file; until then no command runs"))
      return nil
    }
  }

  private func store(_ configuration: Configuration?, _ world: World, areSettingsSound: Bool) -> [StoreCheck] {
    do throws(CommandFailure) {
      let session = try Session(common.places, world: world)
      // What the store says comes from its own checks: a URL may hold a password.
      let origin = StoreCheck("store", .ok, "chosen by \(origin(configuration, world))")
      var checks = [origin] + session.store.checks()
      session.store.rest()
      if checks.count == 1 { checks += [Self.reading(session)] }
      return checks
    } catch {
      guard areSettingsSound else {
        return [StoreCheck("store", .failure, "not looked at", advice: "mend what is above, then run cb doctor again")]
      }
      return [StoreCheck("store", .failure, error.message)]
    }
  }

  /// For a store that has no checks of its own.
  private static func reading(_ session: Session) -> StoreCheck {
    do throws(StoreError) {
      return StoreCheck("breakers", .ok, "\(try session.store.names().count)")
    } catch {
      return StoreCheck("breakers", error)
    }
  }

  private func origin(_ configuration: Configuration?, _ world: World) -> String {
    if common.store != nil { return "--store" }
    if world.environment("CB_STORE") != nil { return "CB_STORE" }
    if let configuration, configuration.store != nil { return configuration.file }
    for name in ["CB_STATE_DIR", "STATE_DIRECTORY"] where world.environment(name) != nil { return name }
    return geteuid() == 0 ? "default (root)" : "default (user \(geteuid()))"
  }
}
