package import CircuitBreaker

/// The lines that left a document for its history file.
package enum HistoryFile {
  /// The last events with a number below `next`, at most `limit`, oldest first.
  ///
  /// Read from the end: numbers fall one by one. A number that is there already comes from a process that was killed
  /// between spilling and replacing its document; a number that rises belongs to a breaker that was there before.
  package static func entries(_ bytes: [UInt8], before next: Int, limit: Int) -> [HistoryEntry] {
    var entries: [HistoryEntry] = []
    var lowest = next
    for line in bytes.split(separator: UInt8(ascii: "\n")).reversed() where entries.count < limit {
      guard let entry = try? BreakerDocument.historyEntry(line: line) else { continue }
      if entry.sequence >= lowest {
        if entries.isEmpty || entries.contains(entry) { continue }
        break
      }
      lowest = entry.sequence
      entries.append(entry)
    }
    return entries.reversed()
  }
}
