import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import System

/// `cb status --watch`: on a terminal a table that lives, elsewhere a line a change.
struct Watch {
  let session: Session
  let places: Places
  let selection: Selection
  let interval: Span
  let color: ColorChoice
  var states: [StateFilter] = []
  var order: StatusOrder?

  func execute() throws(CommandFailure) -> Int32 {
    let world = session.world
    var style = OutputStyle(color, world)
    guard isatty(STDOUT_FILENO) == 1, style.takesEscapes else {
      return try ChangeLines(session: session, selection: selection, interval: interval).execute()
    }
    style.isForEyes = true
    return try live(style)
  }

  /// The countdowns run by the second, however rarely the store is looked at.
  private static let longestPause: Int64 = 1000

  private func live(_ style: OutputStyle) throws(CommandFailure) -> Int32 {
    let signals = SignalQueue(session.world.inherited)
    var terminal = WatchTerminal()
    var model = WatchModel(interval: interval, order: order)
    // Before the terminal is taken: what fails at once says so in the ordinary way.
    try look(&model, style)
    var readAt = now()
    var lookedAt = readAt
    terminal.enter(signals)
    var reader = KeyReader()
    var drawn = ""
    while true {
      let picture = picture(&model, style, elapsed: Span(milliseconds: now() - readAt))
      if picture != drawn {
        guard terminal.draw(picture) else { return finish(&terminal, ExitCode.failure) }
        drawn = picture
      }
      let due = lookedAt + interval.milliseconds - now()
      let nap = reader.isWaiting ? 50 : min(Self.longestPause, max(0, due))
      var sources = [
        pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: terminal.keys, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&sources, 2, Int32(nap))
      while let wish = signals.next() {
        switch wish {
        case .end(let signal):
          terminal.leave()
          dieOf(signal)
        case .stop(let signal):
          terminal.leave()
          signals.stop(by: signal)
          terminal.enter(signals)
          drawn = ""
        case .resize: drawn = ""
        }
      }
      var keys: [Key] = []
      if count > 0, sources[1].revents != 0 {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let length = read(terminal.keys, &bytes, bytes.count)
        // The other end of the terminal is gone.
        if length == 0 || (length < 0 && errno != EINTR && errno != EAGAIN) {
          return finish(&terminal, ExitCode.failure)
        }
        keys = reader.decode(bytes.prefix(max(0, length)))
      } else if count == 0, reader.isWaiting {
        keys = reader.giveUp()
      }
      var isChanged = false
      for key in keys {
        switch model.handle(key) {
        case .none: break
        case .quit: return finish(&terminal, ExitCode.success)
        case .look: isChanged = true
        case .apply(let change, let name, let reason):
          model.message = Intervention(places: places, world: session.world, change: change, name: name, reason: reason)
            .execute()
          isChanged = true
          // A listener may have written over the picture.
          drawn = ""
        }
      }
      if isChanged || now() - lookedAt >= interval.milliseconds {
        if relook(&model, style) { readAt = now() }
        lookedAt = now()
      }
    }
  }

  private func finish(_ terminal: inout WatchTerminal, _ code: Int32) -> Int32 {
    terminal.leave()
    return code
  }

  /// Reads all breakers, and the one that is shown in full.
  private func look(_ model: inout WatchModel, _ style: OutputStyle) throws(CommandFailure) {
    var rows: [StatusRow] = []
    var reports: [String] = []
    var inspected: BreakerRow?
    try selection.forEach(in: session, report: { reports.append("\($0): \($1)") }) { row in
      if row.name == model.inspected { inspected = row }
      let line = StatusRow(row)
      if states.isEmpty || states.contains(where: { $0.lets(line) }) { rows.append(line) }
    }
    if let first = reports.first, rows.isEmpty, !model.rows.isEmpty { throw .failed(first) }
    if let name = model.inspected { model.detail = try detail(name, inspected, style) }
    model.rows = rows
    model.fault = reports.first ?? ""
    model.staleSince = nil
    model.emptiness = rows.isEmpty ? try emptiness() : ""
    session.store.rest()
  }

  private func detail(
    _ name: BreakerName, _ row: BreakerRow?, _ style: OutputStyle
  ) throws(CommandFailure) -> [String] {
    guard let row else { return ["\(name): no such breaker any more".escapingControls()] }
    var style = style
    style.columns = max(20, TerminalSize.current().columns - 1)
    return try session.detail(row, style).text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Why names that were asked for show nothing; empty if there are no breakers at all.
  private func emptiness() throws(CommandFailure) -> String {
    if !states.isEmpty { return "no breaker is in this state" }
    let missing = selection.texts.map { text in
      Glob.isPattern(text)
        ? "no breaker matches '\(text)'"
        : (try? BreakerName(text)).map { session.missing($0) } ?? "\(text): no such breaker"
    }
    return missing.joined(separator: "; ")
  }

  /// A store that fails while it is watched leaves the last picture, with the failure below it and since when.
  ///
  /// - Returns: whether it could be read.
  private func relook(_ model: inout WatchModel, _ style: OutputStyle) -> Bool {
    do throws(CommandFailure) {
      try look(&model, style)
      return true
    } catch {
      // The first reason stays: later looks may only say that the store is left alone for a while.
      if model.staleSince == nil {
        model.staleSince = wall()
        model.fault = error.message
      }
      return false
    }
  }

  private func picture(_ model: inout WatchModel, _ style: OutputStyle, elapsed: Span) -> String {
    let size = TerminalSize.current()
    model.room = max(1, size.rows - WatchScreen.frame)
    let screen = WatchScreen(size: size, style: style, elapsed: elapsed, now: wall())
    return WatchScreen.picture(screen.lines(model))
  }

  private func wall() -> Timestamp { Timestamp(milliseconds: session.world.clock.reading().wallMilliseconds) }

  /// Milliseconds since the machine was started.
  private func now() -> Int64 { session.world.clock.reading().bootMilliseconds }
}
