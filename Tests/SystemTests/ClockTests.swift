import Glibc
import System
import Testing

@Suite("The clocks of the kernel")
struct ClockTests {
  @Test("go on, and show what the kernel's own calls show, in the unit that the name says")
  func units() {
    let before = monotonicNanoseconds()
    let milliseconds = monotonicMilliseconds()
    let after = monotonicNanoseconds()
    #expect(before <= after)
    #expect((before / 1_000_000...after / 1_000_000).contains(milliseconds))
    let first = time(nil)
    let seconds = clockMilliseconds(CLOCK_REALTIME) / 1000
    #expect((Int64(first)...Int64(first) + 3600).contains(seconds))
    #expect(clockNanoseconds(CLOCK_BOOTTIME) >= before)
  }
}
