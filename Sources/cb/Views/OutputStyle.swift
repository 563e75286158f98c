import CircuitBreaker
import Glibc
import System

/// What output goes to, and so what it may hold. Made once a command from the world; in tests by hand.
struct OutputStyle {
  /// Columns into which lines have to fit; nil: nothing is cut (a pipe, a file).
  var columns: Int?
  var isColored = false
  /// Characters beyond ASCII may be used.
  var isUnicode = false
  /// A person looks at it: states have marks.
  var isForEyes = false
  /// A terminal that takes escape sequences: columns can be kept whatever it thinks of the width of a text.
  var takesEscapes = false

  /// A pipe: plain.
  static let pipe = OutputStyle()

  init(
    columns: Int? = nil, isColored: Bool = false, isUnicode: Bool = false, isForEyes: Bool = false,
    takesEscapes: Bool = false
  ) {
    self.columns = columns
    self.isColored = isColored
    self.isUnicode = isUnicode
    self.isForEyes = isForEyes
    self.takesEscapes = takesEscapes
  }

  /// Of standard output. A terminal that does not tell its width has 80 columns.
  init(_ choice: ColorChoice, _ world: World) {
    let terminal = isatty(STDOUT_FILENO) == 1
    isColored = Self.isColored(choice, isTerminal: terminal, variable: world.environment)
    // A user who asks for colours on a pipe wants it to look as on a terminal (`watch -c`).
    isForEyes = terminal || isColored
    takesEscapes = terminal && Self.takesEscapes(variable: world.environment)
    isUnicode = Self.isUnicode(variable: world.environment)
    columns = terminal ? TerminalSize.current().columns : nil
  }

  /// `--color` decides; else NO_COLOR (no-color.org), then CLICOLOR_FORCE and CLICOLOR (bixense.com/clicolors), then
  /// whether it is a terminal that can show them.
  static func isColored(_ choice: ColorChoice, isTerminal: Bool, variable: (String) -> String?) -> Bool {
    switch choice {
    case .always: return true
    case .never: return false
    case .auto: break
    }
    if variable("NO_COLOR") != nil { return false }
    if let force = variable("CLICOLOR_FORCE"), force != "0" { return true }
    if variable("CLICOLOR") == "0" { return false }
    return isTerminal && takesEscapes(variable: variable)
  }

  /// A terminal that says nothing of itself, or that it is dumb, is sent no escape sequences.
  static func takesEscapes(variable: (String) -> String?) -> Bool {
    variable("TERM").map { $0 != "dumb" } ?? false
  }

  /// By the locale's name, as locale(7) has the order: the static binary has no locale but C to ask for its charset.
  static func isUnicode(variable: (String) -> String?) -> Bool {
    let locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? ""
    let lower = locale.lowercased()
    return lower.contains("utf-8") || lower.contains("utf8")
  }

  func paint(_ text: String, _ ink: Ink) -> String {
    guard isColored, ink != .plain, !text.isEmpty else { return text }
    return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
  }
}

/// How a text is set off: parameters of SGR (ECMA-48), the eight colours that every theme has.
enum Ink: String {
  case plain = "0"
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
}

extension OutputStyle {
  /// The mark of a state, which says without colour what the colour says.
  func sign(_ state: CircuitState) -> String {
    switch state {
    case .closed: isUnicode ? "●" : "o"
    case .open: isUnicode ? "✗" : "x"
    case .halfOpen: isUnicode ? "◐" : "~"
    }
  }

  /// The mark of a run that ended.
  func sign(_ outcome: Outcome) -> String {
    switch outcome {
    case .success: isUnicode ? "✓" : "+"
    case .failure: isUnicode ? "✗" : "x"
    case .excluded: isUnicode ? "○" : "o"
    case .ignored: isUnicode ? "·" : "."
    }
  }

  /// What stands where a text was cut.
  var ellipsis: String { isUnicode ? "…" : "..." }
}

extension CircuitState {
  var ink: Ink {
    switch self {
    case .closed: .green
    case .open: .red
    case .halfOpen: .yellow
    }
  }
}

extension Outcome {
  var ink: Ink {
    switch self {
    case .success: .green
    case .failure: .red
    case .excluded: .plain
    case .ignored: .dim
    }
  }
}

/// Rows and columns of the terminal at standard output.
struct TerminalSize: Equatable {
  var columns: Int
  var rows: Int

  static func current() -> TerminalSize {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return TerminalSize(columns: 80, rows: 24) }
    return TerminalSize(
      columns: size.ws_col > 0 ? Int(size.ws_col) : 80, rows: size.ws_row > 0 ? Int(size.ws_row) : 24)
  }
}
