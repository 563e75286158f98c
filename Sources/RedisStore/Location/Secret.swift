/// Bytes that no message, dump or mirror shows.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package let bytes: [UInt8]

  /// The bytes need not be UTF-8.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var description: String { "***" }
  package var debugDescription: String { "***" }
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
