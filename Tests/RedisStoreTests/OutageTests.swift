import Glibc
import Testing

@testable import RedisStore

@Suite("The host's memory of an outage")
struct OutageTests {
  private let scratch: TemporaryPlace
  private let location: RedisLocation
  private let away = RedisError(code: .timedOut, attempted: .connect, endpoint: "h:1", detail: "no answer")

  init() throws {
    scratch = TemporaryPlace()
    location = try RedisLocation.parse("redis://u:hunter2@h")
  }

  private func outage() -> Outage { Outage(directory: scratch.path, location: location) }

  private var path: String {
    scratch.path + "/redis-outage-" + String(decoding: SHA1.hex(Array(location.redacted.utf8)), as: UTF8.self)
  }

  @Test("begins with a failure, holds for every process, and ends with a success")
  func life() {
    var first = outage()
    let answer1 = first.isResting()
    #expect(!answer1)
    let nothing = first.clear()
    #expect(nothing == nil)
    let answer2 = first.note(away)
    #expect(answer2, "the first failure is news")
    var second = outage()
    let answer3 = second.isResting()
    #expect(answer3)
    let answer4 = second.note(away)
    #expect(!answer4, "the next one is not")
    let lasted = second.clear()
    #expect(lasted.map { $0 >= .zero && $0 < .seconds(60) } == true)
    var third = outage()
    let answer5 = third.isResting()
    #expect(!answer5)
    let answer6 = third.note(away)
    #expect(answer6, "a new outage is news again")
  }

  @Test("is not begun by what is wrong with our own command")
  func otherErrors() {
    var outage = outage()
    let answer7 = outage.note(RedisError(code: .wrongType, attempted: .connect, endpoint: "", detail: ""))
    #expect(answer7)
    let resting = outage.isResting()
    #expect(!resting && fileText(path) == nil)
  }

  @Test("has a stand-in that all processes share, and that the next outage does not")
  func standIn() throws {
    var first = outage()
    let before = first.standIn
    _ = first.note(away)
    let one = try #require(first.standIn)
    var second = outage()
    _ = second.isResting()
    let seen = second.standIn
    _ = second.note(away)
    let same = second.standIn
    #expect(before == nil && seen == one && same == one && one.hasPrefix(scratch.path + "/stand-in-"))
    writeFile(one + "/x.json", "{}")
    second.clear()
    let after = second.standIn
    #expect(after == nil && fileText(one + "/x.json") == "{}", "a run that is still under way may report there")
    // The next one begins in another millisecond.
    usleep(2000)
    var third = outage()
    _ = third.note(away)
    let other = try #require(third.standIn)
    #expect(other != one && access(one, F_OK) != 0 && access(other, F_OK) == 0)
  }

  @Test("that ended long ago and left its file is another one, the same for all who come now")
  func left() throws {
    var old = outage()
    _ = old.note(away)
    let words = try #require(fileText(path)).split(separator: " ").map(String.init)
    writeFile(path, "\(words[0]) 1000 2000\n")
    var first = outage()
    var second = outage()
    _ = first.isResting()
    _ = second.isResting()
    let stale = first.standIn
    let news = first.note(away)
    let one = first.standIn
    // Read before the first one wrote.
    writeFile(path, "\(words[0]) 1000 2000\n")
    _ = second.note(away)
    let two = second.standIn
    #expect(news && one != nil && one == two && one != stale)
  }

  @Test("of our own settings has a stand-in too, until Redis answers")
  func refusals() throws {
    let refused = RedisError(code: .authentication, attempted: .authenticate, endpoint: "h:1", detail: "WRONGPASS")
    var first = outage()
    _ = first.note(refused)
    let one = try #require(first.standIn)
    var second = outage()
    let resting = second.isResting()
    _ = second.note(refused)
    let two = second.standIn
    #expect(!resting && one == two)
    writeFile(one + "/x.json", "{}")
    var good = outage()
    _ = good.isResting()
    good.clear()
    #expect(fileText(one + "/x.json") == nil && fileText(path) == nil)
    // And an outage after it is news, with a stand-in of its own.
    let news = second.note(away)
    let three = second.standIn
    #expect(news && three != nil && three != one)
  }

  @Test("gives its stand-in the mode of the directory that it lies in")
  func mode() throws {
    chmod(scratch.path, 0o2770)
    var first = outage()
    _ = first.note(away)
    var facts = stat()
    #expect(stat(try #require(first.standIn), &facts) == 0 && facts.st_mode & 0o7777 == 0o2770)
  }

  @Test("belongs to one store")
  func otherStore() throws {
    var first = outage()
    _ = first.note(away)
    var other = Outage(directory: scratch.path, location: try RedisLocation.parse("redis://other"))
    let answer8 = other.isResting()
    #expect(!answer8)
  }

  @Test("of another boot, of the far future, or in words that make no sense, is not believed")
  func nonsense() throws {
    var first = outage()
    _ = first.note(away)
    let words = try #require(fileText(path)).split(separator: " ").map(String.init)
    let until = try #require(Int64(words[2].dropLast()))
    for text in [
      "", "x", "otherboot \(words[1]) \(until)\n", "\(words[0]) \(words[1]) \(until + 3_600_000)\n",
      "\(words[0]) \(words[1]) -5\n", "\(words[0]) \(words[1]) 1\n", "\(words[0]) 99999999999999999999 1\n",
      String(repeating: "x", count: 10_000),
    ] {
      writeFile(path, text)
      var outage = outage()
      let answer9 = outage.isResting()
      #expect(!answer9, "\(text.prefix(80))")
    }
    writeFile(path, "\(words[0]) \(words[1]) \(until)\n")
    var again = outage()
    let answer10 = again.isResting()
    #expect(answer10)
  }

  @Test("follows no link, waits for no FIFO, and a directory that cannot be written changes nothing")
  func hostilePlaces() throws {
    var first = outage()
    _ = first.note(away)
    let aside = scratch.path + "/aside"
    rename(path, aside)
    symlink(aside, path)
    var linked = outage()
    let answer11 = linked.isResting()
    #expect(!answer11)
    let answer12 = linked.note(away)
    #expect(answer12)
    let kept = try #require(fileText(aside))
    var facts = stat()
    lstat(path, &facts)
    #expect(facts.st_mode & S_IFMT == S_IFREG && kept == fileText(aside), "the link was replaced, not followed")
    unlink(path)
    mkfifo(path, 0o600)
    var fifo = outage()
    let answer13 = fifo.isResting()
    #expect(!answer13)
    var nowhere = Outage(directory: "/proc/nonexistent/directory", location: location)
    let answer14 = nowhere.isResting()
    #expect(!answer14)
    let told = nowhere.note(away)
    let resting = nowhere.isResting()
    #expect(told && !resting)
  }
}
