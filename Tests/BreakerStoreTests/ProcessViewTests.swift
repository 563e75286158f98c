import Glibc
import Testing

@testable import System

@Suite struct ProcessViewTests {
  private func view(_ text: String, own: Int32) -> ProcessView? {
    ProcessStatus(Array(text.utf8)).map { ProcessView($0, ownID: own) }
  }

  @Test func `a process of its own namespace's proc has one number`() {
    #expect(view("Name:\tx\nState:\tS (sleeping)\nPid:\t7\nPPid:\t1\nNSpid:\t7\n", own: 7) == .own)
    #expect(ProcessView.current() == .own)
  }

  @Test func `more numbers than one are those of namespaces around`() {
    #expect(view("Pid:\t907\nPPid:\t900\nNSpid:\t907\t7\n", own: 7) == .outer(own: 907, level: 1))
    #expect(view("Pid:\t9\nPPid:\t8\nNSpid:\t9\t5\t1\n", own: 1) == .outer(own: 9, level: 2))
    // The same number in both by chance.
    #expect(view("Pid:\t7\nPPid:\t1\nNSpid:\t7\t7\n", own: 7) == .outer(own: 7, level: 1))
  }

  @Test func `where the number is not ours nothing is known`() {
    #expect(view("Pid:\t7\nPPid:\t1\nNSpid:\t7\n", own: 8) == ProcessView.none)
  }

  @Test func `before Linux 4,1 the number itself has to do`() {
    #expect(view("Pid:\t7\nPPid:\t1\n", own: 7) == .own)
    #expect(view("Pid:\t907\nPPid:\t1\n", own: 7) == ProcessView.none)
  }

  @Test func `a name with a newline or another field in it is no field`() throws {
    let status = try #require(
      ProcessStatus(Array("Name:\ta\\nPid:\t9\nState:\tZ (zombie)\nPid:\t7\nPPid:\t1\n".utf8)))
    #expect(status.id == 7 && status.parent == 1 && status.isDead && status.numbers.isEmpty)
  }

  @Test func `a long list of groups does not hide what comes behind it`() throws {
    let groups = (100_000..<101_000).map(String.init).joined(separator: " ")
    let text = "Name:\tx\nState:\tS\nPid:\t7\nPPid:\t1\nGroups:\t\(groups)\nNSpid:\t7\t3\n"
    let path = TemporaryDirectory().path + "-status"
    let file = try #require(fopen(path, "we"))
    fputs(text, file)
    fclose(file)
    defer { unlink(path) }
    #expect(try #require(ProcessStatus(path: path)).numbers == [7, 3])
  }

  @Test func `without its fields a text is not a status`() {
    #expect(ProcessStatus(Array("Name:\tx\n".utf8)) == nil)
    #expect(ProcessStatus(path: "/nowhere") == nil)
  }
}
