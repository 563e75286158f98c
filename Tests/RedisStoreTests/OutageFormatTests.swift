import Glibc
import System
import Testing

@testable import RedisStore

/// The files of an outage, which all versions on a host share (docs/FORMATS.md, "Outages"): their names, and what is in
/// them. In the fixtures the boot is called `boot-id`, and the outage began at 1000.
@Suite struct OutageFormatTests {
  private static let urls = [
    "redis://h", "redis://u:hunter2@h:6380/2?prefix=p:", "redis+unix:///run/s?db=1", "rediss://h?sni=x",
    "redis-sentinel://a:1,b:2/m",
  ]

  private let scratch: TemporaryPlace
  private let location: RedisLocation
  private let away = RedisError(code: .timedOut, attempted: .connect, endpoint: "h:1", detail: "no answer")

  init() throws {
    scratch = TemporaryPlace()
    location = try RedisLocation.parse(Self.urls[0])
  }

  private func outage() -> Outage { Outage(directory: scratch.path, location: location) }

  /// The line of the fixture of `urls[0]`: URL, the file, the directory of the stand-in.
  private func names(_ version: String) throws -> [Substring] {
    try #require(FormatFixtures.text("\(version)/outage.names").split(separator: "\n").first).split(separator: " ")
  }

  /// Writes what a version wrote as if it had been written here `age` milliseconds ago.
  private func place(_ version: String, age: Int64, boot: String = systemBootID()) throws {
    let words = try FormatFixtures.text("\(version)/outage").replacing("boot-id", with: boot).split(separator: " ")
    let shift = clockMilliseconds(CLOCK_BOOTTIME) - age - 1000
    let times = try words[1...].map { word in
      let digits = word.prefix { $0.isNumber }
      return String(try #require(Int64(digits)) + shift) + word.dropFirst(digits.count)
    }
    writeFile("\(scratch.path)/\(try names(version)[1])", ([String(words[0])] + times).joined(separator: " "))
  }

  @Test func `This version writes what the fixtures of its format hold, to the byte, under their names`() throws {
    var lines = ""
    for url in Self.urls {
      let location = try RedisLocation.parse(url)
      let scratch = TemporaryPlace()
      var outage = Outage(directory: scratch.path, location: location)
      _ = outage.note(away)
      let names = directoryEntries(scratch.path)
      try #require(names.count == 2)
      let text = try #require(fileText("\(scratch.path)/\(names[0])"))
      let words = text.split(whereSeparator: \.isWhitespace)
      try #require(words.count == 3)
      let (began, until) = (try #require(Int64(words[1])), try #require(Int64(words[2])))
      lines += "\(location.redacted) \(names[0]) \(names[1].replacing(words[1], with: "1000"))\n"
      let anonymous = text.replacing(systemBootID(), with: "boot-id").replacing(words[1], with: "1000")
        .replacing(words[2], with: "\(until - began + 1000)")
      try FormatFixtures.compare(anonymous, with: "outage")
    }
    try FormatFixtures.compare(lines, with: "outage.names")
  }

  @Test(arguments: FormatFixtures.versions)
  func `What any released version wrote is the same outage, with the same stand-in`(version: String) throws {
    try place(version, age: 2000)
    var known = outage()
    let isResting = known.isResting()
    #expect(isResting)
    let standIn = try #require(known.standIn)
    let parts = try names(version)[2].split(separator: "-")
    #expect(standIn.hasPrefix("\(scratch.path)/\(parts.dropLast().joined(separator: "-"))-"))
    // Its next failure is no news, and the outage goes on.
    let news = known.note(away)
    #expect(!news && known.standIn == standIn)
    let lasted = known.clear()
    #expect(lasted.map { $0 >= .seconds(2) && $0 < .seconds(60) } == true)
  }

  @Test(arguments: FormatFixtures.versions)
  func `What any released version wrote of an outage that is over, or of another boot, keeps nobody waiting`(
    version: String
  ) throws {
    try place(version, age: 5000)
    var over = outage()
    let isResting = over.isResting()
    #expect(!isResting && over.standIn != nil)
    try place(version, age: 2000, boot: "boot-id")
    var other = outage()
    let isRestingThen = other.isResting()
    #expect(!isRestingThen && other.standIn == nil)
  }
}
