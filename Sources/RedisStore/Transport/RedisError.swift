/// Why a step on a Redis store failed: structure first, sentence second.
package struct RedisError: Error, Sendable, Equatable {
  /// The reason, for callers and tests to match.
  package enum Code: Sendable, Equatable {
    /// No connection: no such host, refused, reset, closed.
    case unreachable
    /// The deadline passed.
    case timedOut
    /// NOAUTH, WRONGPASS, NOPERM, DENIED: the server does not let us.
    case authentication
    /// The server reads its data set.
    case loading
    /// A replica, or a master that was demoted.
    case readOnly
    /// The server's memory limit is reached and nothing may be evicted.
    case outOfMemory
    /// A script blocks the server, or it has no connection left.
    case busy
    /// A key holds data of another type, so data that is not ours.
    case wrongType
    /// The script is not in the server's cache. `RedisClient.run` deals with it; a caller sees it from `pipeline` only.
    case noScript
    /// A redirection that could not be followed: more than five hops, or no address in it.
    case redirection
    /// The cluster has no owner for the slot, or is moving it; or a sentinel knows no master.
    case clusterDown
    /// The server refuses writes for now: MISCONF (cannot save), NOREPLICAS.
    case writesRefused
    /// What came is not the protocol, is too large, or is not the shape of reply that was asked for.
    case protocolGarbage
    case tls(TLSReason)
    /// The server reports an error that is none of the above (a script's own, a setting, a proxy's).
    case server
    /// This build has no Redis, or no TLS.
    case notBuilt
  }

  /// Why a handshake failed, or could not begin.
  package enum TLSReason: Sendable, Equatable {
    /// The chain ends at nobody that is trusted.
    case unknownAuthority
    case wrongName
    /// The certificate is not valid now.
    case expired
    /// What answered does not speak TLS.
    case notTLS
    /// The server wants a client certificate, or another than the one it got.
    case clientCertificate
    /// A file or name in the URL cannot be used.
    case setting
    case other
  }

  /// The step that failed, for the sentence.
  package enum Attempt: Sendable, Equatable {
    case lookUp, connect, tlsHandshake, authenticate, select, checkRole
    case askSentinel
    /// The first word of the command, and of CLUSTER, CONFIG and the like the second.
    case command(String)
  }

  package var code: Code
  package var attempted: Attempt
  /// The endpoint, or all that were tried: `RedisEndpoint.description`, so nothing secret.
  package var endpoint: String
  /// The cause in words, fit for a terminal.
  package var detail: String
  /// True if the command had been sent, at least in part, when the connection failed: the server may have done it.
  package var mayHaveBeenApplied = false

  /// True if the server cannot serve anybody now, so that others on this host had better leave it alone for a
  /// while. False for what is wrong with our settings, our script or our key.
  package var meansAway: Bool {
    switch code {
    case .unreachable, .timedOut, .loading, .busy, .clusterDown: true
    case .readOnly, .writesRefused, .outOfMemory, .protocolGarbage: true
    // One job with a wrong password or certificate must not keep the others of the host from their Redis.
    case .authentication, .tls, .wrongType, .noScript, .redirection, .server, .notBuilt: false
    }
  }
}

extension RedisError: CustomStringConvertible {
  /// One line: what was asked of whom, why it failed, and what to do where that is known.
  package var description: String {
    let cause = "Redis at \(endpoint): \(attempted.words): \(detail)"
    return hint.map { "\(cause) (\($0))" } ?? cause
  }

  private var hint: String? {
    switch code {
    case .outOfMemory: "raise maxmemory, or free memory on the server"
    case .readOnly: "it is a replica; name the master or use redis-sentinel://"
    case .wrongType: "the key holds data that is not cb's; use another prefix"
    case .tls(.unknownAuthority): "name the authority's certificate with cacert="
    case .tls(.wrongName): "use the name in the certificate, or state it with sni="
    case .tls(.notTLS): "use redis:// if the port has no TLS"
    case .tls(.clientCertificate): "name one with cert= and key="
    default: nil
    }
  }
}

extension RedisError.Attempt {
  var words: String {
    switch self {
    case .lookUp: "looking up the name"
    case .connect: "connecting"
    case .tlsHandshake: "TLS handshake"
    case .authenticate: "AUTH"
    case .select: "SELECT"
    case .checkRole: "ROLE"
    case .askSentinel: "asking the sentinel"
    case .command(let name): name
    }
  }
}
