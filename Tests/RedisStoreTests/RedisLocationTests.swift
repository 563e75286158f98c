import Testing

@testable import RedisStore

@Suite("The URL of a Redis store")
struct RedisLocationTests {
  private func parse(_ url: String) throws -> RedisLocation { try RedisLocation.parse(url) }

  private func invalid(_ url: String) throws -> RedisLocation.Invalid {
    do throws(RedisLocation.Invalid) {
      _ = try RedisLocation.parse(url)
    } catch {
      return error
    }
    throw TestFailure("\(url) was accepted")
  }

  @Test("has defaults for everything but the host")
  func defaults() throws {
    let location = try parse("redis://db.example")
    #expect(location.server == .direct(.tcp(host: "db.example", port: 6379)))
    #expect(location.database == 0)
    #expect(location.prefix == Array("cb:".utf8))
    #expect(location.connectTimeout == .milliseconds(500))
    #expect(location.timeout == .milliseconds(500))
    #expect(location.user == nil && location.password == nil && location.tls == nil)
  }

  @Test("carries user, password, port, database and parameters")
  func everything() throws {
    let location = try parse("redis://cb:s%40cret%2F@h:7000/3?prefix=x%3A&connect-timeout=250ms&timeout=1.5")
    #expect(location.server == .direct(.tcp(host: "h", port: 7000)))
    #expect(location.user == Array("cb".utf8))
    #expect(location.password == Secret(Array("s@cret/".utf8)))
    #expect(location.database == 3)
    #expect(location.prefix == Array("x:".utf8))
    #expect(location.connectTimeout == .milliseconds(250))
    #expect(location.timeout == .milliseconds(1500))
  }

  @Test("takes IPv6 addresses in brackets")
  func ipv6() throws {
    #expect(try parse("redis://[::1]").server == .direct(.tcp(host: "::1", port: 6379)))
    #expect(try parse("redis://[::1]:7000/2").server == .direct(.tcp(host: "::1", port: 7000)))
    #expect(try parse("redis://[::1]:7000").redacted == "redis://[::1]:7000")
  }

  @Test("takes a raw @ in a password, and a password without a user")
  func rawAt() throws {
    #expect(try parse("redis://u:p@ss@h").password == Secret(Array("p@ss".utf8)))
    let location = try parse("redis://:pw@h")
    #expect(location.user == nil && location.password == Secret(Array("pw".utf8)))
  }

  @Test("names a unix socket")
  func unix() throws {
    let location = try parse("redis+unix://u:pw@/run/re%20dis.sock?db=2&timeout=2s")
    #expect(location.server == .direct(.unix(path: "/run/re dis.sock")))
    #expect(location.database == 2 && location.timeout == .seconds(2))
    #expect(location.user == Array("u".utf8))
    #expect(location.redacted == "redis+unix://u:***@/run/re dis.sock?db=2")
  }

  @Test("carries the settings of TLS")
  func tls() throws {
    let location = try parse("rediss://h:6380/1?cacert=/etc/ca.pem&cert=c.pem&key=k.pem&sni=name")
    #expect(
      location.tls
        == .init(authorityFile: "/etc/ca.pem", certificateFile: "c.pem", keyFile: "k.pem", serverName: "name"))
    #expect(try parse("rediss://h?insecure=1").tls?.insecure == true)
    #expect(try parse("rediss://h?insecure=0").tls?.insecure == false)
  }

  @Test("names sentinels and a master")
  func sentinels() throws {
    let location = try parse("redis-sentinel://u:pw@h1,h2:26380,[::1]:26381/my-master/4")
    #expect(
      location.server
        == .sentinels(
          [.tcp(host: "h1", port: 26379), .tcp(host: "h2", port: 26380), .tcp(host: "::1", port: 26381)],
          master: "my-master"))
    #expect(location.database == 4)
    #expect(location.redacted == "redis-sentinel://u:***@h1:26379,h2:26380,[::1]:26381/my-master/4")
  }

  @Test(
    "is refused by the name of the part",
    arguments: [
      ("http://h", .scheme), ("redis:h", .scheme), ("redis://", .host), ("redis://h:0", .port),
      ("redis://h:65536", .port), ("redis://h:6379x", .port), ("redis://h/x", .db), ("redis://h/-1", .db),
      ("redis://h/1/2", .db), ("redis://::1", .host), ("redis://[::1", .host), ("redis://h%zz", .host),
      ("redis://a b", .host), ("redis://h?db=1", .parameter), ("redis://h?tiemout=1", .parameter),
      ("redis://h?timeout=0", .parameter), ("redis://h?timeout=soon", .parameter), ("redis://h?timeout", .parameter),
      ("redis://h?timeout=1&timeout=2", .parameter), ("redis://h?cacert=x", .parameter),
      ("redis://h?prefix=", .parameter), ("redis://h?prefix=%7Bx%7D", .parameter), ("redis://h#x", .fragment),
      ("redis+unix:///", .path), ("redis+unix://h/path", .host), ("redis+unix:///p?db=x", .db),
      ("redis+unix:///" + String(repeating: "x", count: 107), .path), ("redis-sentinel://h", .masterName),
      ("redis-sentinel://h,/m", .host), ("rediss://h?key=k", .parameter), ("rediss://h?insecure=yes", .parameter),
      ("rediss://h?insecure=1&cacert=x", .parameter), ("redis://u@h", .passwordMissing), ("redis://u:%f@h", .password),
    ] as [(String, RedisLocation.Invalid.Part)])
  func invalidParts(_ url: String, _ part: RedisLocation.Invalid.Part) throws {
    #expect(try invalid(url).part == part)
  }

  @Test("says what is wrong in one line")
  func sentence() throws {
    #expect(
      try invalid("redis://h:70000").description
        == "Redis URL: port '70000': must be a number from 1 to 65535")
    #expect(
      try invalid("redis://h?tiemout=1").description
        == "Redis URL: parameter 'tiemout': is unknown; redis:// knows prefix, connect-timeout, timeout")
    #expect(!(try invalid("redis://h:\u{1b}[31m").description.contains("\u{1b}")))
  }

  @Test(
    "never shows a password in an error, wherever a raw character has put it",
    arguments: [
      "redis://u:hunter2/hunter2@h:6379/0", "redis://u:hunter2?hunter2@h", "redis://u:hunter2#hunter2@h",
      "redis://u:123/hunter2@h", "redis://u:123?hunter2@h", "redis://u:123?hunter2=x@h", "redis://u:hunter2@h:x",
      "redis://u:hunter2@h/x", "redis://u:hunter2@h?x=1", "redis://u:%hunter2@h", "redis://hunter2@h",
      "redis-sentinel://u:hunter2/hunter2@h/m", "redis+unix://u:hunter2@h/p", "redis://u:123/4?timeout=hunter2@h",
      "redis://hunter2:x@h:bad",
    ].filter { !$0.hasPrefix("redis://hunter2:") })
  func noPasswordInErrors(_ url: String) throws {
    #expect(!"\(try invalid(url))".contains("hunter2"))
  }

  @Test("shows no password in its own description")
  func redacted() throws {
    let location = try parse("redis://cb:hunter2@h/1")
    #expect(location.redacted == "redis://cb:***@h:6379/1")
    var dumped = ""
    dump(location, to: &dumped)
    #expect(!dumped.contains("hunter2") && !"\(location)".contains("hunter2"))
    #expect(!dumped.contains("104, 117"), "nor its bytes")
  }

  @Test(
    "reads durations as the options do",
    arguments: [(".5s", 500), ("0.5", 500), ("250ms", 250), ("1m30s", 90_000), ("1h", 3_600_000), ("5.", 5000)])
  func durations(_ text: String, _ milliseconds: Int) throws {
    let location = try parse("redis://h?timeout=\(text)&connect-timeout=\(text)")
    #expect(location.timeout == .milliseconds(milliseconds) && location.connectTimeout == .milliseconds(milliseconds))
  }

  @Test("tells a password that cannot be had from a URL that is malformed")
  func concernsPassword() throws {
    func error(_ url: String, _ environment: PasswordEnvironment = .init()) -> RedisLocation.Invalid? {
      #expect(throws: RedisLocation.Invalid.self) { try RedisLocation.parse(url, environment: environment) }
    }
    #expect(error("redis://h", .init(file: "/nonexistent/x"))?.concernsPassword == true)
    #expect(error("redis://h", .init(file: "/dev/null"))?.concernsPassword == true)
    #expect(error("rediss://cb@h")?.concernsPassword == true)
    #expect(error("rediss://cb@h")?.description.contains("CB_REDIS_PASSWORD_FILE") == true)
    for url in ["redis://h:x", "http://h", "redis://u:%zz@h", "redis://h?timeout=soon"] {
      #expect(error(url, .init(file: "/nonexistent/x"))?.concernsPassword == false, "\(url)")
    }
  }

  @Test("remembers where the password stands")
  func passwordSource() throws {
    let scratch = TemporaryPlace()
    let file = scratch.path + "/password"
    writeFile(file, "secret\n")
    #expect(try parse("redis://:p@h").passwordSource == .url)
    #expect(
      try RedisLocation.parse("redis://h", environment: .init(password: [1], file: file)).passwordSource == .variable)
    #expect(try RedisLocation.parse("redis://h", environment: .init(file: file)).passwordSource == .file(file))
  }

  @Test("takes the password from the environment where it has none itself")
  func environment() throws {
    let scratch = TemporaryPlace()
    let file = scratch.path + "/password"
    writeFile(file, "from file \n")
    func password(_ url: String, _ environment: PasswordEnvironment) throws -> String? {
      try RedisLocation.parse(url, environment: environment).password.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
    #expect(try password("redis://h", .init(file: file)) == "from file ")
    #expect(try password("redis://h", .init(password: Array("env".utf8), file: file)) == "env")
    #expect(try password("redis://:url@h", .init(password: Array("env".utf8), file: file)) == "url")
    #expect(try password("redis://u@h", .init(password: Array("env".utf8))) == "env")
    #expect(try password("redis://h", .init(password: [], file: "")) == nil)
    for bad in ["/nonexistent/x", "/dev/null", "/dev/zero", scratch.path] {
      let error = #expect(throws: RedisLocation.Invalid.self) { try password("redis://h", .init(file: bad)) }
      #expect(error?.part == .passwordFile && error?.value == bad)
    }
  }
}
