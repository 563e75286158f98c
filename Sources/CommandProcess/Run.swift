import CProcess
import Glibc

/// Runs a command until it ends, with everything that `LaunchRequest` says and nothing else changed for it. Signals
/// that come to cb meanwhile reach the command; when it stops, cb stops. Call it on the main thread: the command's
/// parent-death signal belongs to the thread that forks. The mask of signals is afterwards what it was before.
package func run(_ request: LaunchRequest, inherited: InheritedState) -> Ending {
  let before = SignalSet.all.becomeMask()
  defer { before.becomeMask() }
  // Until now a signal meant cb alone. From the fork on it means the command.
  if let signal = inherited.pendingInterruption() { return Ending(how: .interrupted(signal)) }
  return supervise(request, inherited: inherited, heeding: .all)
}

/// Starts the command and stays with it to its end. All signals are blocked.
func supervise(_ request: LaunchRequest, inherited: InheritedState, heeding signals: SignalSet) -> Ending {
  let start = millisecondsNow()
  let isSubreaper = cprocess_get_subreaper() != 0
  let needsTree = request.timeout != nil || getpid() == 1
  let tree = needsTree ? ProcessTree(wasSubreaper: isSubreaper) : nil
  defer { tree?.release() }

  var streams: CommandStreams
  var tee: StandardErrorTee? = request.stderrTail.flatMap { StandardErrorTee(keeping: $0, signals: signals) }
  do throws(StreamError) {
    streams = try CommandStreams(request, standardErrorTo: tee?.commandEnd)
  } catch {
    return Ending(how: .failed(error.code))
  }
  guard let failure = cprocess_shared_int() else { return Ending(how: .failed(errno)) }
  defer { munmap(failure, MemoryLayout<Int32>.size) }

  let environment = ChildEnvironment(adding: request.environment, and: request.bytes)
  var handedOver: UInt32 = 0
  let command = environment.withPointer { envp in
    withUnsafePointer(to: inherited.mask.raw) { mask in
      var command = cprocess_command(
        argv: request.argv, envp: envp, mask: mask, ignores_children: inherited.ignoresChildren ? 1 : 0,
        is_subreaper: isSubreaper ? 1 : 0, standard: streams.places, failure: failure)
      return cprocess_start(&command, &handedOver)
    }
  }
  if command < 0 { return Ending(how: .failed(errno)) }
  streams.closeInParent()
  if tee != nil { tee?.closeCommandEnd() }

  var supervision = Supervision(
    command: command, failure: failure, request: request, start: start, signals: signals,
    handedOver: handedOver, tree: tree, tee: tee)
  return supervision.toTheEnd()
}
