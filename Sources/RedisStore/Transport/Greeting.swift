extension RedisConnection {
  /// What is said before the first command.
  struct Greeting {
    var user: [UInt8]?
    var password: Secret?
    var passwordSource = RedisLocation.PasswordSource.url
    var database = 0
    var asksRole = false

    init() {}

    init(_ location: RedisLocation) {
      user = location.user
      password = location.password
      passwordSource = location.passwordSource
      database = location.database
      asksRole = true
    }

    var steps: [(RedisError.Attempt, [[UInt8]])] {
      var steps: [(RedisError.Attempt, [[UInt8]])] = []
      if let password {
        steps.append((.authenticate, [Array("AUTH".utf8)] + (user.map { [$0] } ?? []) + [password.bytes]))
      }
      if database != 0 { steps.append((.select, [Array("SELECT".utf8), Array(String(database).utf8)])) }
      if asksRole { steps.append((.checkRole, [Array("ROLE".utf8)])) }
      return steps
    }

    /// What may be wrong with a password that the server does not take, from its looks alone.
    var doubtOfPassword: String? {
      guard let last = password?.bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") else {
        return nil
      }
      let place =
        switch passwordSource {
        case .url: "the password in the URL"
        case .variable: "CB_REDIS_PASSWORD"
        case .file(let path): "the password in \(Printable.text(path))"
        }
      return "\(place) ends in a line break, which counts as part of it: remove that"
    }
  }
}
