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

  /// Runs a program to its end, at most for a given number of seconds. The streams are files, so that no pipe fills.
  static func run(
    _ argv: [String], environment: [String: String], directory: String, input: String = "", seconds: Int = 120
  ) throws -> Finished {
    let place = TemporaryPlace("cb-documentation")
    try input.write(toFile: place.path + "/in", atomically: false, encoding: .utf8)
    for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: place.path + "/" + name, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["-k", "5", String(seconds)] + argv
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.standardInput = FileHandle(forReadingAtPath: place.path + "/in")
    process.standardOutput = FileHandle(forWritingAtPath: place.path + "/out")
    process.standardError = FileHandle(forWritingAtPath: place.path + "/err")
    try process.run()
    process.waitUntilExit()
    return Finished(
      status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: try Data(contentsOf: URL(fileURLWithPath: place.path + "/out")), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: URL(fileURLWithPath: place.path + "/err")), as: UTF8.self))
  }
}
