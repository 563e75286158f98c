/// A place in a text: line and column, both counted from 1, the column in Unicode scalars.
///
/// LF, CR and CRLF end a line, as in an editor.
package struct JSONPosition: Equatable, Sendable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  /// Both from 1.
  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package var description: String { "line \(line), column \(column)" }

  /// The position of the byte at `offset`. Counts from the start: for errors, which come once.
  init(of offset: Int, in text: UnsafeBufferPointer<UInt8>) {
    var cursor = JSONPositionCursor()
    self = cursor.advance(to: offset, in: text)
  }
}

/// Counts lines and columns along with a parser that moves forward only, so that positions for all nodes of a text
/// cost one pass over it, however long its lines are.
struct JSONPositionCursor {
  private var offset = 0
  private var position = JSONPosition(line: 1, column: 1)

  init() {}

  mutating func advance(to target: Int, in text: UnsafeBufferPointer<UInt8>) -> JSONPosition {
    let end = min(target, text.count)
    while offset < end {
      let byte = text[offset]
      let isCarriageReturnOfPair = byte == 0x0D && offset + 1 < text.count && text[offset + 1] == 0x0A
      if byte == 0x0A || (byte == 0x0D && !isCarriageReturnOfPair) {
        position.line += 1
        position.column = 1
      } else if byte & 0xC0 != 0x80 {  // continuation bytes belong to the scalar before them
        position.column += 1
      }
      offset += 1
    }
    return position
  }
}
