/// A number as strict JSON and JSON5 read it: exact where it is a whole number of 64 bits.
enum JSONNumber {
  case integer(Int64)
  case number(Double)
}

/// Which forms of a decimal number are allowed beside those of RFC 8259.
enum DecimalForms {
  case strict
  /// The point may be first or last: `.5`, `5.`.
  case json5
}

/// Reads a decimal number from its first digit (or point) at `index`, which moves past it. `start` is the offset of the
/// number with its sign.
///
/// Inlined, with `forms` a constant: the strict path runs in every `cb run`.
@inline(__always)
func parseDecimal(
  _ forms: DecimalForms, isNegative: Bool, in text: UnsafeBufferPointer<UInt8>, at index: inout Int, from start: Int
) throws(JSONError) -> JSONNumber {
  let digits = index
  var magnitude: UInt64 = 0
  while index < text.count {
    let digit = text[index] &- UInt8(ascii: "0")
    guard digit < 10 else { break }
    // Wraps after 19 digits, and is then not used.
    magnitude = magnitude &* 10 &+ UInt64(digit)
    index &+= 1
  }
  let count = index - digits
  let next = index < text.count ? text[index] : 0
  let isPoint = next == UInt8(ascii: ".")
  guard count > 0 || (forms == .json5 && isPoint) else { throw unexpected("a digit", in: text, at: index) }
  guard count < 2 || text[digits] != UInt8(ascii: "0") else { throw JSONError(.invalidNumber, at: start, in: text) }
  // -0 keeps its sign only as a Double.
  if !isPoint, next | 0x20 != UInt8(ascii: "e"), count <= 19, !(isNegative && magnitude == 0) {
    if !isNegative, magnitude <= UInt64(Int64.max) { return .integer(Int64(magnitude)) }
    if isNegative, magnitude <= UInt64(Int64.max) + 1 { return .integer(Int64(truncatingIfNeeded: 0 &- magnitude)) }
  }
  return .number(
    try parseFraction(forms, whole: count, isNegative: isNegative, in: text, at: &index, from: start))
}

/// Reads the fraction and the exponent behind `whole` digits, and gives the value of the number.
@inline(never)
private func parseFraction(
  _ forms: DecimalForms, whole: Int, isNegative: Bool, in text: UnsafeBufferPointer<UInt8>, at index: inout Int,
  from start: Int
) throws(JSONError) -> Double {
  let first = index - whole
  var point: Int?
  var isPadded = whole > 0
  if index < text.count, text[index] == UInt8(ascii: ".") {
    point = index
    index += 1
    let count = skipDigits(in: text, at: &index)
    isPadded = isPadded && count > 0
    guard count > 0 || (forms == .json5 && whole > 0) else { throw unexpected("a digit", in: text, at: index) }
  }
  if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
    index += 1
    if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
    guard skipDigits(in: text, at: &index) > 0 else { throw unexpected("a digit", in: text, at: index) }
  }
  var literal = String(decoding: text[first..<index], as: UTF8.self)
  if !isPadded, let point {
    // Double's parser needs digits on both sides of a point.
    let before = String(decoding: text[first..<point], as: UTF8.self)
    let behind = String(decoding: text[(point + 1)..<index], as: UTF8.self)
    literal = "0\(before)." + (behind.utf8.first.map { $0 < UInt8(ascii: ":") } == true ? behind : "0\(behind)")
  }
  guard let value = Double(literal) else { throw JSONError(.invalidNumber, at: start, in: text) }
  guard value.isFinite else { throw JSONError(.numberOutOfRange, at: start, in: text) }
  return isNegative ? -value : value
}

/// Moves `index` past the digits there, and gives how many they are.
private func skipDigits(in text: UnsafeBufferPointer<UInt8>, at index: inout Int) -> Int {
  let start = index
  while index < text.count, text[index] &- UInt8(ascii: "0") < 10 { index += 1 }
  return index - start
}
