import Glibc
import Testing

/// A Redis server that speaks garbage, half a reply, far too much or nothing, and what cb makes of it.
@Suite struct HostileServerTests {
  enum Answer: String, CaseIterable, Sendable {
    case garbage, noise, closes, silent, takesNobody, half, halfAndCloses, wrongShape, escapes, tooMany, nested
    case announces512MiB, sends512MiB, announcesArray, endlessLine, drips

    func play(_ connection: Int32) {
      guard FakeServer.hear(connection) else { return }
      switch self {
      case .takesNobody: return
      case .garbage: FakeServer.send(connection, Array("HTTP/1.1 400 Bad Request\r\n\r\n<html>".utf8))
      case .noise:
        var random = SeededRandom(seed: Effort.seed)
        FakeServer.send(connection, (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      case .closes: return
      case .silent: break
      case .half, .halfAndCloses:
        FakeServer.send(connection, Self.role + Array("*7\r\n$2\r\nok\r\n$13\r\n17000".utf8))
        if self == .halfAndCloses { return }
      case .wrongShape: FakeServer.send(connection, Self.role + Array("*3\r\n:1\r\n$-1\r\n*0\r\n".utf8))
      case .escapes:
        FakeServer.send(connection, Array("-ERR \u{1b}]0;owned\u{7}\u{1b}[31m\u{202e}red\r\n".utf8) + Self.role)
      case .tooMany: FakeServer.pour(connection, [UInt8](repeatElement(Array("+OK\r\n".utf8), count: 5000).joined()))
      case .nested: FakeServer.pour(connection, [UInt8](repeatElement(Array("*1\r\n".utf8), count: 5000).joined()))
      case .announces512MiB: FakeServer.send(connection, Self.role + Array("$536870912\r\n".utf8))
      case .sends512MiB:
        FakeServer.send(connection, Self.role + Array("$536870912\r\n".utf8))
        FakeServer.pour(connection, [UInt8](repeating: 120, count: 1 << 20))
      case .announcesArray: FakeServer.send(connection, Self.role + Array("*2147483647\r\n".utf8))
      case .endlessLine:
        FakeServer.send(connection, Self.role + [43])
        FakeServer.pour(connection, [UInt8](repeating: 120, count: 1 << 20))
      case .drips:
        for byte in Self.role where FakeServer.send(connection, [byte]) { usleep(20000) }
      }
      // Until the other side has had enough.
      while FakeServer.hear(connection) {}
    }

    /// The master that it is not.
    private static let role = Array("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n".utf8)

    /// As fast as they come, so that it is the size that ends it, not the time.
    var isFlood: Bool { self == .sends512MiB }
  }

  private struct Expectation: Sendable {
    var words: [String]
    var code: Int32
    var output = ""
  }

  private static let expectations = [
    Expectation(words: ["run", "x", "--", "sh", "-c", "echo out; exit 3"], code: 3, output: "out\n"),
    Expectation(words: ["run", "--on-store-error", "reject", "x", "--", "echo", "out"], code: 125),
    Expectation(words: ["run", "--on-store-error", "run", "x", "--", "echo", "out"], code: 0, output: "out\n"),
    Expectation(words: ["open", "x"], code: 1), Expectation(words: ["status"], code: 1),
    // As a run would: by the stand-in, which has no such breaker.
    Expectation(words: ["check", "x"], code: 0), Expectation(words: ["get", "x", "state"], code: 1),
    Expectation(words: ["remove", "x"], code: 1), Expectation(words: ["history", "x"], code: 1),
  ]

  @Test(arguments: Answer.allCases)
  func `a hostile server costs one clear line, bounded time and bounded memory`(answer: Answer) {
    var count = 0
    for (index, expectation) in Self.expectations.enumerated() {
      // The short form: a run, and another command.
      let turn = (Answer.allCases.firstIndex(of: answer) ?? 0) % (Self.expectations.count - 1) + 1
      guard Effort.visitsAll || index == 0 || index == turn else { continue }
      let place = Sandbox()
      let play: @Sendable (Int32) -> Void = { answer.play($0) }
      let server = FakeServer(at: place.path + "/hostile.sock", answer == .takesNobody ? nil : play)
      let start = clockSeconds()
      let ended = Self.execute(place, expectation.words, patience: answer.isFlood ? "60s" : "200ms")
      let complaints = Self.complaints(ended, expectation, answer)
      #expect(complaints == [], "\(expectation.words): \(ended)")
      // Not how fast this machine is: a step has 0.4 s, and nothing goes on without an end.
      #expect(clockSeconds() - start < 50, "\(expectation.words)")
      #expect(answer == .takesNobody || server.connections > 0)
      count += 1
    }
    print("inputs to the program from a hostile server, \(answer): \(count)")
  }

  @Test func `a server that is none of these is found out, and so is a command without bounds`() {
    let place = Sandbox()
    let server = FakeServer(at: place.path + "/hostile.sock") { _ in }
    let expectation = Self.expectations[3]
    for wrong in [
      Finished(code: 0, output: "", error: "cb: x: a b c; d\n"),
      Finished(code: 1, output: "x", error: "cb: a: cannot b; c\n"),
      Finished(code: 1, output: "", error: ""), Finished(code: 1, output: "", error: "cb: cannot a\ncb: cannot b\n"),
      Finished(code: 1, output: "", error: "cb: cannot \u{1b}[31m\n"),
      Finished(code: 256 + SIGSEGV, output: "", error: ""),
    ] {
      #expect(Self.complaints(wrong, expectation, .garbage) != [])
    }
    // The memory limit is one: a program that wants more does not get it.
    let hungry = place.execute(Self.limited + ["/usr/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=1G", "count=1"])
    #expect(hungry.code == 1 && hungry.errorText.contains("memory"), "\(hungry)")
    withExtendedLifetime(server) {}
  }

  /// The address space: what cb takes by itself, the largest reply that it accepts, and its growth.
  private static let limited = ["/usr/bin/prlimit", "--as=\(512 << 20)"]

  private static func execute(_ place: Sandbox, _ words: [String], patience: String) -> Finished {
    let url = "redis+unix://\(place.path)/hostile.sock?timeout=\(patience)&connect-timeout=\(patience)"
    let separator = words.firstIndex(of: "--") ?? words.count
    return place.execute(
      limited + [Programs.cb] + words[..<separator] + ["--store", url] + words[separator...])
  }

  /// What is wrong with how a command ended.
  private static func complaints(_ ended: Finished, _ expectation: Expectation, _ answer: Answer) -> [String] {
    var complaints: [String] = []
    if ended.code != expectation.code { complaints.append("exit \(ended.code)") }
    if ended.outputText != expectation.output { complaints.append("it prints \(ended.outputText)") }
    let lines = ended.errorText.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    if lines.count != 1 { complaints.append("\(lines.count) lines") }
    if lines.contains(where: { !$0.hasPrefix("cb: ") || !$0.contains("cannot ") }) {
      complaints.append("no clear line")
    }
    if ended.errorText.unicodeScalars.contains(where: { ($0.value < 32 && $0 != "\n") || $0 == "\u{202e}" }) {
      complaints.append("control characters")
    }
    if answer.isFlood, !ended.errorText.contains("larger than cb accepts") { complaints.append("it took all of it") }
    return complaints
  }
}
