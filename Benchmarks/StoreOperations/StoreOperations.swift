import BreakerStore
import CircuitBreaker
import FileStore
import Glibc
import System

/// What the file store does in a second, without a process being started: the peer of `Benchmarks/peer.c`.
///
///     cb-bench DIRECTORY closed|counted SECONDS
///
/// One breaker, one thread. `closed` is what `cb run` does at a closed circuit: a look, then a result taken under the
/// lock. `counted` has `max-concurrent` set, so that the admission is a change under the lock too. Prints the number
/// of admissions and reports together, and the seconds they took, as one JSON object.
@main
enum StoreOperations {
  static func main() {
    guard CommandLine.arguments.count == 4, ["closed", "counted"].contains(CommandLine.arguments[2]),
      let seconds = Double(CommandLine.arguments[3]), seconds > 0
    else {
      write(STDERR_FILENO, usage.utf8Start, usage.utf8CodeUnitCount)
      exit(64)
    }
    var policy = Policy()
    if CommandLine.arguments[2] == "counted" { policy.maxConcurrent = 4 }
    let store = FileStore(
      directory: DocumentDirectory(path: CommandLine.arguments[1]), clock: .system(), random: random)
    do {
      let name = try BreakerName("bench")
      let start = now()
      var operations = 0
      // The clock is read once in 100 rounds: it is not what is measured.
      repeat {
        for _ in 0..<100 { try round(store, name, policy) }
        operations += 200
      } while now() - start < seconds
      print(#"{"operations": \#(operations), "seconds": \#(now() - start)}"#)
    } catch {
      print("cb-bench: \(error)")
      exit(1)
    }
  }

  private static let usage: StaticString = "usage: cb-bench DIRECTORY closed|counted SECONDS\n"

  /// An admission and its report, as `RunCommand` makes them.
  private static func round(_ store: FileStore, _ name: BreakerName, _ policy: Policy) throws {
    var request = AdmissionRequest(token: Token(random(), random()), policy: policy)
    let permit: Permit
    if let free = try store.read(name).admitWithoutTrace(request) {
      permit = free
    } else {
      request.holder = ProcessIdentity.current().holder
      guard case .admitted(let counted) = try store.apply(.admit(request), to: name).step.effect else {
        throw Refused()
      }
      permit = counted
    }
    let verdict = Verdict(.success, reason: "exit 0")
    _ = try store.apply(.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0)), to: name)
  }

  private struct Refused: Error {}

  @Sendable private static func random() -> UInt64 { .random(in: .min ... .max) }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
