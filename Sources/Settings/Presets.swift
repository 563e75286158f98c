/// A table of exit codes for a well-known tool.
package struct Preset: Hashable, Sendable {
  package var name: String

  package static let all: [Preset] = []

  package static func named(_ name: String) -> Preset? { all.first { $0.name == name } }
}
