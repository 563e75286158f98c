/// A count with its noun, singular for 1: `1 failure`, `2 failures`, `0 failures`.
func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// `1 failure`; from 2 on, that they came in a row: `2 failures in a row`.
func countedInARow(_ count: Int, _ noun: String) -> String {
  count == 1 ? counted(count, noun) : "\(counted(count, noun)) in a row"
}
