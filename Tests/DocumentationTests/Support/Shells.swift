import Foundation
import TestSupport

/// What each shell offers for a line, by asking the shell itself.
enum Shells {
  /// Candidates of bash for words as readline splits them; the last is the one to complete.
  static func bash(_ words: [String], library: Bool, in sandbox: Sandbox) throws -> [String] {
    let quoted = words.map { "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }.joined(separator: " ")
    let script = """
      \(library ? ". /usr/share/bash-completion/bash_completion" : "")
      . '\(Repository.root)/completions/cb.bash'
      COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
      COMP_WORDS=(\(quoted)) COMP_CWORD=\(words.count - 1)
      COMP_LINE="${COMP_WORDS[*]}" COMP_POINT=${#COMP_LINE}
      _cb
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    return try answer(sandbox.run(["bash", "--norc", "--noprofile", "-c", script])).lines
  }

  /// Candidates of zsh for each line.
  static func zsh(_ lines: [String], in sandbox: Sandbox) throws -> [String: [String]] {
    let result = try answer(
      sandbox.run(
        [
          "zsh", "-f", Repository.root + "/Tests/DocumentationTests/Support/complete.zsh",
          Repository.root + "/completions", sandbox.path + "/found",
        ], input: lines.map { $0 + "\n" }.joined(), seconds: 300))
    var candidates: [String: [String]] = [:]
    var current = ""
    for line in result.lines {
      if line.hasPrefix("# ") {
        current = String(line.dropFirst(2))
        candidates[current] = []
      } else {
        candidates[current, default: []].append(line)
      }
    }
    return candidates
  }

  /// Candidates of fish for a line, without their descriptions.
  static func fish(_ line: String, in sandbox: Sandbox) throws -> [String] {
    let script = "source '\(Repository.root)/completions/cb.fish'; complete -C \"$argv[1]\""
    return try answer(sandbox.run(["fish", "-c", script, line])).lines.map {
      String($0.split(separator: "\t", omittingEmptySubsequences: false)[0])
    }
  }

  /// The line after Tab, in an interactive bash.
  static func typed(_ lines: [String], library: Bool, in sandbox: Sandbox) throws -> [String] {
    let setup =
      (library ? ". /usr/share/bash-completion/bash_completion; " : "") + ". \(Repository.root)/completions/cb.bash"
    return try answer(
      sandbox.run(
        ["zsh", "-f", Repository.root + "/Tests/DocumentationTests/Support/type.zsh", sandbox.path + "/typed", setup],
        input: lines.map { $0 + "\n" }.joined(), seconds: 300)
    ).lines
  }

  private static func answer(_ result: Finished) throws -> Finished {
    guard result.status == 0, !result.error.contains("no answer") else {
      throw TestFailure("exit \(result.status): \(result.error)")
    }
    return result
  }
}
