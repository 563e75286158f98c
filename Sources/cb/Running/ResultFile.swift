import CircuitBreaker
import Glibc
import JSON
import Settings
import System

/// How a run went, for `--result FILE` (docs/CONTRACT.md, "Settings"): by it a CMD that ends in 75 and a rejection are
/// told apart.
final class RunResult {
  let breaker: String
  var isAdmitted = false
  /// Why it was rejected, failed, or was not started: as the messages have it.
  var reason = ""
  /// The state of the circuit at the end; nil if it is not known.
  var state: CircuitState?
  /// nil if there is none: cb itself failed.
  var outcome: Outcome?
  var isRejected = false
  /// Of `cb`.
  var exit: Int32
  var signal: String?
  var duration: Span?
  var retryAfter: Span?
  var isTrial = false
  /// Where the breaker was: without secrets.
  var store: String?

  init(breaker: String, exit: Int32) {
    self.breaker = breaker
    self.exit = exit
  }

  /// One JSON object, ended by a newline.
  var json: [UInt8] {
    var object = JSONObject(reservingCapacity: 11)
    object.append("breaker", .string(breaker))
    object.append("admitted", .bool(isAdmitted))
    object.append("reason", .string(reason))
    object.append("state", state.map { .string($0.rawValue) } ?? .null)
    object.append("outcome", isRejected ? .string("rejected") : outcome.map { .string($0.rawValue) } ?? .null)
    object.append("exit", .integer(Int64(exit)))
    object.append("signal", signal.map { .string($0) } ?? .null)
    object.append("duration", duration.map { .number($0.seconds) } ?? .null)
    object.append("retry_after", retryAfter.map { .number($0.seconds) } ?? .null)
    object.append("trial", .bool(isTrial))
    object.append("store", store.map { .string($0) } ?? .null)
    return JSONValue.object(object).bytes(.compact) + [UInt8(ascii: "\n")]
  }
}

/// The file for it: removed at the start, so that what is there afterwards is of this run, and replaced atomically. A
/// device or a pipe is left in its place and written to.
///
/// A class, for an optional that is copied without a look at its type's description.
final class ResultFile {
  let path: String
  let world: World

  init?(_ option: String?, _ world: World) {
    guard let path = option ?? world.environment("CB_RESULT_FILE") else { return nil }
    self.path = path
    self.world = world
  }

  /// The file that the words of a `run` name which no parser may take.
  convenience init?(words: some Sequence<String>, _ world: World) {
    var option: String?
    var isNext = false
    for word in words {
      if isNext { option = word }
      if word.hasPrefix("--result=") { option = String(word.dropFirst("--result=".utf8.count)) }
      isNext = word == "--result"
    }
    self.init(option, world)
  }

  /// A link keeps its file, which is emptied.
  func remove() {
    guard isFile else { return }
    var status = stat()
    let isLink = lstat(ByteText.path(path), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    if (isLink ? truncate(ByteText.path(path), 0) : unlink(ByteText.path(path))) != 0 {
      world.say("--result: cannot remove \(path): \(systemMessage(errno))")
    }
  }

  /// A file that cannot be written is reported: the exit code of the run says nothing of it.
  func write(_ result: RunResult) {
    do throws(CommandFailure) {
      try OutputFile(path: path, option: "--result").write(String(decoding: result.json, as: UTF8.self))
    } catch {
      world.say(error.message)
    }
  }

  /// Writes it unless there is one already.
  func writeIfMissing(_ result: RunResult) {
    var status = stat()
    if stat(ByteText.path(path), &status) != 0 || status.st_size == 0 { write(result) }
  }

  private var isFile: Bool {
    var status = stat()
    return stat(ByteText.path(path), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
