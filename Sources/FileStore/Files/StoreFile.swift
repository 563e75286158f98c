/// The files that stand for one document, each BASE with a suffix.
enum StoreFile {
  case document
  /// The last flushed document.
  case safeCopy
  /// Lines that left the document.
  case history
  /// Never removed while the store lives.
  case lock
  /// These three are there only while the lock is held, or after a crash until the next change.
  case temporary
  case safeTemporary
  case historyTemporary

  var suffix: StaticString {
    switch self {
    case .document: ".json"
    case .safeCopy: ".safe"
    case .history: ".history"
    case .lock: ".lock"
    case .temporary: ".json.tmp"
    case .safeTemporary: ".safe.tmp"
    case .historyTemporary: ".history.tmp"
    }
  }
}
