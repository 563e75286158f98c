package import BreakerStore
package import CircuitBreaker
package import System

/// The file store: a directory with one JSON document a breaker (docs/CONTRACT.md, "Stores"). `DocumentDirectory` sees to
/// locks, atomic replacement and durability; `TimeLine` to the time.
package struct FileStore: BreakerStorage {
  let documents: DocumentDirectory
  let clock: StoreClock
  private let random: @Sendable () -> UInt64
  private let last = LastDocument()

  /// Events that stay in the document; older ones are spilled to the history file in batches, so that a document does
  /// not grow, and most changes write one file.
  private static let eventsKept = 16
  private static let eventsAtMost = 32
  /// Bytes of a history file, some 70 an event: above it the older half goes, and the last 1,000 events are left.
  private static let historyLimit = 512 << 10

  /// `random` draws the id of a breaker that is made.
  package init(directory: DocumentDirectory, clock: StoreClock, random: @escaping @Sendable () -> UInt64) {
    documents = directory
    self.clock = clock
    self.random = random
  }

  /// The directory, for messages.
  package var path: String { String(decoding: documents.path, as: UTF8.self) }

  /// As `OpenStore.label`.
  package var label: String { "file:\(path)" }

  // MARK: Reading

  /// Takes no lock. A damaged document is told in the reading; one that a newer version wrote throws `newer`.
  package func read(_ name: BreakerName, _ look: Look) throws(StoreError) -> Reading {
    let document = DocumentName(name)
    var bytes = try documents.read(document)
    // A process that reported and ended between our reading the document and our looking for it was not lost: it died
    // without a report only if the document is still the same. Under the lock of a change this cannot happen.
    for _ in 0..<16 {
      guard let seen = bytes else { break }
      let (reading, hasLost) = try reading(seen, name, document)
      if !hasLost { return reading }
      bytes = try documents.read(document)
      if bytes == seen { return reading }
    }
    guard let bytes else { return Reading(breaker: nil, now: wallTime()) }
    return try reading(bytes, name, document).reading
  }

  private func reading(
    _ bytes: [UInt8], _ name: BreakerName, _ document: DocumentName
  ) throws(StoreError) -> (reading: Reading, hasLost: Bool) {
    // The clock after the document: nothing in it can then be later than now.
    do throws(FormatFault) {
      return current(try last.parse(bytes, name: name))
    } catch {
      let damage = try damage(error, document)
      if let safe = try recovered(from: try documents.readSafeCopy(document), name: name) { return current(safe) }
      return (Reading(breaker: nil, now: wallTime(), damage: damage), false)
    }
  }

  private func current(_ file: DocumentFile) -> (reading: Reading, hasLost: Bool) {
    var breaker = file.breaker
    let now = bring(&breaker, anchor: file.anchor, toNow: clock.reading())
    breaker.settle(at: now)
    return (Reading(breaker: breaker, now: now), breaker.totals.lost != file.breaker.totals.lost)
  }

  /// In the order of names; a document that is removed meanwhile is left out.
  package func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) {
    try documents.forEachDocument { document, bytes in
      let name = document.name
      body(
        name,
        Result { () throws(StoreError) in
          let (reading, hasLost) = try reading(try bytes.get(), name, document)
          return hasLost ? try read(name) : reading
        })
    }
  }

  /// From the file names alone: no document is opened.
  package func names() throws(StoreError) -> [BreakerName] {
    try documents.names().map(\.name)
  }

  /// The events of the document, and before them those of BASE.history.
  package func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? {
    let document = DocumentName(name)
    // The file first: what is spilled in between is then in both, and never in neither.
    let lines = try documents.history(document)
    guard let breaker = try read(name).breaker else { return nil }
    var entries = breaker.history
    if let lines, entries.count < limit {
      entries =
        HistoryFile.entries(lines, before: entries.first?.sequence ?? breaker.nextSequence, limit: limit) + entries
    }
    return Array(entries.drop { $0.sequence < breaker.firstSequence }.suffix(limit))
  }

  // MARK: Changing

  /// Under the document's lock. Throws `locked` if another process holds it for too long; a damaged document is set
  /// aside.
  package func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied {
    let document = DocumentName(name)
    return try documents.change(document) { (contents) throws(StoreError) in
      var notices: [String] = []
      let file = try load(contents, name, document, &notices)
      // The clock after the lock: events of a breaker are in the order of their times.
      let clock = clock.reading()
      guard file != nil || event.createsBreaker else {
        let effect: Effect = if case .record = event { .stale } else { .done }
        return (Applied(breaker: nil, step: Step(effect), now: wallTime(), notices: notices), .none)
      }
      var breaker = file?.breaker ?? Breaker(id: random())
      let now = bring(&breaker, anchor: file?.anchor, toNow: clock)
      let step = breaker.apply(event, at: now)
      // A new breaker is flushed, so that from the first there is a document to fall back on after a power cut.
      let durability: Durability = step.isStateChange || file == nil ? .flushed : .unflushed
      let spill = spill(&breaker)
      var anchor = ClockAnchor(bootID: clock.bootID, bootMilliseconds: clock.bootMilliseconds, time: now)
      if let kept = file?.anchor.kept { anchor.kept = kept }
      let bytes = DocumentFile(breaker: breaker, anchor: anchor).bytes(name: name)
      return (
        Applied(breaker: breaker, step: step, now: now, notices: notices),
        .replace(bytes, durability, spill: spill)
      )
    }
  }

  /// Under the lock. A damaged document goes too; one that a newer version wrote throws and stays.
  package func remove(_ name: BreakerName) throws(StoreError) -> Bool {
    let document = DocumentName(name)
    return try documents.change(document) { (contents) throws(StoreError) in
      guard let bytes = contents.document else { return (false, .none) }
      // One that is damaged goes too; one that is newer is not ours to judge.
      do throws(FormatFault) {
        _ = try last.parse(bytes, name: name)
      } catch {
        _ = try damage(error, document)
      }
      return (true, .remove)
    }
  }

  /// The document under the lock. One that is damaged is set aside; nil then, as where there is none.
  private func load(
    _ contents: borrowing DocumentContents, _ name: BreakerName, _ document: DocumentName, _ notices: inout [String]
  ) throws(StoreError) -> DocumentFile? {
    guard let bytes = contents.document else { return nil }
    do throws(FormatFault) {
      return try last.parse(bytes, name: name)
    } catch {
      let reason = try damage(error, document)
      if let safe = try recovered(from: try contents.safeCopy(), name: name) { return safe }
      let place = try contents.setAside(wallMilliseconds: clock.reading().wallMilliseconds)
      notices.append("\(name): \(reason); it was set aside as \(place), and the breaker starts closed")
      return nil
    }
  }

  /// The last flushed document, where a power cut may have torn the current one: where the machine was restarted
  /// since. Within one boot a document that cannot be read was damaged by somebody, and is not made up for.
  private func recovered(from safe: [UInt8]?, name: BreakerName) throws(StoreError) -> DocumentFile? {
    guard let safe, let file = try? DocumentFile.parse(safe, name: name),
      file.anchor.bootID != clock.reading().bootID
    else { return nil }
    return file
  }

  private func damage(_ fault: FormatFault, _ document: DocumentName) throws(StoreError) -> String {
    let path = FileName(documents.path, [UInt8(ascii: "/")] + document.base, ".json").text
    switch fault {
    case .damaged(let reason): return "the document \(path) is damaged: \(reason)"
    case .newer(let what): throw StoreError(.newer(what), "use", path)
    }
  }

  /// Moves the breaker to the present: its times after a step of the wall clock, its leases after a look at those who
  /// hold them.
  private func bring(_ breaker: inout Breaker, anchor: ClockAnchor?, toNow clock: ClockReading) -> Timestamp {
    let (now, shift) = TimeLine.now(after: anchor, clock)
    if shift != .zero { breaker.shift(by: shift) }
    if breaker.leases.contains(where: { $0.holder != nil }) {
      let observer = ProcessIdentity.current(bootID: clock.bootID)
      breaker.updateHolders(at: now) { $0.liveness(seenBy: observer) }
    }
    return now
  }

  private func spill(_ breaker: inout Breaker) -> HistorySpill? {
    guard breaker.history.count > Self.eventsAtMost else { return nil }
    let leaving = breaker.history.prefix(breaker.history.count - Self.eventsKept)
    let lines = leaving.flatMap(BreakerDocument.historyLine)
    breaker.history.removeFirst(leaving.count)
    return HistorySpill(lines: lines, limit: Self.historyLimit)
  }

  private func wallTime() -> Timestamp {
    Timestamp(milliseconds: clock.reading().wallMilliseconds)
  }
}
