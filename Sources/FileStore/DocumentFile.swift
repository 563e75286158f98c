import BreakerStore
import CircuitBreaker
import JSON

/// The document as a file: the breaker, and what the clocks said at its last change.
///
/// A class, so that it is handed on by its reference: a breaker is some fifty fields.
final class DocumentFile {
  let breaker: Breaker
  let anchor: ClockAnchor

  init(breaker: Breaker, anchor: ClockAnchor) {
    self.breaker = breaker
    self.anchor = anchor
  }

  static func parse(_ bytes: [UInt8], name: BreakerName) throws(FormatFault) -> DocumentFile {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(bytes)
    } catch {
      throw .damaged(error.description)
    }
    let breaker = try BreakerDocument.decode(value, name: name, others: ["clock"])
    guard let clock = value["clock"], let boot = clock["boot"]?.string, let uptime = clock["boot_ms"]?.int64,
      let time = clock["time"]?.string.flatMap(RFC3339.parse)
    else { throw .damaged("'clock' is not there or not readable") }
    var anchor = ClockAnchor(bootID: boot, bootMilliseconds: uptime, time: time)
    anchor.kept = KeptMembers(in: clock, but: ["boot", "boot_ms", "time"])
    return DocumentFile(breaker: breaker, anchor: anchor)
  }

  func bytes(name: BreakerName) -> [UInt8] {
    var clock = JSONObject(reservingCapacity: 3)
    clock.append("boot", .string(anchor.bootID))
    clock.append("boot_ms", .integer(anchor.bootMilliseconds))
    clock.append("time", BreakerDocument.time(anchor.time))
    clock.append(anchor.kept)
    var document = BreakerDocument.encode(breaker, name: name)
    document.append("clock", .object(clock))
    return JSONValue.object(document).bytes(.pretty)
  }
}
