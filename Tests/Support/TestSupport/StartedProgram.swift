import CTestSupport
import Glibc

/// Forks and executes through C, the one way in which tests start a program: no descriptor from 3 up is passed on, and no
/// signal is blocked or ignored, as they are in the threads that tests run on.
///
/// - Parameter argv: the program, which is sought on no PATH, and its arguments.
/// - Parameter standard: its standard streams; below 0: closed.
/// - Parameter terminal: in a session of its own, of which the first of them is the terminal.
/// - Returns: the pid.
package func startProgram(
  argv: [[UInt8]], environment: [String: String], directory: String, standard: (Int32, Int32, Int32),
  terminal: Bool = false
) -> Int32 {
  let arguments = argv.map { copy($0) } + [nil]
  let variables = environment.sorted { $0.key < $1.key }.map { copy(Array("\($0.key)=\($0.value)".utf8)) } + [nil]
  let place = copy(Array(directory.utf8))
  defer { for pointer in arguments + variables + [place] { free(pointer) } }
  return arguments.withUnsafeBufferPointer { arguments in
    variables.withUnsafeBufferPointer { variables in
      var program = cts_program(
        path: arguments[0], argv: arguments.baseAddress, envp: variables.baseAddress, directory: place,
        standard: standard, terminal: terminal ? 1 : 0)
      return cts_start(&program)
    }
  }
}

/// The end to read from and the end to write to, both closed on exec.
package func makePipe() -> [Int32] {
  var ends: [Int32] = [-1, -1]
  precondition(cts_pipe(&ends) == 0, "pipe: \(errno)")
  return ends
}

private func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
  (bytes + [0]).withUnsafeBytes { $0.bindMemory(to: CChar.self).baseAddress.flatMap { strdup($0) } }
}
