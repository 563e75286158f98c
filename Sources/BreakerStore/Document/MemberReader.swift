package import CircuitBreaker
package import JSON

/// The members of an object, each of the type that it has to have; it remembers which were asked for, so that those
/// that nobody knows can be kept or refused.
struct MemberReader {
  private let members: [JSONObject.Member]
  /// Where the next member is looked for first: what this program wrote is read in the order in which it was written.
  private var next = 0
  /// A bit for each member that was asked for, of the first 64.
  private var known: UInt64 = 0
  /// Those that were asked for beyond the first 64.
  private var knownBeyond: Set<Int> = []

  init(_ value: JSONValue, _ what: String) throws(FormatFault) {
    guard let object = value.object else { throw .damaged("\(what) is not an object") }
    members = object.members
  }

  init(_ object: JSONObject) {
    members = object.members
  }

  // MARK: Any value

  /// The member of this name; nil if it is not there or null.
  mutating func value(_ key: String) -> JSONValue? {
    guard let index = index(of: key) else { return nil }
    note(index)
    next = index + 1
    let value = members[index].value
    return value.isNull ? nil : value
  }

  private func index(of key: String) -> Int? {
    if next < members.count, members[next].key == key { return next }
    // Lengths tell most keys apart, at less than a comparison of two texts.
    let length = key.utf8.count
    for index in members.indices where members[index].key.utf8.count == length && members[index].key == key {
      return index
    }
    return nil
  }

  /// Takes the members that nobody has asked for and that have one of these keys for known.
  mutating func passOver(_ isKey: (String) -> Bool) {
    for index in members.indices where !isKnown(index) && isKey(members[index].key) { note(index) }
  }

  private mutating func note(_ index: Int) {
    if index < 64 { known |= 1 << UInt64(index) } else { knownBeyond.insert(index) }
  }

  private func isKnown(_ index: Int) -> Bool {
    index < 64 ? known >> UInt64(index) & 1 == 1 : knownBeyond.contains(index)
  }

  // MARK: The rest

  /// The members that nobody has asked for.
  private var unknown: [JSONObject.Member] {
    let first = members.count >= 64 ? UInt64.max : (1 << UInt64(members.count)) - 1
    if known == first, members.count <= 64 { return [] }
    return members.indices.filter { !isKnown($0) }.map { members[$0] }
  }

  /// The unknown members, to be written back.
  var kept: KeptMembers {
    let unknown = unknown
    if unknown.isEmpty { return KeptMembers() }
    var object = JSONObject(reservingCapacity: unknown.count)
    for member in unknown { object.append(member.key, member.value) }
    return KeptMembers(json: JSONValue.object(object).bytes(.compact))
  }

  /// Throws if there is a member that nobody knows: it may decide.
  func refuseUnknown(_ what: String) throws(FormatFault) {
    if let member = unknown.first { throw .newer("the member \"\(member.key.prefix(40))\" of \(what)") }
  }

  // MARK: Values of a type

  mutating func required(_ key: String) throws(FormatFault) -> JSONValue {
    guard let value = value(key) else { throw .damaged("'\(key)' is missing") }
    return value
  }

  mutating func optionalString(_ key: String) throws(FormatFault) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw .damaged("'\(key)' is not a text") }
    return string
  }

  mutating func string(_ key: String) throws(FormatFault) -> String {
    guard let string = try optionalString(key) else { throw .damaged("'\(key)' is missing") }
    return string
  }

  /// False if it is not there: a flag is written where it is set.
  mutating func flag(_ key: String) throws(FormatFault) -> Bool {
    guard let value = value(key) else { return false }
    guard let flag = value.bool else { throw .damaged("'\(key)' is neither true nor false") }
    return flag
  }

  /// A whole number from 0 to 10^15, so that no sum of them can trap.
  mutating func optionalCount(_ key: String) throws(FormatFault) -> Int? {
    guard let value = value(key) else { return nil }
    guard let count = value.int, (0...1_000_000_000_000_000).contains(count) else {
      throw .damaged("'\(key)' is not a count")
    }
    return count
  }

  mutating func count(_ key: String) throws(FormatFault) -> Int {
    guard let count = try optionalCount(key) else { throw .damaged("'\(key)' is missing") }
    return count
  }

  /// At least 1, as a setting that counts something is.
  mutating func positive(_ key: String) throws(FormatFault) -> Int {
    let count = try count(key)
    guard count >= 1 else { throw .damaged("'\(key)' is less than 1") }
    return count
  }

  /// Milliseconds, at most some 29,000 years.
  mutating func optionalSpan(_ key: String) throws(FormatFault) -> Span? {
    guard let value = value(key) else { return nil }
    guard let milliseconds = value.int64, (0...900_000_000_000_000).contains(milliseconds) else {
      throw .damaged("'\(key)' is not a length of time")
    }
    return Span(milliseconds: milliseconds)
  }

  mutating func span(_ key: String) throws(FormatFault) -> Span {
    guard let span = try optionalSpan(key) else { throw .damaged("'\(key)' is missing") }
    return span
  }

  /// A number that is not negative.
  mutating func optionalNumber(_ key: String) throws(FormatFault) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, number >= 0, number.isFinite else { throw .damaged("'\(key)' is not a number") }
    return number
  }

  mutating func number(_ key: String) throws(FormatFault) -> Double {
    guard let number = try optionalNumber(key) else { throw .damaged("'\(key)' is missing") }
    return number
  }

  mutating func optionalTime(_ key: String) throws(FormatFault) -> Timestamp? {
    guard let text = try optionalString(key) else { return nil }
    guard let time = RFC3339.parse(text) else { throw .damaged("'\(key)' is not a time") }
    return time
  }

  mutating func time(_ key: String) throws(FormatFault) -> Timestamp {
    guard let time = try optionalTime(key) else { throw .damaged("'\(key)' is missing") }
    return time
  }

  /// None if it is not there.
  mutating func list(_ key: String) throws(FormatFault) -> [JSONValue] {
    guard let value = value(key) else { return [] }
    guard let list = value.array else { throw .damaged("'\(key)' is not a list") }
    return list
  }

  mutating func texts(_ key: String) throws(FormatFault) -> [String] {
    var texts: [String] = []
    for value in try list(key) {
      guard let text = value.string else { throw .damaged("'\(key)' is not a list of texts") }
      texts.append(text)
    }
    return texts
  }

  mutating func object(_ key: String) throws(FormatFault) -> MemberReader? {
    guard let value = value(key) else { return nil }
    return try MemberReader(value, "'\(key)'")
  }

  /// A state of a circuit. One that is unknown may decide.
  mutating func state(_ key: String) throws(FormatFault) -> CircuitState {
    let text = try string(key)
    guard let state = CircuitState(text: text) else { throw .unknown("the state", text) }
    return state
  }

  /// The process behind something. What only informs never stops: of another shape it stays what it is, unread.
  mutating func caller() -> Caller? {
    let before = (next: next, known: known, beyond: knownBeyond)
    guard let info = value("info")?.object else { return nil }
    var reader = MemberReader(info)
    guard let host = reader.value("host")?.string, let pid = reader.value("pid")?.int.flatMap(Int32.init(exactly:)),
      let user = reader.value("user")?.string
    else {
      (next, known, knownBeyond) = before
      return nil
    }
    var caller = Caller(host: host, pid: pid, user: user)
    caller.kept = reader.kept
    return caller
  }
}

extension CircuitState {
  /// As `init(rawValue:)`, for which the compiler makes an array of all words at each use.
  init?(text: String) {
    switch text {
    case CircuitState.closed.rawValue: self = .closed
    case CircuitState.open.rawValue: self = .open
    case CircuitState.halfOpen.rawValue: self = .halfOpen
    default: return nil
    }
  }
}

extension KeptMembers {
  /// The members of an object that are not among `known`.
  package init(in value: JSONValue, but known: [String]) {
    var reader = MemberReader(value.object ?? JSONObject())
    for key in known { _ = reader.value(key) }
    self = reader.kept
  }
}

extension JSONObject {
  /// Adds members that were kept.
  package mutating func append(_ kept: KeptMembers) {
    guard !kept.isEmpty, let object = (try? JSONValue.parse(kept.json))?.object else { return }
    for member in object.members { append(member.key, member.value) }
  }

  mutating func append(_ caller: Caller?) {
    guard let caller else { return }
    var info = JSONObject(reservingCapacity: 3)
    info.append("host", .string(caller.host))
    info.append("pid", .integer(Int64(caller.pid)))
    info.append("user", .string(caller.user))
    info.append(caller.kept)
    append("info", .object(info))
  }

  mutating func append(_ key: String, _ count: Int) { append(key, .integer(Int64(count))) }

  mutating func append(_ key: String, _ span: Span) { append(key, .integer(span.milliseconds)) }

  mutating func append(_ key: String, _ time: Timestamp) { append(key, .string(RFC3339.format(time))) }

  mutating func append(_ key: String, _ text: String) { append(key, .string(text)) }

  /// A flag is written where it is set.
  mutating func append(_ key: String, flag: Bool) {
    if flag { append(key, .bool(true)) }
  }
}
