import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import System

/// `cb status --watch`: on a terminal a table that lives, elsewhere a line a change.
struct Watch {
  let session: Session
  let selection: Selection
  let interval: Span
  let color: ColorChoice

  func execute() throws(CommandFailure) -> Int32 {
    let world = session.world
    var style = OutputStyle(color, world)
    guard isatty(STDOUT_FILENO) == 1, style.takesEscapes else {
      return try ChangeLines(session: session, selection: selection, interval: interval).execute()
    }
    style.isForEyes = true
    return try live(style)
  }

  /// The countdowns run by the second, however seldom the store is looked at.
  private static let longestPause: Int64 = 1000

  private func live(_ style: OutputStyle) throws(CommandFailure) -> Int32 {
    let signals = SignalQueue(session.world.inherited)
    var terminal = WatchTerminal()
    var model = WatchModel(interval: interval)
    // Before the terminal is taken: what fails at once says so in the ordinary way.
    var lookedAt = try look(&model)
    terminal.enter(signals)
    var reader = KeyReader()
    var drawn = ""
    while true {
      let picture = picture(&model, style, elapsed: Span(milliseconds: now() - lookedAt))
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
        keys = reader.take(bytes.prefix(max(0, length)))
      } else if count == 0, reader.isWaiting {
        keys = reader.giveUp()
      }
      var isChanged = false
      for key in keys {
        switch model.take(key) {
        case .none: break
        case .quit: return finish(&terminal, ExitCode.success)
        case .apply(let change, let name):
          model.message = Intervention(session: session, change: change, name: name).execute()
          isChanged = true
          // A listener may have written over the picture.
          drawn = ""
        }
      }
      if isChanged || now() - lookedAt >= interval.milliseconds { lookedAt = relook(&model) }
    }
  }

  private func finish(_ terminal: inout WatchTerminal, _ code: Int32) -> Int32 {
    terminal.leave()
    return code
  }

  /// Reads all breakers; the time at which that was, on the clock of `now`.
  private func look(_ model: inout WatchModel) throws(CommandFailure) -> Int64 {
    var rows: [StatusRow] = []
    var reports: [String] = []
    try selection.forEach(in: session, report: { reports.append($0) }) { rows.append(StatusRow($0)) }
    session.store.rest()
    model.rows = rows
    model.fault = reports.first ?? ""
    return now()
  }

  /// A store that fails while it is watched leaves the last picture, with the failure below it.
  private func relook(_ model: inout WatchModel) -> Int64 {
    do throws(CommandFailure) {
      return try look(&model)
    } catch {
      model.fault = error.message
      return now()
    }
  }

  private func picture(_ model: inout WatchModel, _ style: OutputStyle, elapsed: Span) -> String {
    let size = TerminalSize.current()
    model.room = max(1, size.rows - WatchScreen.frame)
    let wall = Timestamp(milliseconds: session.world.clock.reading().wallMilliseconds)
    let screen = WatchScreen(size: size, style: style, elapsed: elapsed, now: wall)
    return WatchScreen.picture(screen.lines(model))
  }

  /// Milliseconds since the machine was started.
  private func now() -> Int64 { session.world.clock.reading().bootMilliseconds }
}
