/// What a disk may hold after a power cut, under the weakest rules that a file system may have (POSIX): a file's data
/// are there once it was flushed, and may be missing or torn before; a directory's names are there once it was
/// flushed, and before that any number of the operations since, in their order. A rename may be there without the
/// data of its file.
struct PowerCut {
  /// What became of data that were not flushed.
  enum Fate: CaseIterable {
    case whole, missing, torn, zeroed
  }

  /// Every disk that may be found after the first `count` operations. Each is a directory, or nil where even that is
  /// not there.
  static func disks(after count: Int, of operations: [DiskOperation]) -> Set<[String: [UInt8]]?> {
    let done = operations[..<count]
    let flushed = done.lastIndex(of: .flushDirectory).map { $0 + 1 } ?? 0
    let pending = done.indices.filter { $0 >= flushed && done[$0].isNaming && done[$0] != .makeDirectory }
    var disks: Set<[String: [UInt8]]?> = []
    if let made = done.firstIndex(of: .makeDirectory), !done[made...].contains(.flushParent) { disks.insert(nil) }
    for kept in 0...pending.count where Effort.visitsAll || kept + 6 > pending.count || kept % 9 == 0 {
      let lost = Set(pending.dropFirst(kept))
      for fate in Fate.allCases {
        disks.insert(disk(done.enumerated().filter { !lost.contains($0.offset) }.map(\.element), fate))
      }
    }
    return disks
  }

  private static func disk(_ operations: [DiskOperation], _ fate: Fate) -> [String: [UInt8]] {
    var names: [String: Int] = [:]
    var data: [Int: [UInt8]] = [:]
    var safe: [Int: [UInt8]] = [:]
    for operation in operations {
      switch operation {
      case .makeDirectory, .flushDirectory, .flushParent: break
      case .create(let inode, let name): names[name] = inode
      case .write(let inode, let bytes): data[inode, default: []] += bytes
      case .truncate(let inode, let size): data[inode, default: []] = Array(data[inode, default: []].prefix(size))
      case .flushFile(let inode): safe[inode] = data[inode]
      case .link(let from, let to): names[to] = names[from]
      case .rename(let from, let to):
        names[to] = names[from]
        names[from] = nil
      case .exchange(let one, let other): (names[one], names[other]) = (names[other], names[one])
      case .unlink(let name): names[name] = nil
      }
    }
    return names.mapValues { inode in
      let all = data[inode] ?? []
      let kept = safe[inode] ?? []
      let rest = all.count - kept.count
      if rest <= 0 { return all }
      switch fate {
      case .whole: return all
      case .missing: return kept
      case .torn: return Array(all.prefix(kept.count + rest / 2))
      case .zeroed: return kept + [UInt8](repeating: 0, count: rest)
      }
    }
  }
}
