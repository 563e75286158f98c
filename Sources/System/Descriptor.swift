import Glibc

/// An open file descriptor that is closed exactly once.
package struct Descriptor: ~Copyable {
  package let raw: Int32

  /// Takes over a descriptor that was just opened.
  package init(owning raw: Int32) { self.raw = raw }

  // On Linux the descriptor is closed even when close is interrupted, so it is never tried again.
  deinit { _ = Glibc.close(raw) }

  /// Closes it and gives the errno, 0 if none: NFS and quotas may report a failed write only here.
  package consuming func close() -> Int32 {
    let raw = raw
    discard self
    let result = Glibc.close(raw)
    return result == 0 || errno == EINTR ? 0 : errno
  }
}

/// Calls until it is not interrupted. The policy for EINTR of every system call here but two: waiting for a lock,
/// where the interruption is the deadline, and closing.
@inline(__always)
package func retryingInterrupts(_ call: () -> Int32) -> Int32 {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

@inline(__always)
package func retryingInterrupts(_ call: () -> Int) -> Int {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
