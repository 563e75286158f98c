/// What a document or an event said beyond what this version knows, kept so that it can be written back.
///
/// The core never looks into it: to it these are bytes that go where the value goes that they stood beside.
package struct KeptMembers: Hashable, Sendable {
  /// One JSON object as compact text; empty if nothing is kept.
  package let json: [UInt8]

  /// Nothing is kept.
  package init() { json = [] }

  /// - Parameter json: one JSON object as compact text.
  package init(json: [UInt8]) {
    self.json = json
  }

  package var isEmpty: Bool { json.isEmpty }
}
