/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers from the same seed on every machine, so that a failure whose
/// seed a test printed can be played again.
package struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// Neighbouring seeds begin far from each other.
  package init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// From 0 up to but not including `bound`; 0 where that is less than 1.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  package mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  package mutating func span(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }

  package mutating func unit() -> Double { Double.random(in: 0..<1, using: &self) }

  package mutating func chance(_ percent: Int) -> Bool { int(1...100) <= percent }

  package mutating func chance(_ part: Int, in whole: Int) -> Bool { below(whole) < part }

  package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
