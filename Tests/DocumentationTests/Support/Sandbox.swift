import Foundation
import TestSupport

/// A directory in which what the documentation shows can be run: the built `cb` first on PATH, then stand-ins for the
/// commands that the examples guard, a home and a store of its own.
final class Sandbox {
  private let place = TemporaryPlace("cb-documentation")
  var path: String { place.path }
  var environment: [String: String]

  /// A directory of the same stand-ins without `cb`, to be put before /usr/bin.
  func standInsAlone() throws -> String {
    let directory = path + "/stand-ins"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for name in Self.standIns { script("stand-ins/" + name, "exit 0") }
    return directory
  }

  /// Commands that succeed without doing anything.
  private static let standIns = [
    "pg_dump", "psql", "rsync", "restic", "make", "logger", "tar", "cargo", "kubectl", "ssh", "docker",
    "pg_isready",
  ]

  init() throws {
    environment = [
      "PATH": place.path + "/bin:/usr/bin:/bin", "HOME": place.path + "/home", "LC_ALL": "C.UTF-8",
      "CB_STATE_DIR": place.path + "/state", "TERM": "dumb",
    ]
    for directory in ["bin", "home", "work"] {
      try FileManager.default.createDirectory(atPath: path + "/" + directory, withIntermediateDirectories: true)
    }
    try FileManager.default.createSymbolicLink(atPath: path + "/bin/cb", withDestinationPath: Program.cb)
    for name in Self.standIns { script("bin/" + name, "exit 0") }
    // A service that can be stopped and started, for the session of the README.
    let down = "'\(path)/shop-is-down'"
    script("bin/systemctl", "case $1 in stop) : >\(down) ;; start) rm -f \(down) ;; esac")
    script(
      "bin/curl",
      """
      [ -e \(down) ] || { echo ok; exit 0; }
      echo "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server" >&2
      exit 7
      """)
    script("work/deploy.sh", "exit 0")
  }

  private func script(_ name: String, _ text: String) {
    writeFile(path + "/" + name, Array("#!/bin/sh\n\(text)\n".utf8), mode: 0o755)
  }

  func write(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    guard writeFile(file, text) else { throw TestFailure("write \(file)") }
    return file
  }

  func run(_ argv: [String], input: String = "", seconds: Int = 120) throws -> Finished {
    try Program.run(argv, environment: environment, directory: path + "/work", input: input, seconds: seconds)
  }

  /// Runs a text as `sh -e` would from a file.
  func shell(_ text: String) throws -> Finished { try run(["sh", "-e", try write("script", text)]) }
}
