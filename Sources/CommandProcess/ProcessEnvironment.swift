import CProcess
import Glibc

/// The environment that cb was started with.
package enum ProcessEnvironment {
  /// The names of the variables that begin with `prefix`, in the order of the environment; bytes that are not UTF-8 are repaired,
  /// for people to read.
  package static func names(prefix: StaticString = "") -> [String] {
    var names: [String] = []
    var next = cprocess_environment()
    while let variable = next?.pointee {
      defer { next = next?.advanced(by: 1) }
      guard strncmp(variable, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0 else { continue }
      let length = strchr(variable, Int32(UInt8(ascii: "="))).map { variable.distance(to: $0) } ?? strlen(variable)
      let bytes = UnsafeRawBufferPointer(start: variable, count: length)
      names.append(String(decoding: bytes, as: UTF8.self))
    }
    return names
  }
}

/// The command line that cb was started with.
package enum ProcessArguments {
  /// The program's name and its arguments as the kernel gave them, ended by NULL: no bytes are repaired, and neither /proc
  /// nor a free descriptor is needed, as they are for `CommandLine`.
  package static var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? { cprocess_arguments() }
}
