import CProcess
import Glibc

/// The system refused a descriptor, with this errno.
struct StreamError: Error {
  var code: Int32
}

/// What stands in for the command's standard streams where it does not simply get cb's own. All of it is closed on exec,
/// and numbered 3 or more, as `InheritedState` holds the places below.
struct CommandStreams: ~Copyable {
  /// For 0, 1 and 2: the descriptor to put there; -1: as it is.
  private(set) var places: (Int32, Int32, Int32) = (-1, -1, -1)
  private var owned: [Int32] = []

  /// - Parameter pipe: the end of the `OutputPipe` that the command writes to, where there is one.
  init(_ request: borrowing LaunchRequest, pipe: Int32?) throws(StreamError) {
    if let bytes = request.input {
      places.0 = try Self.file(holding: bytes)
      owned.append(places.0)
    }
    switch request.output {
    case nil: places.2 = pipe ?? -1
    case .firstLine: places.1 = pipe ?? -1
    case .tail: (places.1, places.2) = (pipe ?? -1, pipe ?? -1)
    case .toStandardError:
      if cprocess_is_closed(STDERR_FILENO) != 0 {
        // Standard error is closed: its output goes nowhere, and least of all to the command's own output.
        places.1 = open("/dev/null", O_WRONLY | O_CLOEXEC)
        if places.1 < 0 { throw StreamError(code: errno) }
        owned.append(places.1)
      } else {
        places.1 = STDERR_FILENO
      }
    }
  }

  mutating func closeInParent() {
    for descriptor in owned { close(descriptor) }
    owned = []
  }

  deinit {
    for descriptor in owned { close(descriptor) }
  }

  /// A file in memory rather than a pipe: nobody has to feed it while the command runs, and nobody is blocked, or hit by
  /// SIGPIPE, if the command does not read it.
  private static func file(holding bytes: [UInt8]) throws(StreamError) -> Int32 {
    let descriptor = cprocess_memory_file("cb-input")
    if descriptor < 0 { throw StreamError(code: errno) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(done))
      }
      if count <= 0 {
        let code = errno
        close(descriptor)
        throw StreamError(code: code)
      }
      done += count
    }
    return descriptor
  }
}
