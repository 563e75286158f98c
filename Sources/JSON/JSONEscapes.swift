/// What the strict and the JSON5 parser read alike, beside numbers: scalars, escapes, and the error of what is neither.

/// The scalar that begins at this offset, or nil if the bytes there are not UTF-8.
func scalar(at offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Unicode.Scalar? {
  guard offset < text.count else { return nil }
  let bytes = UnsafeBufferPointer(rebasing: text[offset..<min(offset + 4, text.count)])
  if let bad = firstInvalidUTF8(in: bytes), bad == 0 { return nil }
  var iterator = bytes.makeIterator()
  var decoder = UTF8()
  guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
  return scalar
}

/// The error that says what stands at `index` in place of `expected`.
@inline(never)
func unexpected(_ expected: String, in text: UnsafeBufferPointer<UInt8>, at index: Int) -> JSONError {
  guard index < text.count else { return JSONError(.unexpectedEnd(expected: expected), at: index, in: text) }
  guard let found = scalar(at: index, in: text) else { return JSONError(.invalidUTF8, at: index, in: text) }
  return JSONError(.unexpected(found: String(found), expected: expected), at: index, in: text)
}

/// The control character that a letter behind a backslash means in JSON and in JSON5; nil if it means none in both.
@inline(__always)
func controlCharacter(escapedBy letter: UInt8) -> UInt8? {
  switch letter {
  case UInt8(ascii: "b"): 0x08
  case UInt8(ascii: "f"): 0x0C
  case UInt8(ascii: "n"): 0x0A
  case UInt8(ascii: "r"): 0x0D
  case UInt8(ascii: "t"): 0x09
  default: nil
  }
}

/// The value of `count` hexadecimal digits at `index`, which moves past them; nil if there are fewer.
func hexadecimal(_ count: Int, in text: UnsafeBufferPointer<UInt8>, at index: inout Int) -> UInt32? {
  guard index + count <= text.count else { return nil }
  var value: UInt32 = 0
  for offset in index..<index + count {
    guard let digit = hexadecimalDigit(text[offset]) else { return nil }
    value = value << 4 | UInt32(digit)
  }
  index += count
  return value
}

/// The value of a hexadecimal digit, 0 to 15; nil if the byte is none.
package func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// Reads what follows `\u`: four digits, and `\u` with four more if they are the first half of a surrogate pair. Half a
/// pair is an error, since no Swift string can hold it. `start` is the offset of the backslash.
func parseUnicodeEscape(
  in text: UnsafeBufferPointer<UInt8>, at index: inout Int, from start: Int
) throws(JSONError) -> Unicode.Scalar {
  guard let first = hexadecimal(4, in: text, at: &index) else { throw JSONError(.invalidEscape, at: start, in: text) }
  if let scalar = Unicode.Scalar(first) { return scalar }
  guard first < 0xDC00, index + 1 < text.count, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u")
  else { throw JSONError(.loneSurrogate, at: start, in: text) }
  index += 2
  guard let second = hexadecimal(4, in: text, at: &index) else { throw JSONError(.invalidEscape, at: start, in: text) }
  guard 0xDC00...0xDFFF ~= second, let scalar = Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF))
  else { throw JSONError(.loneSurrogate, at: start, in: text) }
  return scalar
}
