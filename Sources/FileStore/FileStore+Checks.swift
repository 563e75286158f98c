package import BreakerStore
import CircuitBreaker
import Glibc
import System

extension FileStore {
  /// See `OpenStore.checks`. The directory is not made where it is missing, and no breaker is touched: what is
  /// written to see whether writing works is under a name that no breaker can have, and removed again.
  package func checks() -> [StoreCheck] {
    var status = stat()
    guard stat(FileName(documents.path).cString, &status) == 0 else {
      let code = errno
      return missing(code) + clockChecks()
    }
    do throws(StoreError) {
      _ = try DirectoryTrust(status, path: path, operation: "use")
    } catch {
      return [StoreCheck("directory", error)] + clockChecks()
    }
    var checks = [directory(status)]
    checks += SpaceCheck.checks(documents.path)
    checks += StoreProbe(documents.path).checks()
    checks += clockChecks()
    checks.append(documentsCheck())
    if let leftovers = leftoversCheck() { checks.append(leftovers) }
    return checks
  }

  // MARK: The directory

  private func directory(_ status: stat) -> StoreCheck {
    var seen = "\(path): owner \(status.st_uid), mode \(String(status.st_mode & 0o7777, radix: 8))"
    if status.st_mode & S_ISGID != 0, status.st_mode & S_IWGRP != 0 { seen += ", shared by group \(status.st_gid)" }
    if faccessat(AT_FDCWD, FileName(documents.path).cString, R_OK | W_OK | X_OK, AT_EACCESS) != 0 {
      let error = StoreError(code: errno, "write to", path)
      return StoreCheck("directory", error)
    }
    return StoreCheck("directory", .ok, seen.escapingControls())
  }

  /// No directory: the first run makes it, if it can.
  private func missing(_ code: Int32) -> [StoreCheck] {
    guard code == ENOENT else { return [StoreCheck("directory", StoreError(code: code, "open", path))] }
    var parent = documents.path
    var status = stat()
    repeat {
      while parent.count > 1, parent.last != UInt8(ascii: "/") { parent.removeLast() }
      while parent.count > 1, parent.last == UInt8(ascii: "/") { parent.removeLast() }
      // A relative path: its missing parts begin in the working directory.
      if parent.first != UInt8(ascii: "/"), parent.count <= 1 { parent = [UInt8(ascii: ".")] }
    } while stat(FileName(parent).cString, &status) != 0 && parent.count > 1
    let name = FileName(parent)
    if faccessat(AT_FDCWD, name.cString, W_OK | X_OK, AT_EACCESS) != 0 || status.st_mode & S_IFMT != S_IFDIR {
      let error = StoreError(
        code: status.st_mode & S_IFMT != S_IFDIR ? ENOTDIR : errno, "make the directory", path)
      return [StoreCheck("directory", error)]
    }
    return [
      StoreCheck(
        "directory", .ok, "\(path): not there yet; the first change makes it in \(name.text)".escapingControls())
    ] + SpaceCheck.checks(parent)
  }

  // MARK: The clocks

  private func clockChecks() -> [StoreCheck] {
    let reading = clock.reading()
    var checks: [StoreCheck] = []
    if reading.bootID == unknownBootID || reading.bootMilliseconds <= 0 {
      checks.append(
        StoreCheck(
          "boot clock", .warning, "the boot id or CLOCK_BOOTTIME cannot be read",
          advice: "mount /proc; without it the death of a run is seen only after its lease (15 s), "
            + "and a step of the wall clock moves timeouts"))
    } else if ProcessView.current() != .own {
      checks.append(
        StoreCheck(
          "boot clock", .warning, "/proc is not that of this pid namespace",
          advice: "mount the namespace's own /proc (unshare --mount-proc, bwrap --proc /proc); without it the death "
            + "of a run is seen only after its lease (15 s)"))
    } else {
      let up = Span.seconds(reading.bootMilliseconds / 1000)
      checks.append(
        StoreCheck("boot clock", .ok, "boot \(reading.bootID.prefix(8)), up for \(up)"))
    }
    let time = RFC3339.format(Timestamp(milliseconds: reading.wallMilliseconds))
    let isPlausible = (Self.plausibleFrom..<Self.plausibleTo).contains(reading.wallMilliseconds)
    checks.append(
      StoreCheck(
        "wall clock", isPlausible ? .ok : .warning, time,
        advice: isPlausible ? "" : "set the clock (timedatectl); breakers hold, but every time shown is wrong"))
    return checks
  }

  /// 2025 and 2100: this program is not older, and nobody runs it then.
  private static let plausibleFrom: Int64 = 1_735_689_600_000
  private static let plausibleTo: Int64 = 4_102_444_800_000

  // MARK: The documents

  private func documentsCheck() -> StoreCheck {
    var count = 0
    var damaged: [String] = []
    var failures: [(name: BreakerName, error: StoreError)] = []
    do throws(StoreError) {
      try readAll { name, result in
        count += 1
        switch result {
        case .success(let reading):
          if reading.damage != nil { damaged.append(name.text) }
        case .failure(let error): failures.append((name, error))
        }
      }
    } catch {
      return StoreCheck("breakers", error)
    }
    if let first = failures.first {
      var check = StoreCheck("breakers", first.error)
      check.seen = "\(failures.count) of \(count) cannot be used; \(first.name): \(check.seen)"
      return check
    }
    guard damaged.isEmpty else {
      let names = (damaged.prefix(3).joined(separator: ", ") + (damaged.count > 3 ? ", ..." : "")).escapingControls()
      return StoreCheck(
        "breakers", .warning, "\(damaged.count) of \(count) damaged: \(names)",
        advice: "the next run sets such a document aside and starts closed; find out who wrote to \(path)")
    }
    return StoreCheck("breakers", .ok, "\(count), all readable")
  }

  /// What lies about beside the documents; nil if there is nothing.
  private func leftoversCheck() -> StoreCheck? {
    guard let stream = opendir(FileName(documents.path).cString) else { return nil }
    defer { closedir(stream) }
    var aside: [String] = []
    while let entry = readdir(stream) {
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
      let start = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
      let name = String(cString: start)
      if name.utf8.starts(with: StoreProbe.prefix.utf8) || Self.isSetAside(name) { aside.append(name) }
    }
    guard let first = aside.min() else { return nil }
    return StoreCheck(
      "leftovers", .warning,
      "\(aside.count == 1 ? "a file" : "\(aside.count) files") set aside or left behind: \(first)".escapingControls(),
      advice: "look at what happened, then remove: \(path)/\(first)".escapingControls())
  }

  private static func isSetAside(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    return parts.last?.utf8.starts(with: "damaged-".utf8) == true && parts.dropLast().last == "json"
  }
}
