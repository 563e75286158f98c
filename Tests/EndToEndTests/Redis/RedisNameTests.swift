import Glibc
import Testing

/// Looking up the server's name as hosts do that ask more of their resolver than this program can (Fedora, Arch).
@Suite struct RedisNameTests {
  /// In namespaces of its own: nothing of the machine is touched, and port 53 is free.
  private static let script = """
    set -e
    ip link set lo up
    printf 'hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\\n' >nsswitch.conf
    printf 'nameserver 127.0.0.1\\n' >resolv.conf
    printf '127.0.0.1 localhost in-hosts\\n' >hosts
    for file in nsswitch.conf resolv.conf hosts; do mount --bind "$file" "/etc/$file"; done
    python3 dns.py &
    redis-server --port 6379 --bind 127.0.0.1 --save '' >/dev/null &
    until redis-cli ping >/dev/null 2>&1; do sleep 0.05; done
    until [ -e dns.ready ]; do sleep 0.05; done
    for host in redis.test in-hosts none.test; do
      result=0
      strace -f -o "trace.$host" "$0" run x --store "redis://$host?timeout=60s&connect-timeout=60s" \\
        --on-store-error reject -- true 2>"err.$host" || result=$?
      echo "$host $result"
    done
    """

  private static let nameServer = """
    import socket
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 53))
    open("dns.ready", "w").close()
    while True:
        q, who = s.recvfrom(2048)
        end = q.index(b"\\0", 12) + 5
        known = q[12:].startswith(b"\\x05redis\\x04test\\0")
        n = 1 if known and q[end - 4:end - 2] == b"\\0\\x01" else 0
        flags = b"\\x81\\x80" if known else b"\\x81\\x83"
        r = q[:2] + flags + b"\\0\\x01" + bytes([0, n]) + b"\\0\\0\\0\\0" + q[12:end]
        if n:
            r += b"\\xc0\\x0c\\0\\x01\\0\\x01\\0\\0\\0\\x3c\\0\\x04\\x7f\\0\\0\\x01"
        s.sendto(r, who)
    """

  @Test func `A name is found in the hosts file and by DNS, and no module that the host names is loaded`() throws {
    let sandbox = Sandbox()
    _ = sandbox.file("dns.py", Self.nameServer)
    let words = ["/usr/bin/unshare", "-rmnpf", "--kill-child", "--mount-proc", "sh", "-c", Self.script, Programs.cb]
    let result = sandbox.start(words).wait(seconds: 120)
    #expect(result.outputText == "redis.test 0\nin-hosts 0\nnone.test 125\n", "\(result.outputText)\(result.errorText)")
    #expect(sandbox.read("err.none.test")?.contains("no such host") == true)
    for host in ["redis.test", "in-hosts", "none.test"] {
      let trace = try #require(sandbox.read("trace.\(host)"))
      #expect(!trace.contains("libnss"), "\(host)")
      // CMD, and nobody else.
      let children = trace.split(separator: "\n" as Character).filter { $0.contains("clone(") || $0.contains("fork(") }
      #expect(children.count == (host == "none.test" ? 0 : 1), "\(children)")
    }
  }
}
