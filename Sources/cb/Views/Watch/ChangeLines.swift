import BreakerStore
import CircuitBreaker
import System

/// `cb status --watch` on a pipe: a line a change of state.
struct ChangeLines {
  let session: Session
  let selection: Selection
  let interval: Span

  func execute() throws(CommandFailure) -> Int32 {
    let world = session.world
    var report = Reporter(world: world)
    var follower = Follower(session, selection)
    try follower.skipToEnd { report.say($0, $1) }
    while true {
      session.store.rest()
      try Following.nap(interval.milliseconds, world)
      let text = follower.news(&report).compactMap(Self.line).joined()
      if !text.isEmpty { try world.print(text) }
    }
  }

  /// `2026-11-23T15:17:26Z db-backup: closed -> open (5 failures in a row (exit 1))`
  static func line(_ news: Follower.News) -> String? {
    switch news {
    case .event(let name, let entry):
      guard let from = entry.from, let to = entry.to, from != to, entry.kind != .reset else { return nil }
      return "\(ClockText.seconds(entry.at)) \(name.text.escapingControls()): \(EventText.what(entry))\n"
    case .reset(let name, let from, let at):
      return "\(ClockText.seconds(at)) \(name.text.escapingControls()): \(from.rawValue) -> closed (reset)\n"
    case .removed(let name, let from, let at):
      return "\(ClockText.seconds(at)) \(name.text.escapingControls()): \(from.rawValue) -> removed\n"
    }
  }
}
