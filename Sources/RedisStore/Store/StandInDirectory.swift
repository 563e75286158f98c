import Glibc
import System

/// The directories of the file stores that stand in for one Redis store: one for each outage, so that no failure of an
/// earlier one counts in the next. They lie in the default file store's own directory.
struct StandInDirectory {
  let parent: String
  /// A part of the names that other Redis stores' directories do not share.
  let store: String

  private var prefix: String { "stand-in-\(store)-" }

  /// The path for the outage that began then (milliseconds of CLOCK_BOOTTIME).
  func path(_ began: Int64) -> String { "\(parent)/\(prefix)\(began)" }

  /// The path for failures that mean that our settings are wrong, not that Redis is away.
  var refusals: String { "\(parent)/\(prefix)refused" }

  /// The path for breakers whose key cannot be used (data that are not cb's, a newer version's) though Redis answers;
  /// no answer about another breaker ends that. Made where it is not there: those who only look never come here.
  func madeForKeys() -> String {
    let path = "\(parent)/\(prefix)keys"
    make(path)
    return path
  }

  func makeForRefusals() { make(refusals) }

  func endRefusals() { remove(refusals) }

  /// Makes the directory of a new outage, open to those to whom its parent is open, and removes those of earlier ones.
  /// Whatever fails: the file store makes its directory itself, and what is left behind harms nobody.
  func begin(_ began: Int64) {
    make(path(began))
    for name in entries(of: parent) where name.hasPrefix(prefix) && name != "\(prefix)\(began)" {
      // A number behind the prefix, and nothing else: what a user made is not ours.
      guard Int64(name.dropFirst(prefix.count)) != nil else { continue }
      remove("\(parent)/\(name)")
    }
  }

  private func make(_ path: String) {
    let path = ByteText.path(path)
    guard mkdir(path, 0o700) == 0 else { return }
    var facts = stat()
    if stat(ByteText.path(parent), &facts) == 0 { chmod(path, facts.st_mode & 0o2777) }
  }

  /// Removes a directory and its files, no further down and through no link.
  private func remove(_ path: String) {
    let raw = retryingInterrupts { open(ByteText.path(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
    guard raw >= 0 else { return }
    let directory = Descriptor(owning: raw)
    for name in entries(of: path) { unlinkat(directory.raw, ByteText.path(name), 0) }
    rmdir(ByteText.path(path))
  }

  private func entries(of path: String) -> [String] {
    guard let stream = opendir(ByteText.path(path)) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { break }
      let name = ByteText.decode(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
