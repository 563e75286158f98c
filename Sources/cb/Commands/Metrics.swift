import ArgumentParser
import CircuitBreaker

struct Metrics: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Print all breakers as Prometheus metrics.",
    usage: "cb metrics [--output FILE] [--settings]",
    discussion: """
      With --output, FILE is replaced atomically, for the textfile collector of node_exporter, whose directory reads \
      *.prom; a device or a pipe is written to. Never writes to the store. A Redis store is exported by one host, or \
      rules take max by (store, breaker).

      A store that cannot be read gives cb_store_up 0 and nothing else: an error (exit 1), but with --output exit 0 \
      as long as FILE was written, since FILE says so.

      Example: cb metrics --output /var/lib/prometheus/node-exporter/cb.prom
      """)

  @Option(help: ArgumentHelp("Replace this file instead of printing.", valueName: "file"))
  var output: String?
  @Flag(help: "Also every setting that is a number, as cb_settings{key}.") var settings = false
  @OptionGroup var common: CommonOptions

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    if output?.isEmpty == true || output?.utf8.last == UInt8(ascii: "/") {
      throw .usage("metrics: --output: '\(output ?? "")' is not the name of a file")
    }
    let session = try Session(common.places, world: world)
    let store = session.storeURL()
    var metrics = MetricsText(store: store, showsSettings: settings)
    var text: String
    var isUp = true
    do throws(CommandFailure) {
      try Selection(texts: []).forEach(in: session, report: { world.say("\($0): \($1)") }) { metrics.add($0) }
      text = metrics.finish()
    } catch {
      world.say(error.message)
      text = MetricsText.storeDown(store)
      isUp = false
    }
    if let output {
      try OutputFile(path: output).write(text)
      return ExitCode.success
    }
    try world.print(text)
    return isUp ? ExitCode.success : ExitCode.failure
  }
}
