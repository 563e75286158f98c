import Glibc

/// Shell text that puts a test's own things at fixed paths of the system, for `Scene.cb(amid:)`. The words stand for
/// themselves in a mount namespace of its own: nobody else sees any of it.
enum OwnSystem {
  /// An empty /dev but for null, and an empty /run.
  static let bare = """
    : > null; mount --bind /dev/null null
    mount -t tmpfs cb /dev; : > /dev/null; mount --bind null /dev/null
    mount -t tmpfs cb /run
    """

  /// Syslog's and the journal's sockets are the sandbox's `log` and `journal`.
  static let logs = """
    \(bare)
    ln -s "$PWD/log" /dev/log
    mkdir -p /run/systemd/journal; ln -s "$PWD/journal" /run/systemd/journal/socket
    """

  /// /etc/cb is the sandbox's directory `etc-cb`; the rest of /etc is what it was.
  static let configuration = """
    mkdir -p old; mount --bind /etc old
    mount -t tmpfs cb /etc; ln -s "$PWD"/old/* /etc/
    rm -f /etc/cb; ln -s "$PWD/etc-cb" /etc/cb
    """
}

extension Scene {
  /// cb as it is where a shell text has set up the system for it.
  @discardableResult
  func cb(amid system: String, _ arguments: String...) -> Finished {
    startCB(amid: system, arguments).wait(seconds: 60)
  }

  func startCB(amid system: String, _ arguments: [String]) -> Running {
    // Who is not root may still be it in a namespace of users.
    let user = geteuid() == 0 ? [] : ["--map-root-user"]
    let script = "set -e; \(system)\nexec \"$@\""
    return sandbox.start(
      ["/usr/bin/unshare", "--mount"] + user + ["/bin/sh", "-c", script, "sh", Programs.cb] + arguments)
  }
}

/// A datagram socket at a path, as syslog's and the journal's are.
final class Inbox {
  private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  private let path: String

  init(_ path: String) {
    self.path = path
    precondition(withUnixAddress(path) { bind(descriptor, $0, $1) } == 0, "bind \(path): \(errno)")
  }

  deinit { close(descriptor) }

  /// What has come since the last look.
  func datagrams() -> [[UInt8]] {
    var all: [[UInt8]] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count >= 0 {
      all.append(Array(buffer[..<count]))
    }
    return all
  }

  func texts() -> [String] { datagrams().map { String(decoding: $0, as: UTF8.self) } }

  /// Sends `junk` until no more fits, as in the rush of a host where everything fails at once.
  func fill() {
    let sender = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(sender) }
    while withUnixAddress(path, { sendto(sender, "junk", 4, Int32(MSG_DONTWAIT), $0, $1) }) == 4 {}
  }
}
