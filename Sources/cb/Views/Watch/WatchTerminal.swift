import CommandProcess
import Glibc

/// The terminal while it is watched: another screen, no cursor, keys one at a time; as it was before once this ends.
struct WatchTerminal: ~Copyable {
  private var before = termios()
  private let hasKeys: Bool
  private var isEntered = false

  init() {
    hasKeys = isatty(STDIN_FILENO) == 1
  }

  /// Whether keys can come.
  var keys: Int32 { hasKeys ? STDIN_FILENO : -1 }

  /// Takes the terminal over. Its modes are read again each time: a shell may have changed them while cb was stopped.
  mutating func enter(_ signals: borrowing SignalQueue) {
    guard !isEntered else { return }
    // In the background the terminal is not ours: stop until somebody brings us to the front, as top(1) does.
    if tcgetpgrp(STDOUT_FILENO) >= 0, tcgetpgrp(STDOUT_FILENO) != getpgrp() { signals.stop(by: SIGTTOU) }
    isEntered = true
    if hasKeys {
      tcgetattr(STDIN_FILENO, &before)
      var modes = before
      modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
      // Ctrl-S would make a write wait forever, deaf to signals. Ctrl-C and Ctrl-Z still make signals.
      modes.c_iflag &= ~tcflag_t(IXON)
      withUnsafeMutableBytes(of: &modes.c_cc) { characters in
        characters[Int(VMIN)] = 1
        characters[Int(VTIME)] = 0
      }
      tcsetattr(STDIN_FILENO, TCSADRAIN, &modes)
    }
    Self.write(WatchScreen.enter)
  }

  /// Gives the terminal back.
  mutating func leave() {
    guard isEntered else { return }
    isEntered = false
    Self.write(WatchScreen.leave)
    // Flushed: what was typed for the table is not for the shell.
    if hasKeys { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
  }

  /// False when the terminal is gone.
  func draw(_ picture: String) -> Bool { Self.write(picture) }

  @discardableResult
  private static func write(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var unwritten = UnsafeRawBufferPointer(bytes)
      while !unwritten.isEmpty {
        let count = Glibc.write(STDOUT_FILENO, unwritten.baseAddress, unwritten.count)
        if count < 0 {
          if errno == EINTR || errno == EAGAIN {
            // Somebody who shares the terminal made it non-blocking.
            if errno == EAGAIN { usleep(1000) }
            continue
          }
          return false
        }
        unwritten = UnsafeRawBufferPointer(rebasing: unwritten.dropFirst(count))
      }
      return true
    }
  }
}
