import Glibc
import System

/// The FILE of an `--output` or a `--result`: replaced atomically, but what is there and no regular file (a device, a pipe, a link such
/// as /dev/stdout) is written to, as root's `--output /dev/null` must not leave a file in its place.
struct OutputFile {
  let path: String
  /// The option that named it, for messages.
  var option = "--output"

  func write(_ text: String) throws(CommandFailure) {
    var status = stat()
    guard lstat(cPath(path), &status) == 0 else { return try ReplacedFile(path: path, option: option).write(text) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: try ReplacedFile(path: path, option: option).write(text)
    case S_IFLNK: try writeThroughLink(text)
    default: try writeInto(text)
    }
  }

  /// A link to a file stays, and the file is replaced; a link to one of our own streams is that stream, whatever it
  /// leads to (`--output /dev/stdout >>log`).
  private func writeThroughLink(_ text: String) throws(CommandFailure) {
    var target = stat()
    // A link to nothing is not a device.
    guard stat(cPath(path), &target) == 0 else { return try ReplacedFile(path: path, option: option).write(text) }
    for stream in [STDOUT_FILENO, STDERR_FILENO] {
      var own = stat()
      guard fstat(stream, &own) == 0, own.st_dev == target.st_dev, own.st_ino == target.st_ino else { continue }
      guard writeWhole(text, to: stream) else { throw failure(errno) }
      return
    }
    guard target.st_mode & S_IFMT == S_IFREG, let real = realpath(cPath(path), nil) else { return try writeInto(text) }
    defer { free(real) }
    try ReplacedFile(path: ByteText.decode(cString: real), option: option).write(text)
  }

  /// Like a shell's `>`, which waits for the reader of a named pipe.
  private func writeInto(_ text: String) throws(CommandFailure) {
    let descriptor = retryingInterrupts { open(cPath(path), O_WRONLY | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else { throw failure(errno) }
    let opened = Descriptor(owning: descriptor)
    guard writeWhole(text, to: opened.raw) else { throw failure(errno) }
  }

  private func cPath(_ path: String) -> [CChar] { ByteText.encode(path).map { CChar(bitPattern: $0) } + [0] }

  private func failure(_ code: Int32) -> CommandFailure {
    .failed("\(option): cannot write \(path): \(systemMessage(code))")
  }
}
