/// Why a document, an event or a line of the history does not give what it should.
package enum FormatFault: Error, Hashable {
  /// A known member is missing or of a wrong type: no version wrote that.
  case damaged(String)
  /// Something that this version does not know and that may decide. The text names it: `the need "hint"`.
  case newer(String)

  /// What is unknown, with a value that somebody else wrote.
  static func unknown(_ what: String, _ value: String) -> FormatFault {
    .newer("\(what) \"\(value.prefix(40))\"")
  }
}
