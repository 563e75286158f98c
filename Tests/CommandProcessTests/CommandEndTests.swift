import Glibc
import Testing

@testable import CommandProcess

@Suite("what an ending comes to")
struct EndingTests {
  private func ending(_ how: CommandEnd.How, received: [Int32] = [], timedOut: Bool = false) -> CommandEnd {
    var ending = CommandEnd(how: how)
    ending.received = received
    ending.timeoutSignals = timedOut ? [SIGTERM] : []
    return ending
  }

  @Test("exit codes are those of the contract's table")
  func codes() {
    #expect(ending(.exited(3)).exitCode == 3)
    #expect(ending(.signaled(SIGKILL)).exitCode == 137)
    #expect(ending(.notFound(ENOENT)).exitCode == 127)
    #expect(ending(.notExecutable(EACCES)).exitCode == 126)
    #expect(ending(.notStarted(EAGAIN)).exitCode == 125)
    #expect(ending(.endUnknown(ECHILD)).exitCode == 125)
    #expect(ending(.exited(0), timedOut: true).exitCode == 124)
  }

  @Test("a signal counts as relayed only if it came to cb and the command ended of it")
  func relayed() {
    #expect(ending(.signaled(SIGTERM), received: [SIGTERM]).relayed == SIGTERM)
    #expect(ending(.signaled(SIGTERM)).relayed == nil)
    #expect(ending(.signaled(SIGSEGV), received: [SIGTERM]).relayed == nil)
    #expect(ending(.exited(143), received: [SIGTERM]).relayed == SIGTERM)
    #expect(ending(.exited(1), received: [SIGTERM]).relayed == nil)
    #expect(ending(.signaled(SIGTERM), received: [SIGTERM], timedOut: true).relayed == nil)
    #expect(ending(.interrupted(SIGINT)).relayed == SIGINT)
  }

  @Test("death by SIGPIPE means that the reader is gone where it is, 141 does not")
  func readerGone() {
    for (how, isLost, isGone) in [
      (CommandEnd.How.signaled(SIGPIPE), true, true), (.signaled(SIGPIPE), false, false), (.exited(141), true, false),
      (.signaled(SIGTERM), true, false),
    ] {
      var end = ending(how)
      end.lostReader = isLost
      #expect(end.readerGone == isGone)
    }
  }
}

@Suite("the environment of a command")
struct ChildEnvironmentTests {
  @Test("an addition takes the place of a variable of its name, and loses NUL bytes")
  func adds() {
    let environment = ChildEnvironment(adding: ["PATH=a\0b\n$(c)", "PAT="])
    let entries = environment.withPointer { pointer in
      var entries: [String] = []
      var next = pointer
      while let entry = next.pointee {
        entries.append(String(cString: entry))
        next += 1
      }
      return entries
    }
    #expect(entries.filter { $0.hasPrefix("PATH=") } == ["PATH=ab\n$(c)"])
    #expect(entries.last == "PAT=")
  }
}
