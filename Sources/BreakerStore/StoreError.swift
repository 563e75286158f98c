import CircuitBreaker
import Glibc
import System

/// Why a store, of files or of another kind, could not do what was asked. Tests and callers match `kind`, users read
/// `description`: one line that names the thing, the reason and what to do, without raw control characters.
package struct StoreError: Error, Equatable, Sendable {
  /// The reason, for callers and tests to match.
  package enum Kind: Equatable, Sendable {
    /// A directory on the way is missing and could not be made, or (Redis) nobody answers.
    case unreachable
    /// Neither the environment nor the password database tells where this user's files are.
    case nowhere(user: UInt32)
    /// A part of the path that should be a directory is something else.
    case notADirectory
    case permission
    /// No space, no inode, or the quota used up.
    case full
    case readOnly
    /// Another process held the lock for all of this time.
    case locked(milliseconds: Int64)
    /// Something that others could have planted or could change; the reason says what, and the hint what to do.
    case insecure(reason: String, hint: String)
    /// A file larger than we ever write, in bytes, or than the process may write (`ulimit -f`; then nil).
    case tooLarge(limit: Int?)
    /// The process or the system has no descriptor left.
    case tooManyOpenFiles
    /// The file system has no locks to give.
    case noLocks
    /// A breaker with something that this version does not know and that may decide; the text names it. Nothing of it
    /// was written, and every other breaker can be used.
    case newer(String)
    /// A document that cannot be understood, where setting it aside is not the caller's to do.
    case damaged(reason: String)
    /// A breaker in Redis that no version of cb can have written.
    case damagedLog(reason: String)
    /// Any other failure of a system call, by its errno.
    case io
    /// What a Redis server or the way to it said, in words made for users.
    case redis(String)
    /// What should say where the store is cannot be used: a configuration file, a URL, a password file. The sentence
    /// says which, why, and what to do.
    case configuration(String)
  }

  package var kind: Kind
  /// What was attempted, as a verb: "read", "write", "lock".
  package var operation: String
  /// The file, directory or (without its password) URL that it was attempted on.
  package var path: String
  /// The errno behind it; 0 if none is.
  package var code: Int32
  /// Whether the user has not been told of it yet: of an outage, the first failure on this host is news.
  package var isNews = true

  /// `operation` is a verb, `path` a file, a directory or a URL without its password; `code` an errno, 0 if there is
  /// none.
  package init(_ kind: Kind, _ operation: String, _ path: String, code: Int32 = 0) {
    self.kind = kind
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// The error for an errno.
  package init(code: Int32, _ operation: String, _ path: String) {
    self.init(Kind(code: code), operation, path, code: code)
  }
}

extension StoreError.Kind {
  init(code: Int32) {
    switch code {
    case ENOENT, ELOOP: self = .unreachable
    case ENOTDIR: self = .notADirectory
    case EACCES, EPERM: self = .permission
    case ENOSPC, EDQUOT: self = .full
    case EROFS: self = .readOnly
    case EFBIG: self = .tooLarge(limit: nil)
    case EMFILE, ENFILE: self = .tooManyOpenFiles
    case ENOLCK: self = .noLocks
    default: self = .io
    }
  }
}

extension StoreError: CustomStringConvertible {
  package var description: String {
    sentence + (hint.isEmpty ? "" : "; \(hint.escapingControls())")
  }

  /// What failed and why, without what to do.
  package var sentence: String {
    let text =
      if case .configuration(let sentence) = kind { sentence } else { "cannot \(operation) \(path): \(reason)" }
    return text.escapingControls()
  }

  private var reason: String {
    switch kind {
    case .locked(let milliseconds): "another process has kept it locked for \(milliseconds) ms"
    case .nowhere(let user): "HOME is not set and the password database has no user \(user)"
    case .insecure(let reason, _): reason
    case .tooLarge(let limit?): "it is larger than \(limit) bytes"
    case .newer(let what): "it has \(what), which this version of cb does not know"
    case .damaged(let reason), .damagedLog(let reason), .redis(let reason): reason
    case .notADirectory where code == 0: "it is not a directory"
    default: code == 0 ? "it cannot be reached" : systemMessage(code)
    }
  }

  /// What to do; empty where that is part of the sentence.
  package var hint: String {
    switch kind {
    case .unreachable: "check that the path is right and that its parent directory exists"
    case .nowhere: "set CB_STATE_DIR, or name a directory with --store file:DIR"
    case .notADirectory: "name a directory with --store file:DIR"
    case .permission: "check its owner and mode, or name another directory with --store file:DIR"
    case .full: "free some space or raise the quota"
    case .readOnly: "mount it writable or name another directory with --store file:DIR"
    case .locked: "see which process holds it with fuser"
    case .insecure(_, let hint): hint
    case .tooLarge(nil): "raise the limit (ulimit -f)"
    case .tooLarge: "cb did not write it, so move it away"
    case .tooManyOpenFiles: "raise the limit (ulimit -n)"
    case .noLocks: "put the store on a file system with locks"
    case .newer: "update cb on this host"
    case .damagedLog: "look at it with redis-cli, then forget it with cb remove"
    case .damaged: "see what it holds, then move it away"
    case .io: "check the file system and the kernel's log"
    case .redis, .configuration: ""
    }
  }
}
