import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import JSON
import System

struct History: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show what happened, oldest first.",
    usage: "cb history [NAME...] [--json] [-n N] [--since TIME] [--kind LIST] [--follow]",
    discussion: """
      State changes with their cause, failures, rejections, what was lost, and what was done by hand, with who and \
      why. Without a NAME: of all breakers, in order of time (UTC). NAME may be a quoted glob. The last 1,000 \
      events of a breaker are kept. Never writes.

      --json prints an array, or with --follow one object per line. --follow survives an outage of the store.

      Example: cb history db-backup --since 2d --kind failure,state-change
      """)

  private static let limit = 1000
  private static let kinds = ["failure", "rejected", "state-change", "lost", "manual", "set", "reset"]
  /// Milliseconds between two looks.
  private static let pace: Int64 = 250

  @Flag(help: "Print JSON.") var json = false
  @Option(
    name: .customShort("n", allowingJoined: true),
    help: ArgumentHelp("Show the last N events only.", valueName: "n"))
  var count: String?
  @Option(
    help: ArgumentHelp(
      "Show what happened from then on: 2026-11-23T15:00:00Z, seconds since 1970, or a duration ago such as 90m.",
      valueName: "time"))
  var since: String?
  @Option(
    help: ArgumentHelp(
      "Show only these kinds: failure, rejected, state-change, lost, manual, set, reset.", valueName: "list"))
  var kind: String?
  @Flag(name: .shortAndLong, help: "Keep running and print events as they happen.") var follow = false
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let count = try parsedCount()
    let kinds = try ListOption.parse(kind, "history: --kind", Self.kinds)
    if let since, SinceTime.parse(since, now: Timestamp(milliseconds: world.clock.reading().wallMilliseconds)) == nil {
      throw .usage("history: --since: '\(since)' is not valid: \(SinceTime.range)")
    }
    let session = try Session(common.places, world: world)
    var isAnyMissing = false
    var selection = Selection(texts: names)
    if !names.isEmpty {
      let found = try session.breakers(names, creating: false)
      isAnyMissing = found.isAnyMissing
      if found.names.isEmpty { return ExitCode.failure }
      if !follow { selection.texts = found.names.map(\.text) }
    }
    var report = Reporter(world: world)
    let style = OutputStyle(common.color, world)
    var follower = Follower(session, selection)
    // Known first and read then: an event in between is read, and then known too.
    if follow { try follower.skipToEnd { report.say($0, $1) } }
    let wanted = { (entry: HistoryEntry) in kinds.isEmpty || kinds.contains(entry.kind.rawValue) }
    var histories: [(name: BreakerName, entries: [HistoryEntry])] = []
    for name in try follow ? follower.known : selection.names(in: session) {
      do throws(CommandFailure) {
        guard let entries = try session.history(name, limit: max(count ?? 0, Self.limit)) else { continue }
        histories.append((name, entries))
        if follow, let last = entries.last { follower.know(name, upTo: last) }
      } catch {
        report.say(name, error.message)
      }
    }
    var events = HistoryMerge.merge(histories).filter { wanted($0.entry) }
    if let since {
      let now = Timestamp(milliseconds: world.clock.reading().wallMilliseconds)
      if let from = SinceTime.parse(since, now: now) { events.removeAll { $0.entry.at < from } }
    }
    if let count { events = Array(events.suffix(count)) }
    let width = events.map { DisplayWidth.of(EventText.columnName($0.name, style)) }.max() ?? 0
    if json, !follow {
      let array = JSONValue.array(events.map { EventText.json($0.name, $0.entry) })
      try world.print(String(decoding: array.bytes(.pretty), as: UTF8.self))
    } else {
      try world.print(events.map { line($0.name, $0.entry, width, style) }.joined())
    }
    if follow { try goOn(follower, width, style, report, wanted) }
    return isAnyMissing || report.hasSpoken ? ExitCode.failure : ExitCode.success
  }

  private func goOn(
    _ follower: Follower, _ width: Int, _ style: OutputStyle, _ report: Reporter,
    _ wanted: (HistoryEntry) -> Bool
  ) throws(CommandFailure) {
    var follower = follower
    var width = width
    var report = report
    let world = report.world
    while true {
      let start = world.clock.reading().bootMilliseconds
      var text = ""
      for case .event(let name, let entry) in follower.news(&report) where wanted(entry) {
        width = max(width, DisplayWidth.of(EventText.columnName(name, style)))
        text += line(name, entry, width, style)
      }
      if !text.isEmpty { try world.print(text) }
      follower.session.store.rest()
      // A store that takes long to read is looked at less often, so that looking takes a fifth of the time at most.
      let spent = world.clock.reading().bootMilliseconds - start
      try Following.nap(max(Self.pace, spent * 4), world)
    }
  }

  private func line(_ name: BreakerName, _ entry: HistoryEntry, _ width: Int, _ style: OutputStyle) -> String {
    if json { return String(decoding: EventText.json(name, entry).bytes(.compact), as: UTF8.self) + "\n" }
    return EventText.line(name, width: width, entry, style) + "\n"
  }

  private func parsedCount() throws(CommandFailure) -> Int? {
    guard let count else { return nil }
    guard let number = Int(count), (0...1_000_000).contains(number), count.utf8.first != UInt8(ascii: "+") else {
      throw .usage("history: -n: '\(count)' is not valid: it must be a whole number, 0 or more")
    }
    return number
  }
}

/// What views that last share.
enum Following {
  /// Sleeps; ends cb by a signal that is to end it, and when the reader of its output is gone, which nothing would
  /// tell while there is nothing to write.
  static func nap(_ milliseconds: Int64, _ world: World) throws(CommandFailure) {
    var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    if poll(&output, 1, 0) > 0, output.revents & Int16(POLLERR) != 0 {
      throw CommandFailure(exitCode: 128 + SIGPIPE, message: "")
    }
    if let signal = pause(milliseconds: milliseconds, inherited: world.inherited) { dieOf(signal) }
  }
}
