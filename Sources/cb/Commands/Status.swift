import ArgumentParser
import BreakerStore
import CircuitBreaker
import JSON
import Settings

struct Status: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show breakers.",
    usage: "cb status [NAME...] [--json] [--verbose] [--watch [SECONDS]]",
    discussion: """
      Without a NAME: all, as a table. One NAME: that breaker in full. NAME may be a quoted glob. Never writes.

      On a terminal the table fits its width, and each state has a sign and a colour (--color, NO_COLOR, \
      CLICOLOR_FORCE). On a pipe nothing is cut, and there are neither signs nor colours; --json is made for scripts.

      --watch draws the table again every second, or every SECONDS: q ends, arrows select, / filters, and o, c and h \
      open, close and half-open the selected breaker after a question. On a pipe it prints a line a change of state.
      """)

  @Flag(help: "Print JSON.") var json = false
  @Flag(name: .shortAndLong, help: "Show every setting and where its value came from.") var verbose = false
  @Option(
    help: ArgumentHelp("Show what happens while it happens; looks every second unless told.", valueName: "seconds"))
  var watch: String?
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    if let watch {
      if json { throw .usage("status: --json and --watch exclude each other; see cb history --follow --json") }
      let interval = try WatchOption.interval(watch)
      let session = try Session(common.places, world: world)
      return try Watch(session: session, selection: Selection(texts: names), interval: interval, color: common.color)
        .execute()
    }
    let session = try Session(common.places, world: world)
    var isAnyMissing = false
    var selection = Selection(texts: names)
    if !names.isEmpty {
      let found = try session.breakers(names, creating: false)
      isAnyMissing = found.isAnyMissing
      // What is there, by its very name: a name may itself look like a glob.
      if found.names.isEmpty { return ExitCode.failure }
      selection.texts = found.names.map(\.text)
    }
    let style = OutputStyle(common.color, world)
    let isDetail = !json && (verbose || (names.count == 1 && !Glob.isPattern(names[0])))
    var failures: [String] = []
    let report = { (sentence: String) in failures.append(sentence) }
    if json {
      var objects: [JSONValue] = []
      try selection.forEach(in: session, report: report) {
        objects.append(StatusJSON.object($0.name, $0.breaker, $0.settings, at: $0.now))
      }
      try world.print(String(decoding: JSONValue.array(objects).bytes(.pretty), as: UTF8.self))
    } else if isDetail {
      var rows: [BreakerRow] = []
      try selection.forEach(in: session, report: report) { rows.append($0) }
      try world.print(try details(rows, session, style))
    } else {
      var rows: [StatusRow] = []
      try selection.forEach(in: session, report: report) { rows.append(StatusRow($0)) }
      if !rows.isEmpty || failures.isEmpty { try world.print(StatusTable.text(rows, style)) }
    }
    for sentence in failures { world.say(sentence) }
    return isAnyMissing || !failures.isEmpty ? ExitCode.failure : ExitCode.success
  }

  private func details(_ rows: [BreakerRow], _ session: Session, _ style: OutputStyle) throws(CommandFailure) -> String
  {
    var texts: [String] = []
    for row in rows {
      let events = try session.storeResult { () throws(StoreError) in
        try session.store.history(row.name, limit: StatusDetail.eventsRead)
      }
      texts.append(StatusDetail(row: row, events: events ?? [], style: style, showsAllSettings: verbose).text)
    }
    return texts.joined(separator: "\n")
  }
}
