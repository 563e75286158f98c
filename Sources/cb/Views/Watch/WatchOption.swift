import CircuitBreaker
import Settings

/// `--watch [SECONDS]`: the one option with a value that may be left out, which ArgumentParser has no form for. So the
/// words of the command line are completed before it sees them: `--watch` becomes `--watch=1`, and `--watch 2` becomes
/// `--watch=2` if the next word is a number. (A breaker whose name is a number: `cb status --watch=1 2`.)
enum WatchOption {
  static func complete(_ words: [String]) -> [String] {
    guard words.first == "status" else { return words }
    var completed: [String] = []
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      guard word == "--watch" else {
        completed.append(word)
        continue
      }
      if index < words.count, isNumber(words[index]) {
        completed.append("--watch=\(words[index])")
        index += 1
      } else {
        completed.append("--watch=1")
      }
    }
    return completed
  }

  /// The time between two looks: a tenth of a second to a day.
  static func interval(_ text: String) throws(CommandFailure) -> Span {
    guard let span = DurationText.parse(text), (100...86_400_000).contains(span.milliseconds) else {
      throw .usage("--watch: '\(text)' is not valid: it must be a number of seconds from 0.1 to 86400")
    }
    return span
  }

  private static func isNumber(_ word: String) -> Bool {
    !word.isEmpty && word.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }
      && word.utf8.count { $0 == UInt8(ascii: ".") } <= 1 && word != "."
  }
}
