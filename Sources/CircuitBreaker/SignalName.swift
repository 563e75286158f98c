/// Names of Linux signals (signal(7)); the numbers are those of x86, ARM, RISC-V and POWER.
package enum SignalName {
  private static let names: [String] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
  ]

  /// `SIGTERM` for 15; `SIG40` for a number without a name.
  package static func name(of number: Int32) -> String {
    let index = Int(number) - 1
    return names.indices.contains(index) ? "SIG" + names[index] : "SIG\(number)"
  }

  /// The number of `SIGTERM`, `term`, `SIG15`; nil for no signal. A bare number is not one: it would be an exit code.
  package static func number(of name: some StringProtocol) -> Int32? {
    // Letters and digits of ASCII only: `uppercased` makes an S of U+017F, and Int32 takes a sign.
    guard name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) }) else { return nil }
    let upper = name.uppercased()
    let short = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    if let index = names.firstIndex(of: short) { return Int32(index + 1) }
    if upper.hasPrefix("SIG"), let number = Int32(short), (1...64).contains(number) { return number }
    return nil
  }
}
