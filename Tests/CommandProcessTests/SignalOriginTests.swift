import CProcess
import Glibc
import Testing

@testable import CommandProcess

@Suite("where a signal came from")
struct SignalOriginTests {
  private func origin(_ number: Int32, code: Int32, sender: pid_t = 0, leader: Bool = false) -> SignalOrigin {
    SignalOrigin(
      cprocess_signal(number: number, code: code, sender: sender, value: 0), command: 20, own: 10,
      isSessionLeader: leader)
  }

  @Test(
    "the terminal's signals have reached the command already", arguments: [SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP])
  func terminal(_ number: Int32) { #expect(origin(number, code: 0x80) == .terminal) }

  @Test("a hang-up reaches the leader of a session alone")
  func leader() {
    #expect(origin(SIGHUP, code: 0x80, leader: true) == .outside)
    #expect(origin(SIGINT, code: 0x80, leader: true) == .terminal)
  }

  @Test("a process's signal is told by its sender")
  func senders() {
    #expect(origin(SIGTERM, code: 0, sender: 99) == .outside)
    #expect(origin(SIGTERM, code: 0, sender: 20) == .command)
    #expect(origin(SIGPIPE, code: 0, sender: 10) == .own)
    #expect(origin(SIGTERM, code: 0, sender: 0) == .outside, "from outside of this pid namespace")
    #expect(origin(40, code: -1, sender: 99) == .outside)
  }

  @Test("an alarm from before cb is for the command")
  func alarm() { #expect(origin(SIGALRM, code: 0x80) == .outside) }
}
