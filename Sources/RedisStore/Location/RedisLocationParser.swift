import CircuitBreaker
import Settings
import System

extension RedisLocation {
  /// Schemes that belong to this module.
  package static let schemes = ["redis", "rediss", "redis+unix", "redis-sentinel"]

  /// Parses `redis://`, `redis+unix://`, `rediss://` and `redis-sentinel://` as `docs/CONTRACT.md`, "Stores", has them.
  /// A password in the URL goes before one in the environment: the nearer the command, the stronger.
  package static func parse(_ url: String, environment: PasswordEnvironment = .init()) throws(Invalid) -> RedisLocation
  {
    var parser = try Parser(url)
    var location = try parser.location()
    if location.password == nil, let found = try environment.find() {
      location.password = found.password
      location.passwordSource = found.source
    }
    if location.user != nil && location.password == nil {
      throw Invalid(
        part: .passwordMissing,
        reason: "the URL names a user and no password is set; set CB_REDIS_PASSWORD_FILE or CB_REDIS_PASSWORD")
    }
    return location
  }

  /// The parts of a URL by RFC 3986, with the liberty that a raw `@` may occur in a password.
  fileprivate struct Parser {
    let scheme: String
    /// Between `//` and the next `/`, `?` or `#`, without the user and password.
    let authority: ArraySlice<UInt8>
    let userInfo: ArraySlice<UInt8>?
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>
    /// A raw `/`, `?` or `#` in a password makes its rest look like a path or query; then no value is shown.
    let mayHoldPassword: Bool

    init(_ url: String) throws(Invalid) {
      let bytes = ByteText.encode(url)
      let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
      let name = String(decoding: scheme, as: UTF8.self)
      guard RedisLocation.schemes.contains(name) else {
        throw Invalid(part: .scheme, reason: "must be one of " + RedisLocation.schemes.joined(separator: ", "))
      }
      self.scheme = name
      var rest = bytes[scheme.count...]
      guard rest.starts(with: "://".utf8) else {
        throw Invalid(part: .scheme, value: name, reason: "must be followed by ://")
      }
      rest = rest.dropFirst(3)
      let whole = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
      rest = rest.dropFirst(whole.count)
      if let at = whole.lastIndex(of: UInt8(ascii: "@")) {
        userInfo = whole[..<at]
        authority = whole[(at + 1)...]
      } else {
        userInfo = nil
        authority = whole
      }
      // Also where a password came before: of a URL that was pasted twice, the second is the first one's path.
      mayHoldPassword = !whole.isEmpty && rest.contains(UInt8(ascii: "@"))
      if rest.contains(UInt8(ascii: "#")) {
        throw Invalid(part: .fragment, reason: "there is none in a Redis URL; write # as %23")
      }
      path = rest.prefix { $0 != UInt8(ascii: "?") }
      query = rest.dropFirst(path.count + 1)
    }

    func shown(_ bytes: some Sequence<UInt8>) -> String? { mayHoldPassword ? nil : Printable.text(bytes) }

    func invalid(_ part: Invalid.Part, _ bytes: some Sequence<UInt8>, _ reason: String) -> Invalid {
      let hint = mayHoldPassword ? reason + " (in a password, write / as %2F and ? as %3F)" : reason
      return Invalid(part: part, value: shown(bytes), reason: hint)
    }

    mutating func location() throws(Invalid) -> RedisLocation {
      var location: RedisLocation
      switch scheme {
      case "redis+unix":
        guard authority.isEmpty else {
          throw invalid(.host, authority, "must be empty before the path of a socket: redis+unix:///run/redis.sock")
        }
        let file = try decode(path, .path)
        guard file.count > 1 else { throw invalid(.path, path, "must name a socket: redis+unix:///run/redis.sock") }
        // sockaddr_un.sun_path has 108 bytes, the last of them 0.
        guard file.count <= 107 else { throw invalid(.path, path, "longer than the 107 bytes a socket may have") }
        location = RedisLocation(server: .direct(.unix(path: try string(file, .path))))
      case "redis-sentinel":
        var sentinels: [RedisEndpoint] = []
        for part in authority.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
          sentinels.append(try endpoint(part, defaultPort: 26379))
        }
        let parts = path.dropFirst().split(
          separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        let master = try decode(parts.first ?? [], .masterName)
        guard !master.isEmpty else {
          throw invalid(.masterName, path, "missing: redis-sentinel://host:26379/master-name")
        }
        location = RedisLocation(
          server: .sentinels(sentinels, master: try string(master, .masterName)))
        if parts.count == 2, !parts[1].isEmpty { location.database = try database(parts[1]) }
      default:
        location = RedisLocation(server: .direct(try endpoint(authority, defaultPort: 6379)))
        if path.count > 1 { location.database = try database(path.dropFirst()) }
        if scheme == "rediss" { location.tls = TLS() }
      }
      try credentials(&location)
      try parameters(&location)
      return location
    }

    func credentials(_ location: inout RedisLocation) throws(Invalid) {
      guard let userInfo else { return }
      let name = userInfo.prefix { $0 != UInt8(ascii: ":") }
      let user = try decode(name, .user)
      if !user.isEmpty { location.user = user }
      guard name.count < userInfo.count else { return }
      let password = try decode(userInfo.dropFirst(name.count + 1), .password)
      if !password.isEmpty { location.password = Secret(password) }
    }

    func endpoint(_ text: ArraySlice<UInt8>, defaultPort: UInt16) throws(Invalid) -> RedisEndpoint {
      var host = text
      var port: ArraySlice<UInt8>?
      if text.first == UInt8(ascii: "[") {
        guard let end = text.firstIndex(of: UInt8(ascii: "]")) else {
          throw invalid(.host, text, "has [ without ]")
        }
        host = text[(text.startIndex + 1)..<end]
        let rest = text[(end + 1)...]
        if !rest.isEmpty {
          guard rest.first == UInt8(ascii: ":") else { throw invalid(.host, text, "has text after ]") }
          port = rest.dropFirst()
        }
      } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
        host = text[..<colon]
        port = text[(colon + 1)...]
        if text[(colon + 1)...].contains(UInt8(ascii: ":")) {
          throw invalid(.host, text, "an IPv6 address is written in brackets: [::1]:6379")
        }
      }
      let name = try string(decode(host, .host), .host)
      guard !name.isEmpty else { throw invalid(.host, text, "missing") }
      guard name.utf8.count <= 253, !name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
        throw invalid(.host, text, "is not a valid host name or address")
      }
      guard let port, !port.isEmpty else { return .tcp(host: name, port: defaultPort) }
      guard let number = Self.number(port), (1...65535).contains(number) else {
        throw invalid(.port, port, "must be a number from 1 to 65535")
      }
      return .tcp(host: name, port: UInt16(number))
    }

    func database(_ text: ArraySlice<UInt8>) throws(Invalid) -> Int {
      guard let number = Self.number(text) else {
        throw invalid(.db, text, "must be a number, 0 or more")
      }
      return number
    }

    static func number(_ text: ArraySlice<UInt8>) -> Int? {
      guard !text.isEmpty, text.count <= 9, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    func string(_ bytes: [UInt8], _ part: Invalid.Part) throws(Invalid) -> String {
      guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
        throw Invalid(part: part, reason: "must be UTF-8 without a zero byte")
      }
      return text
    }

    /// Percent-decoding by RFC 3986; `+` stays `+`.
    func decode(_ text: ArraySlice<UInt8>, _ part: Invalid.Part) throws(Invalid) -> [UInt8] {
      var result: [UInt8] = []
      result.reserveCapacity(text.count)
      var index = text.startIndex
      while index < text.endIndex {
        guard text[index] == UInt8(ascii: "%") else {
          result.append(text[index])
          index += 1
          continue
        }
        guard index + 2 < text.endIndex, let high = Self.hex(text[index + 1]), let low = Self.hex(text[index + 2])
        else { throw Invalid(part: part, reason: "% must be followed by two hexadecimal digits (write % as %25)") }
        result.append(high << 4 | low)
        index += 3
      }
      return result
    }

    static func hex(_ byte: UInt8) -> UInt8? {
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x41...0x46: byte - 0x41 + 10
      case 0x61...0x66: byte - 0x61 + 10
      default: nil
      }
    }
  }
}

extension RedisLocation.Parser {
  func parameters(_ location: inout RedisLocation) throws(RedisLocation.Invalid) {
    var seen: [String] = []
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let key = pair.prefix { $0 != UInt8(ascii: "=") }
      let name = String(decoding: key, as: UTF8.self)
      let value = try decode(pair.dropFirst(key.count + 1), .parameter)
      func bad(_ reason: String) -> RedisLocation.Invalid {
        RedisLocation.Invalid(
          part: .parameter, parameter: shown(key), value: key.count == pair.count ? nil : shown(value), reason: reason)
      }
      guard !seen.contains(name) else { throw bad("is given twice") }
      seen.append(name)
      switch name {
      case "prefix":
        // Braces would put every breaker of a cluster into one slot, or into none of ours.
        guard (1...128).contains(value.count), !value.contains(where: { $0 == 0x7B || $0 == 0x7D || $0 < 0x20 }) else {
          throw bad("must be 1 to 128 bytes without braces and control characters")
        }
        location.prefix = value
      case "connect-timeout": location.connectTimeout = try timeout(value, bad)
      case "timeout": location.timeout = try timeout(value, bad)
      case "db" where scheme == "redis+unix": location.database = try database(value[...])
      case "cacert" where scheme == "rediss": location.tls?.authorityFile = try file(value, bad)
      case "cert" where scheme == "rediss": location.tls?.certificateFile = try file(value, bad)
      case "key" where scheme == "rediss": location.tls?.keyFile = try file(value, bad)
      case "sni" where scheme == "rediss": location.tls?.serverName = try file(value, bad)
      case "insecure" where scheme == "rediss":
        guard value == [0x30] || value == [0x31] else { throw bad("must be 0 or 1") }
        location.tls?.insecure = value == [0x31]
      case "db": throw bad("is for redis+unix:// only; write the database after the host: redis://host/1")
      case "cacert", "cert", "key", "sni", "insecure": throw bad("is for rediss:// only")
      default:
        // What an unknown parameter holds may well be a password: `?password=...` is a fair guess, and wrong.
        let isWord = key.count <= 32 && key.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F }
        throw RedisLocation.Invalid(
          part: .parameter, parameter: isWord ? name : "...", value: nil,
          reason: "is unknown; \(scheme):// knows " + known.joined(separator: ", "))
      }
    }
    guard let tls = location.tls else { return }
    if tls.keyFile != nil && tls.certificateFile == nil {
      throw .init(part: .parameter, parameter: "key", reason: "needs cert, the certificate that belongs to it")
    }
    if tls.insecure && tls.authorityFile != nil {
      throw .init(part: .parameter, parameter: "insecure", reason: "contradicts cacert: one verifies, one does not")
    }
  }

  private var known: [String] {
    switch scheme {
    case "redis+unix": ["prefix", "connect-timeout", "timeout", "db"]
    case "rediss": ["prefix", "connect-timeout", "timeout", "cacert", "cert", "key", "sni", "insecure"]
    default: ["prefix", "connect-timeout", "timeout"]
    }
  }

  private func timeout(
    _ value: [UInt8], _ bad: (String) -> RedisLocation.Invalid
  ) throws(RedisLocation.Invalid) -> Duration {
    guard let span = DurationText.parse(String(decoding: value, as: UTF8.self)), span >= Span(milliseconds: 1),
      span <= .seconds(3600)
    else { throw bad("must be a duration from 1ms to 1h, as 500ms or 2s") }
    return .milliseconds(span.milliseconds)
  }

  private func file(
    _ value: [UInt8], _ bad: (String) -> RedisLocation.Invalid
  ) throws(RedisLocation.Invalid) -> String {
    guard !value.isEmpty, !value.contains(0), let text = String(validating: value, as: UTF8.self) else {
      throw bad("must not be empty")
    }
    return text
  }
}
