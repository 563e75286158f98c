/// Times as `2026-11-23T15:17:26.123Z` (RFC 3339, always UTC, always milliseconds), without a calendar library: the
/// proleptic Gregorian calendar in whole days, counted in eras of 400 years.
package enum RFC3339 {
  /// Times before the year 0 and after 9999 are shown as the nearest that has a form.
  package static func format(_ time: Timestamp) -> String {
    String(unsafeUninitializedCapacity: 24) { buffer in
      write(time, into: buffer)
      return 24
    }
  }

  private static let first: Int64 = -62_167_219_200_000
  private static let last: Int64 = 253_402_300_799_999
  private static let millisecondsPerDay: Int64 = 86_400_000

  private static func write(_ time: Timestamp, into buffer: UnsafeMutableBufferPointer<UInt8>) {
    let clamped = min(max(time.milliseconds, first), last)
    var day = clamped / millisecondsPerDay
    var rest = clamped % millisecondsPerDay
    if rest < 0 {
      rest += millisecondsPerDay
      day -= 1
    }
    let (year, month, dayOfMonth) = civil(fromDay: day)
    var position = 0
    func digits(_ value: Int64, _ count: Int, then separator: Unicode.Scalar) {
      var value = value
      for index in stride(from: position + count - 1, through: position, by: -1) {
        buffer[index] = UInt8(48 + value % 10)
        value /= 10
      }
      buffer[position + count] = UInt8(ascii: separator)
      position += count + 1
    }
    digits(year, 4, then: "-")
    digits(month, 2, then: "-")
    digits(dayOfMonth, 2, then: "T")
    digits(rest / 3_600_000, 2, then: ":")
    digits(rest / 60_000 % 60, 2, then: ":")
    digits(rest / 1000 % 60, 2, then: ".")
    digits(rest % 1000, 3, then: "Z")
  }

  /// Reads just the form that `format` writes; nil for anything else.
  package static func parse(_ text: String) -> Timestamp? {
    var text = text
    return text.withUTF8 { bytes -> Timestamp? in
      guard bytes.count == 24 else { return nil }
      func number(_ start: Int, _ count: Int, then separator: Unicode.Scalar) -> Int64? {
        var value: Int64 = 0
        for byte in bytes[start..<(start + count)] {
          guard byte >= 48, byte <= 57 else { return nil }
          value = value * 10 + Int64(byte - 48)
        }
        return bytes[start + count] == UInt8(ascii: separator) ? value : nil
      }
      guard let year = number(0, 4, then: "-"), let month = number(5, 2, then: "-"),
        let day = number(8, 2, then: "T"), let hour = number(11, 2, then: ":"), let minute = number(14, 2, then: ":"),
        let second = number(17, 2, then: "."), let fraction = number(20, 3, then: "Z"),
        (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
      else { return nil }
      let days = self.day(fromCivil: year, month, day)
      return Timestamp(
        milliseconds: days * millisecondsPerDay + (hour * 3600 + minute * 60 + second) * 1000 + fraction)
    }
  }

  private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func day(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
