import CProcess
import Glibc

/// Runs a command until it ends, with everything that `LaunchRequest` says and nothing else changed for it. Signals
/// that come to cb meanwhile reach the command; when it stops, cb stops. Call it on the main thread: the command's
/// parent-death signal belongs to the thread that forks. The mask of signals is afterwards what it was before.
package func launchCommand(_ request: LaunchRequest, inherited: InheritedState) -> CommandEnd {
  let before = SignalSet.all.becomeMask()
  defer { before.becomeMask() }
  // Until now a signal meant cb alone. From the fork on it means the command.
  if let signal = inherited.pendingInterruption() { return CommandEnd(how: .interrupted(signal)) }
  return supervise(request, inherited: inherited, heeding: .all)
}

/// Starts the command and stays with it to its end. All signals are blocked.
func supervise(_ request: LaunchRequest, inherited: InheritedState, heeding signals: SignalSet) -> CommandEnd {
  let start = millisecondsNow()
  let isSubreaper = cprocess_get_subreaper() != 0
  let needsTree = request.timeout != nil || getpid() == 1
  let tree = needsTree ? ProcessTree(wasSubreaper: isSubreaper) : nil
  defer { tree?.release() }

  var pipe: OutputPipe?
  var streams: CommandStreams
  do throws(StreamError) {
    pipe = try outputPipe(for: request, signals: signals)
    streams = try CommandStreams(request, pipe: pipe?.commandEnd)
  } catch {
    return CommandEnd(how: .notStarted(error.code))
  }
  guard let failure = cprocess_shared_int() else { return CommandEnd(how: .notStarted(errno)) }
  defer { munmap(failure, MemoryLayout<Int32>.size) }

  let environment = ChildEnvironment(adding: request.environment, and: request.bytes, without: request.withheld)
  var handedOver: UInt32 = 0
  let command = environment.withPointer { envp in
    withUnsafePointer(to: inherited.mask.raw) { mask in
      var command = cprocess_command(
        argv: request.argv, envp: envp, mask: mask, ignores_children: inherited.ignoresChildren ? 1 : 0,
        is_subreaper: isSubreaper ? 1 : 0, standard: streams.places, failure: failure)
      return cprocess_start(&command, &handedOver)
    }
  }
  if command < 0 { return CommandEnd(how: .notStarted(errno)) }
  streams.closeInParent()
  if pipe != nil { pipe?.closeCommandEnd() }

  var supervision = Supervision(
    command: command, failure: failure, request: request, start: start, signals: signals,
    handedOver: handedOver, tree: tree, pipe: pipe)
  return supervision.toTheEnd()
}

/// What the command's output goes through, where something is to be seen of it; nil: nothing is, or its standard error
/// is closed and stays so.
private func outputPipe(for request: LaunchRequest, signals: SignalSet) throws(StreamError) -> OutputPipe? {
  switch request.output {
  case .toStandardError: return nil
  case .tail(let limit): return try OutputPipe(.keepLast(limit), signals: signals)
  case .firstLine(let limit): return try OutputPipe(.keepFirstLine(limit), signals: signals)
  case nil:
    guard let limit = request.stderrTail, cprocess_is_closed(STDERR_FILENO) == 0 else { return nil }
    // Without descriptors for it the command still runs, and no tail is kept.
    return try? OutputPipe(.passOn(keeping: limit), signals: signals)
  }
}
