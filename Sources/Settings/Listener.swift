/// The events that `on-event` can name (docs/CONTRACT.md, "Events").
package enum ListenedEvent: String, Hashable, Sendable, CaseIterable {
  case beforeCall = "before-call"
  case success
  case failure
  case excluded
  case ignored
  case rejected
  case stateChange = "state-change"
  case open
  case halfOpen = "half-open"
  case close
  case hold
  case stillOpen = "still-open"
  case manual
  case any
}

/// One `EVENT=CMD`.
package struct Listener: Hashable, Sendable {
  package var event: ListenedEvent
  package var command: String

  /// nil for a text that is not EVENT=CMD.
  package init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let event = ListenedEvent(rawValue: String(parts[0])), !parts[1].isEmpty,
      !text.utf8.contains(0)
    else { return nil }
    self.event = event
    command = String(parts[1])
  }

  package var text: String { "\(event.rawValue)=\(command)" }
}
