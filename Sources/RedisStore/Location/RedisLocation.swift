/// Where a Redis store is and how to reach it: what a `redis://` URL and the environment say, in values.
package struct RedisLocation: Sendable, Equatable {
  /// Which server holds the breakers, or who knows it.
  package enum Server: Sendable, Equatable {
    /// A server, or any node of a cluster.
    case direct(RedisEndpoint)
    /// Sentinels, in the order to ask them, and the name under which they know the master.
    case sentinels([RedisEndpoint], master: String)
  }

  /// How TLS is done: `rediss://` and its query parameters.
  package struct TLS: Sendable, Equatable {
    /// PEM file of the authorities to trust instead of the system's.
    package var authorityFile: String?
    /// PEM file of the client's certificate (and chain).
    package var certificateFile: String?
    /// PEM file of the client's key; the certificate's file where none is named.
    package var keyFile: String?
    /// The name that is sent to the server (SNI) and that its certificate must carry, instead of the URL's host.
    package var serverName: String?
    /// `insecure=1`: neither chain nor name is verified.
    package var insecure = false
  }

  /// Where the password comes from, for messages.
  package enum PasswordSource: Sendable, Equatable {
    case url
    /// `CB_REDIS_PASSWORD`.
    case variable
    /// The file that `CB_REDIS_PASSWORD_FILE` names.
    case file(String)
  }

  package var server: Server
  package var tls: TLS?
  package var user: [UInt8]?
  package var password: Secret?
  package var passwordSource = PasswordSource.url
  package var database = 0
  /// What every key begins with.
  package var prefix: [UInt8] = Array("cb:".utf8)
  /// For look-up, connecting and TLS together.
  package var connectTimeout: Duration = .milliseconds(500)
  /// For AUTH, SELECT, the command and its reply together.
  package var timeout: Duration = .milliseconds(500)

  /// Database 0, prefix `cb:`, no password, no TLS, 500 ms for each timeout.
  package init(server: Server) { self.server = server }

  /// The location as a URL for messages: without password and parameters.
  package var redacted: String {
    var text: String
    switch server {
    case .direct(.unix): text = "redis+unix://"
    case .direct: text = tls == nil ? "redis://" : "rediss://"
    case .sentinels: text = "redis-sentinel://"
    }
    if user != nil || password != nil {
      text += Printable.text(user ?? []) + (password == nil ? "" : ":***") + "@"
    }
    switch server {
    case .direct(.unix(let path)):
      text += Printable.text(path) + (database == 0 ? "" : "?db=\(database)")
    case .direct(let endpoint):
      text += endpoint.description + (database == 0 ? "" : "/\(database)")
    case .sentinels(let list, let master):
      text += list.map(\.description).joined(separator: ",") + "/" + Printable.text(master)
      text += database == 0 ? "" : "/\(database)"
    }
    return text
  }
}

extension RedisLocation {
  /// A URL or password that cannot be used. It names the part; it never holds a password.
  package struct Invalid: Error, Equatable, CustomStringConvertible {
    /// The part of the URL, or the variable, that is wrong; `rawValue` is its name in messages.
    package enum Part: String, Sendable {
      case scheme, user, password, host, port, path, db, fragment
      case sentinels
      case masterName = "master name"
      case parameter
      case passwordFile = "CB_REDIS_PASSWORD_FILE"
      case passwordMissing = "password is missing"
    }

    package var part: Part
    /// The parameter's name, where part is `parameter`.
    package var parameter: String?
    /// Its text, safe for a terminal; nil if it may be part of a password.
    package var value: String?
    package var reason: String

    /// True if the URL itself is well formed, and the password that the environment should hold cannot be had: to
    /// the caller this is a store that failed, not a mistake on the command line.
    package var concernsPassword: Bool { part == .passwordFile || part == .passwordMissing }

    package var description: String {
      let name =
        switch part {
        case .passwordFile: part.rawValue
        case .passwordMissing: "Redis \(part.rawValue)"
        case .parameter: "Redis URL: parameter" + (parameter.map { " '\(Printable.text($0))'" } ?? "")
        default: "Redis URL: \(part.rawValue)"
        }
      return name + (value.map { " '\($0)'" } ?? "") + ": " + reason
    }
  }
}
