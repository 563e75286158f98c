/// Sleeps, signals handled: returns the signal that is to end cb (hand it to `dieOf`), or nil when the time went by.
/// Ctrl-Z stops and `fg` goes on; the time spent stopped counts.
package func pause(milliseconds: Int64, inherited: InheritedState) -> Int32? {
  let before = SignalSet.all.becomeMask()
  defer { before.becomeMask() }
  return inherited.interruption(withinMilliseconds: max(1, milliseconds))
}
