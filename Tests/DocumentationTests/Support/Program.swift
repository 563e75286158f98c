import Foundation
import TestSupport

/// How a program ended, and what it wrote.
struct Finished {
  /// As the shell shows it: 128+N for a signal, 124 where it took too long.
  var status: Int32
  var output: String
  var error: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

enum Repository {
  static let root = Programs.packageRoot

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  /// The files of a directory whose names begin so, sorted.
  static func files(_ directory: String, prefix: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root + "/" + directory).filter { $0.hasPrefix(prefix) }.sorted()
  }
}

enum Program {
  static let cb = Programs.cb

  /// Runs a program to its end, at most for a given number of seconds.
  static func run(
    _ argv: [String], environment: [String: String], directory: String, input: String = "", seconds: Int = 120
  ) throws -> Finished {
    let limited = ["/usr/bin/timeout", "-k", "5", String(seconds)] + argv
    let ended = Running(
      argv: limited.map { Array($0.utf8) }, environment: environment, directory: directory, input: Array(input.utf8)
    ).wait(seconds: Double(seconds) + 60)
    return Finished(
      status: ended.code < 256 ? ended.code : ended.code - 128, output: ended.outputText, error: ended.errorText)
  }
}
