/// The process behind an event: it is shown, and nothing is ever decided by it.
///
/// `Holder` is its counterpart for decisions: by that one a dead process is known.
package struct Caller: Hashable, Sendable {
  /// The host's own name for itself.
  package var host: String
  /// The process id of `cb` on that host, in its own namespace.
  package var pid: Int32
  /// The login name, or the number of a user without one.
  package var user: String
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// As this version writes it, without members of a later one.
  package init(host: String, pid: Int32, user: String) {
    self.host = host
    self.pid = pid
    self.user = user
  }
}
