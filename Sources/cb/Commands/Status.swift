import ArgumentParser
import BreakerStore
import CircuitBreaker
import JSON
import Settings

struct Status: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show breakers.",
    usage: "cb status [NAME...] [--json] [--verbose] [--watch [SECONDS]] [--state LIST] [--sort KEY] [--exit-code]",
    discussion: """
      Without a NAME: all, as a table. One NAME: that breaker in full, and first what happens to its next run and why. \
      NAME may be a quoted glob. Never writes.

      On a terminal the table fits its width, what needs attention comes first, and each state has a mark and a colour \
      (--color, NO_COLOR, CLICOLOR_FORCE). On a pipe nothing is cut, and there are neither marks nor colours; --json \
      is for scripts.

      --watch draws the table again every second, or every SECONDS; '?' shows its keys. On a pipe it prints one line per \
      change of state.

      Example: cb status --state open,held
      """)

  @Flag(help: "Print JSON.") var json = false
  @Flag(name: .shortAndLong, help: "Show every setting and where its value came from.") var verbose = false
  @Option(
    help: ArgumentHelp("Show changes as they happen; updates every second by default.", valueName: "seconds"))
  var watch: String?
  @Option(
    help: ArgumentHelp(
      "Show only those in these states: closed, open (held and due ones too), half-open, held, due.", valueName: "list")
  )
  var state: String?
  @Option(
    help: ArgumentHelp(
      "Sort by name, state, failures or changed (default: on a terminal what needs attention first, else by name).",
      valueName: "key"))
  var sort: String?
  @Flag(help: "Exit 0 if all are closed and none is held, else 1.") var exitCode = false
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let states = try parsedStates()
    let order = try parsedOrder()
    if let watch {
      if json { throw .usage("status: --json and --watch exclude each other; see cb history --follow --json") }
      if exitCode { throw .usage("status: --exit-code and --watch exclude each other") }
      let interval = try WatchOption.interval(watch)
      let session = try Session(common.places, world: world)
      return try Watch(
        session: session, places: common.places, selection: Selection(texts: names), interval: interval,
        color: common.color, states: states, order: order
      ).execute()
    }
    let session = try Session(common.places, world: world)
    var isAnyMissing = false
    var selection = Selection(texts: names)
    if !names.isEmpty {
      let found = try session.breakers(names, creating: false)
      isAnyMissing = found.isAnyMissing
      if found.names.isEmpty {
        if json { try world.print("[]\n") }
        return ExitCode.failure
      }
      selection.texts = found.names.map(\.text)
      selection.looks = found.looks
    }
    let style = OutputStyle(common.color, world)
    let isDetail = !json && (verbose || (names.count == 1 && !Glob.isPattern(names[0])))
    var failures: [String] = []
    let report = { (name: BreakerName, reason: String) in failures.append("\(name): \(reason)") }
    var rows: [StatusRow] = []
    if json || isDetail {
      var whole: [BreakerRow] = []
      try selection.forEach(in: session, report: report) { row in
        let line = StatusRow(row)
        guard states.isEmpty || states.contains(where: { $0.lets(line) }) else { return }
        rows.append(line)
        whole.append(row)
      }
      try world.print(json ? Self.json(whole) : try details(whole, session, style))
    } else {
      try selection.forEach(in: session, report: report) { rows.append(StatusRow($0)) }
      let isEmpty = rows.isEmpty
      if !states.isEmpty { rows = rows.filter { row in states.contains { $0.lets(row) } } }
      rows =
        order.map { $0.sorted(rows) } ?? (style.isForEyes ? StatusOrder.byUrgency(rows) : StatusOrder.name.sorted(rows))
      if !rows.isEmpty {
        try world.print(StatusTable.text(rows, style))
      } else if failures.isEmpty {
        try world.print(isEmpty ? StatusTable.empty : "no breaker is in this state\n")
      }
    }
    for sentence in failures { world.say(sentence) }
    if isAnyMissing || !failures.isEmpty { return ExitCode.failure }
    let isWell = rows.allSatisfy { $0.state == .closed && !$0.isHeld }
    return exitCode && !isWell ? ExitCode.failure : ExitCode.success
  }

  private static func json(_ rows: [BreakerRow]) -> String {
    let objects = rows.map { StatusJSON.object($0.name, $0.breaker, $0.settings, at: $0.now) }
    return String(decoding: JSONValue.array(objects).bytes(.pretty), as: UTF8.self)
  }

  private func details(_ rows: [BreakerRow], _ session: Session, _ style: OutputStyle) throws(CommandFailure) -> String
  {
    var texts: [String] = []
    for row in rows { texts.append(try session.detail(row, style, showsAllSettings: verbose).text) }
    return texts.joined(separator: "\n")
  }

  private func parsedStates() throws(CommandFailure) -> [StateFilter] {
    try ListOption.parse(state, "status: --state", StateFilter.allCases.map(\.rawValue)).compactMap {
      StateFilter(rawValue: $0)
    }
  }

  private func parsedOrder() throws(CommandFailure) -> StatusOrder? {
    guard let sort else { return nil }
    guard let order = StatusOrder(rawValue: sort) else {
      throw ListOption.fault("status: --sort", sort, StatusOrder.allCases.map(\.rawValue))
    }
    return order
  }
}

extension Session {
  /// All that `cb status NAME` shows.
  func detail(
    _ row: BreakerRow, _ style: OutputStyle, showsAllSettings: Bool = false
  ) throws(CommandFailure) -> StatusDetail {
    // Most breakers have all their events with them.
    let (own, first) = (row.breaker.history, row.breaker.firstSequence)
    let hasAll = own.first.map { $0.sequence <= first } ?? (row.breaker.nextSequence <= first)
    let events =
      hasAll ? own.filter { $0.sequence >= first } : try history(row.name, limit: StatusDetail.eventsRead)
    return StatusDetail(
      row: row, events: events ?? [], style: style, showsAllSettings: showsAllSettings,
      warnings: warnings(for: row.settings, stored: row.breaker.settings))
  }
}

/// An option whose value is a list of words: `open,held`.
enum ListOption {
  /// - Returns: the words; none if the option was not given.
  static func parse(_ text: String?, _ option: String, _ known: [String]) throws(CommandFailure) -> [String] {
    guard let text else { return [] }
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for word in words where !known.contains(word) { throw fault(option, word, known) }
    return words
  }

  static func fault(_ option: String, _ word: String, _ known: [String]) -> CommandFailure {
    let nearest = NearestWord.of(word, in: known).map { "did you mean \($0)? " } ?? ""
    return .usage("\(option): '\(word)' is not valid: \(nearest)It must be one of \(known.joined(separator: ", "))")
  }
}
