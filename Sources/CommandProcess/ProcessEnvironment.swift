import CProcess
import Glibc

/// The environment that cb was started with.
package enum ProcessEnvironment {
  /// The names of all variables, in the order of the environment; what is no UTF-8 is repaired, for people to read.
  package static func names() -> [String] {
    var names: [String] = []
    var next = cprocess_environment()
    while let variable = next?.pointee {
      let length = strchr(variable, Int32(UInt8(ascii: "="))).map { variable.distance(to: $0) } ?? strlen(variable)
      let bytes = UnsafeRawBufferPointer(start: variable, count: length)
      names.append(String(decoding: bytes, as: UTF8.self))
      next = next?.advanced(by: 1)
    }
    return names
  }
}
