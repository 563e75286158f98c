import Glibc
import Testing

/// Compares a picture with the file of that name; `CB_UPDATE_GOLDEN=1` writes the files anew, to be looked at and
/// checked in. ESC is shown as ␛, so that the files can be read and cannot drive a terminal.
func expectGolden(_ name: String, _ picture: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let shown = picture.split(separator: "\u{1B}", omittingEmptySubsequences: false).joined(separator: "␛")
  let path = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/" + name + ".txt"
  if getenv("CB_UPDATE_GOLDEN") != nil {
    let file = fopen(path, "w")
    #expect(file != nil)
    if let file {
      fputs(shown, file)
      fclose(file)
    }
    return
  }
  guard let wanted = contents(path) else {
    Issue.record("there is no \(path)", sourceLocation: sourceLocation)
    return
  }
  #expect(shown == wanted, "differs from \(path)", sourceLocation: sourceLocation)
}

private func contents(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return String(decoding: bytes, as: UTF8.self)
}
