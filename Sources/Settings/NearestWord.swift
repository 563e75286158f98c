/// What a misspelt word was meant to be.
package enum NearestWord {
  /// The word of `words` that is nearest to `word`, if it is near enough to be meant: at most a third of its letters
  /// (at most three) differ. Of several as near the first; nil for a word of one or two letters, which is near to much.
  package static func of(_ word: String, in words: some Sequence<String>) -> String? {
    let most = min(3, word.unicodeScalars.count / 3)
    guard most > 0 else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in words {
      let distance = distance(word, candidate)
      if distance <= most, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// How many characters have to be put in, taken out, replaced or exchanged with their neighbour to make one word of
  /// the other (optimal string alignment).
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.unicodeScalars)
    let right = Array(right.unicodeScalars)
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    var before: [Int] = []
    var above = Array(0...right.count)
    for row in 1...left.count {
      var current = [row] + Array(repeating: 0, count: right.count)
      for column in 1...right.count {
        let cost = left[row - 1] == right[column - 1] ? 0 : 1
        current[column] = min(above[column] + 1, current[column - 1] + 1, above[column - 1] + cost)
        if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
          current[column] = min(current[column], before[column - 2] + 1)
        }
      }
      before = above
      above = current
    }
    return above[right.count]
  }
}
