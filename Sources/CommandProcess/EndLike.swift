import CProcess
import Glibc

/// Ends cb as the command ended, so that the parent of cb sees what it would have seen without cb. Output buffers of
/// the C library are not flushed.
package func endLike(_ ending: CommandEnd) -> Never {
  if !ending.timedOut {
    switch ending.how {
    case .signaled(let signal), .interrupted(let signal): dieOf(signal)
    default: break
    }
  }
  _exit(ending.exitCode)
}

/// Dies of a signal, without a core of cb's own, also where it was ignored or blocked. Where the kernel does not let a
/// process die of it (pid 1 of a container), exits with 128 + N, which is how a shell shows it.
package func dieOf(_ signal: Int32) -> Never {
  cprocess_die_of(signal)
  _exit(128 + signal)
}
