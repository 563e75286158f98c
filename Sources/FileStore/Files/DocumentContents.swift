package import BreakerStore
import Glibc

/// What `DocumentDirectory.change` hands to its body, valid while that runs and the lock is held.
package struct DocumentContents: ~Copyable {
  /// The document; nil if there is none.
  package let document: [UInt8]?
  private let base: [UInt8]
  private let place: StorePlace

  init(document: [UInt8]?, base: [UInt8], place: StorePlace) {
    self.document = document
    self.base = base
    self.place = place
  }

  /// The last document that was flushed; nil if there is none. For a body that finds the document unreadable and knows
  /// (by the boot id in the safe copy) that the machine was restarted since: then a power cut may have torn what was
  /// not flushed.
  package func safeCopy() throws(StoreError) -> [UInt8]? {
    try place.read(base, .safeCopy, limit: DocumentDirectory.sizeLimit)
  }

  /// Renames the document to BASE.json.damaged-YYYYMMDDTHHMMSSZ (with -2, -3 ... if that is taken) at once, and gives
  /// the path that it has now. `wallMilliseconds` since 1970, UTC.
  package func setAside(wallMilliseconds: Int64) throws(StoreError) -> String {
    let stamp = Array(compactUTC(wallMilliseconds).utf8)
    let document = place.name(base, .document)
    for number in 1...1000 {
      let suffix = number == 1 ? stamp : stamp + Array("-\(number)".utf8)
      let aside = place.asideName(base, suffix)
      // Nobody else makes such names, and we hold the lock: looking first is enough. renameat2 with RENAME_NOREPLACE
      // would do it in one, but not on every file system.
      if try place.status(of: aside, operation: "set aside") == nil {
        try place.rename(document, to: aside)
        return FileName(place.path, base, ".json.damaged-", suffix).text
      }
    }
    throw place.error(EEXIST, "set aside", document)
  }
}

/// 20260102T030405Z
private func compactUTC(_ wallMilliseconds: Int64) -> String {
  var seconds = time_t((Double(wallMilliseconds) / 1000).rounded(.down))
  var parts = tm()
  guard gmtime_r(&seconds, &parts) != nil else { return "unknown" }
  let padded = { (value: Int32, width: Int) in
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
  return padded(parts.tm_year &+ 1900, 4) + padded(parts.tm_mon + 1, 2) + padded(parts.tm_mday, 2) + "T"
    + padded(parts.tm_hour, 2) + padded(parts.tm_min, 2) + padded(parts.tm_sec, 2) + "Z"
}
