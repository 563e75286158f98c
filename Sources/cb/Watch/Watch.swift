import BreakerStore
import CircuitBreaker

/// `cb status --watch`.
struct Watch {
  let session: Session
  let selection: Selection
  let interval: Span
  let color: ColorChoice

  func execute() throws(CommandFailure) -> Int32 {
    try ChangeLines(session: session, selection: selection, interval: interval).execute()
  }
}
