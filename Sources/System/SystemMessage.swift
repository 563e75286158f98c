import Glibc

/// What an errno means, as the end of a sentence: "no space left on device".
///
/// strerror_r, as strerror shares one buffer with the whole process.
package func systemMessage(_ code: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    guard let start = buffer.baseAddress else { return "error \(code)" }
    buffer.initialize(repeating: 0)
    guard strerror_r(code, start, buffer.count - 1) == 0 else { return "error \(code)" }
    let text = String(cString: start)
    return lowercasedFirst(text)
  }
}

private func lowercasedFirst(_ text: String) -> String {
  guard let first = text.first else { return text }
  return first.lowercased() + text.dropFirst()
}
