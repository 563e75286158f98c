import BreakerStore
import CBuild
import JSON
import RedisStore

/// Which cb this is. `number` is the one place of the version: the packages' files are compared with it
/// (contrib/check-version), and contrib/version reads it.
enum BuildVersion {
  static let number = "0.1.0"

  /// The version of swift-argument-parser, as Package.swift names it (contrib/check-version compares them).
  private static let argumentParser = "1.8.2"

  /// What `--version` and `-V` print, with `--json` for inventory. Nil where the arguments ask for something else.
  static func answer(_ arguments: [String]) -> String? {
    guard let first = arguments.first, first == "--version" || first == "-V" else { return nil }
    switch arguments.dropFirst() {
    case []: return text
    case ["--json"]: return json
    default: return nil
    }
  }

  /// The commit, 40 hexadecimal digits; nil if the build was not told (any but make's).
  static var commit: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 41) { digits in
      guard let start = digits.baseAddress, cb_build_commit(start) != 0 else { return nil }
      return String(cString: start)
    }
  }

  private static var isModified: Bool { cb_build_is_modified() != 0 }

  private static var text: String {
    let source = commit.map { " (commit \($0.prefix(12))\(isModified ? ", modified" : ""))" } ?? ""
    let formats = formats.map { "\($0.store) \($0.format)" }.joined(separator: ", ")
    let libraries = libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
    return """
      cb \(number)\(source)
      store formats: \(formats)
      built with: \(features.filter(\.isBuiltIn).map(\.name).joined(separator: ", "))
      libraries: \(libraries)

      """
  }

  private static var json: String {
    var object = JSONObject(reservingCapacity: 7)
    object.append("name", .string("cb"))
    object.append("version", .string(number))
    object.append("commit", commit.map { .string($0) } ?? .null)
    object.append("modified", .bool(isModified))
    object.append("formats", members(formats.map { ($0.store, .integer($0.format)) }))
    object.append("features", members(features.map { ($0.name, .bool($0.isBuiltIn)) }))
    object.append("libraries", members(libraries.map { ($0.name, .string($0.version)) }))
    return String(decoding: JSONValue.object(object).bytes(.pretty), as: UTF8.self)
  }

  private static func members(_ members: [(String, JSONValue)]) -> JSONValue {
    var object = JSONObject(reservingCapacity: members.count)
    for (key, value) in members { object.append(key, value) }
    return .object(object)
  }

  /// The newest format of each store that this version reads and writes.
  private static var formats: [(store: String, format: Int64)] {
    [("file", Int64(BreakerDocument.version))] + (BuiltWith.redis ? [("redis", Int64(BuiltWith.redisFormat))] : [])
  }

  private static var features: [(name: String, isBuiltIn: Bool)] {
    [("file", true), ("redis", BuiltWith.redis), ("tls", BuiltWith.tls)]
  }

  /// The libraries inside, for whoever asks which hosts have the one with the hole: by the names of the bill of materials,
  /// with which contrib/check-release compares them. Swift's is known to make's builds alone.
  private static var libraries: [(name: String, version: String)] {
    var libraries: [(name: String, version: String)] = []
    let swift = cb_build_swift()
    if swift != 0 { libraries.append(("swift-runtime", "\(swift / 10000).\(swift / 100 % 100).\(swift % 100)")) }
    libraries.append(("swift-argument-parser", argumentParser))
    let glibc = String(cString: cb_build_glibc())
    if !glibc.isEmpty { libraries.append(("glibc", glibc)) }
    return libraries + BuiltWith.libraries
  }
}
