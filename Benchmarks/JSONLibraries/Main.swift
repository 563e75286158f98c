// What a closed run does with its document: two reads and one write, with the library that `-D` names.
// `Benchmarks/JSONLibraries/measure` compiles this file once for each, together with Sources/JSON.
//
//     json-NAME FILE [ROUNDS]   does it ROUNDS times (1) and writes the last text to standard output

import Glibc

#if FOUNDATION
  import FoundationEssentials
#elseif SERIALIZATION
  import Foundation
#elseif JANSSON || JANSSON_TREE
  import CJansson
#endif

#if FOUNDATION
  /// The document as a Codable type, the form in which Foundation is quickest.
  struct Document: Codable {
    struct Totals: Codable {
      var calls, successes, failures, excluded, ignored, rejected, timeouts, slow, stale, lost, trips: Int
      var would_trip, would_reject, probes, forced, recorded: Int
    }
    struct Durations: Codable {
      var counts: [Int]
      var sum_ms: Int
    }
    struct RunSettings: Codable {
      var rules, fail_max, reset_timeout, success_threshold, half_open_max, min_calls, reset_max, retry_hint_max: Int
      var failure_rate, slow_rate, reset_backoff, jitter: Double
    }
    struct Clock: Codable {
      var boot: String
      var boot_ms: Int
      var time: String
    }

    var cb: Int
    var name, id, state: String
    var generation, fail_counter: Int
    var last_success: String
    var totals: Totals
    var durations: Durations
    var run_settings: RunSettings
    var recent: String
    var next_event: Int
    var events: [Int]
    var clock: Clock
  }
#endif

#if JANSSON
  /// The shim that a program with `JSONValue` would need: jansson's tree as ours.
  func value(of node: UnsafeMutablePointer<json_t>) -> JSONValue {
    switch node.pointee.type {
    case JSON_TRUE: return true
    case JSON_FALSE: return false
    case JSON_INTEGER: return .integer(Int64(json_integer_value(node)))
    case JSON_REAL: return .number(json_real_value(node))
    case JSON_STRING:
      let bytes = UnsafeRawBufferPointer(start: json_string_value(node), count: json_string_length(node))
      return .string(String(decoding: bytes, as: UTF8.self))
    case JSON_ARRAY:
      return .array((0..<json_array_size(node)).compactMap { json_array_get(node, $0).map(value) })
    case JSON_OBJECT:
      var object = JSONObject(reservingCapacity: json_object_size(node))
      var member = json_object_iter(node)
      while let current = member, let key = json_object_iter_key(current), let inner = json_object_iter_value(current) {
        object.append(String(cString: key), value(of: inner))
        member = json_object_iter_next(node, current)
      }
      return .object(object)
    default: return .null
    }
  }

  /// Our tree as jansson's; the caller owns it.
  func node(of value: JSONValue) -> UnsafeMutablePointer<json_t>? {
    switch value {
    case .null: return json_null()
    case .bool(let value): return value ? json_true() : json_false()
    case .integer(let value): return json_integer(value)
    case .number(let value): return json_real(value)
    case .string(var value):
      return value.withUTF8 {
        json_stringn(UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self), $0.count)
      }
    case .array(let elements):
      let array = json_array()
      for element in elements { json_array_append_new(array, node(of: element)) }
      return array
    case .object(let object):
      let result = json_object()
      for member in object.members { json_object_set_new(result, member.key, node(of: member.value)) }
      return result
    }
  }
#endif

/// Reads the text twice and gives the one that would be written. An empty one: the text is not readable.
func readTwiceAndWrite(_ text: [UInt8]) -> [UInt8] {
  #if NOTHING
    return text
  #elseif CB
    guard (try? JSONValue.parse(text)) != nil, let document = try? JSONValue.parse(text) else { return [] }
    return document.bytes(.pretty)
  #elseif FOUNDATION
    let decoder = JSONDecoder()
    let data = Data(text)
    guard (try? decoder.decode(Document.self, from: data)) != nil,
      let document = try? decoder.decode(Document.self, from: data)
    else { return [] }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .prettyPrinted
    return (try? encoder.encode(document)).map { [UInt8]($0) } ?? []
  #elseif SERIALIZATION
    let data = Data(text)
    guard (try? JSONSerialization.jsonObject(with: data)) != nil,
      let document = try? JSONSerialization.jsonObject(with: data)
    else { return [] }
    return (try? JSONSerialization.data(withJSONObject: document, options: .prettyPrinted)).map { [UInt8]($0) } ?? []
  #elseif JANSSON || JANSSON_TREE
    func read() -> UnsafeMutablePointer<json_t>? {
      text.withUnsafeBytes {
        json_loadb(
          $0.bindMemory(to: CChar.self).baseAddress, $0.count, Int(JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL), nil)
      }
    }
    func written(_ root: UnsafeMutablePointer<json_t>?) -> [UInt8] {
      guard let root, let line = cjansson_dump_pretty(root) else { return [] }
      defer { free(line) }
      return Array(UnsafeRawBufferPointer(start: line, count: strlen(line)))
    }
    guard let first = read() else { return [] }
    #if JANSSON
      _ = value(of: first)
    #endif
    json_decref_function(first)
    guard let second = read() else { return [] }
    #if JANSSON
      let document = value(of: second)
      json_decref_function(second)
      let third = node(of: document)
      defer { json_decref_function(third) }
      return written(third)
    #else
      defer { json_decref_function(second) }
      return written(second)
    #endif
  #endif
}

@main struct Program {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count >= 2, let file = fopen(arguments[1], "r") else { exit(64) }
    var text = [UInt8](repeating: 0, count: 1 << 16)
    text.removeLast(text.count - fread(&text, 1, text.count, file))
    var last: [UInt8] = []
    for _ in 0..<(arguments.count > 2 ? Int(arguments[2]) ?? 1 : 1) { last = readTwiceAndWrite(text) }
    guard !last.isEmpty else { exit(1) }
    fwrite(last, 1, last.count, stdout)
  }
}
