/// A block between fences, with the language that the fence names.
struct FencedBlock {
  var language: String
  var text: String
  /// Line of the opening fence, from 1.
  var line: Int

  static func all(in markdown: String) -> [FencedBlock] {
    var blocks: [FencedBlock] = []
    var open: FencedBlock?
    for (index, line) in markdown.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(block)
          open = nil
        } else {
          open = FencedBlock(language: String(line.dropFirst(3)), text: "", line: index + 1)
        }
      } else {
        open?.text += line + "\n"
      }
    }
    return blocks
  }
}
