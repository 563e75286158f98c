#if TLS
  import COpenSSL
  import Glibc
  import System

  /// TLS as a transformation of bytes, without a socket: OpenSSL reads and writes memory, and our own socket carries it.
  ///
  /// Let loose on the descriptor, OpenSSL would write without MSG_NOSIGNAL, so that a reset peer would kill cb by
  /// SIGPIPE, and would know no deadline.
  final class TLSSession {
    struct Failure: Error {
      var reason: RedisError.TLSReason
      var detail: String
    }

    private let context: OpaquePointer
    private let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    /// TLS records begin with 20 to 24; another first byte comes from a server that speaks something else.
    private var firstByte: UInt8?

    /// - Parameter host: the name or numeric address in the URL (or in a redirection); `sni` in the URL goes before it.
    init(_ settings: RedisLocation.TLS, host: String) throws(Failure) {
      ERR_clear_error()
      guard let context = SSL_CTX_new(TLS_client_method()) else { throw Self.failure(.other, "OpenSSL cannot start") }
      self.context = context
      guard let session = try Self.session(context, settings, host) else {
        SSL_CTX_free(context)
        throw Self.failure(.other, "OpenSSL cannot start")
      }
      self.session = session
      guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
        SSL_free(session)
        SSL_CTX_free(context)
        throw Self.failure(.other, "out of memory")
      }
      self.input = input
      self.output = output
      // The session owns both from here.
      SSL_set_bio(session, input, output)
      SSL_set_connect_state(session)
    }

    deinit {
      SSL_free(session)
      SSL_CTX_free(context)
    }

    private static func session(
      _ context: OpaquePointer, _ settings: RedisLocation.TLS, _ host: String
    ) throws(Failure) -> OpaquePointer? {
      do throws(Failure) {
        try configure(context, settings)
      } catch {
        SSL_CTX_free(context)
        throw error
      }
      guard let session = SSL_new(context) else { return nil }
      let name = settings.serverName ?? host
      let isAddress = SocketAddress.numeric(name, port: 0) != nil
      var good = true
      // SNI carries names only (RFC 6066, section 3).
      if !isAddress { good = cb_ssl_set_sni(session, name) == 1 }
      if !settings.insecure {
        if isAddress {
          good = good && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1
        } else {
          SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
          good = good && SSL_set1_host(session, name) == 1
        }
      }
      guard good else {
        SSL_free(session)
        SSL_CTX_free(context)
        throw failure(.setting, "the name '\(Printable.text(name))' cannot be used for TLS")
      }
      return session
    }

    private static func configure(_ context: OpaquePointer, _ settings: RedisLocation.TLS) throws(Failure) {
      guard cb_ssl_ctx_min_tls12(context) == 1 else { throw failure(.other, "TLS 1.2 cannot be demanded") }
      cb_ssl_ctx_no_renegotiation(context)
      if settings.insecure {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
      } else {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let file = settings.authorityFile {
          guard SSL_CTX_load_verify_file(context, file) == 1 else { throw unusable("cacert", file) }
        } else {
          guard SSL_CTX_set_default_verify_paths(context) == 1 else {
            throw failure(.setting, "the system's trust store cannot be read; name an authority with cacert=")
          }
        }
      }
      guard let certificate = settings.certificateFile else { return }
      guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else { throw unusable("cert", certificate) }
      let key = settings.keyFile ?? certificate
      // A key behind a pass phrase would be asked for on the terminal otherwise, where a cron job hangs.
      SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
      guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else { throw unusable("key", key) }
      guard SSL_CTX_check_private_key(context) == 1 else { throw unusable("key", key) }
    }

    // MARK: Bytes in and out

    /// Goes on with the handshake. - Returns: true when it is complete.
    func handshake() throws(Failure) -> Bool {
      ERR_clear_error()
      let result = SSL_do_handshake(session)
      if result == 1 { return true }
      if SSL_get_error(session, result) == SSL_ERROR_WANT_READ { return false }
      throw whatWentWrong()
    }

    /// Hands over bytes that came from the wire.
    func receive(_ bytes: UnsafeRawBufferPointer) {
      if firstByte == nil { firstByte = bytes.first }
      BIO_write(input, bytes.baseAddress, Int32(bytes.count))
    }

    /// Encrypts; what is to be sent is then in `takeOutput`.
    func seal(_ bytes: [UInt8]) throws(Failure) {
      guard !bytes.isEmpty else { return }
      ERR_clear_error()
      guard SSL_write(session, bytes, Int32(bytes.count)) == bytes.count else { throw whatWentWrong() }
    }

    enum Opened {
      case bytes(Int)
      case needsMore
      /// The peer has said that it is done.
      case closed
    }

    /// Decrypts into `buffer` what `receive` was given.
    func open(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Opened {
      ERR_clear_error()
      let count = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
      if count > 0 { return .bytes(Int(count)) }
      switch SSL_get_error(session, count) {
      case SSL_ERROR_WANT_READ: return .needsMore
      case SSL_ERROR_ZERO_RETURN: return .closed
      default: throw whatWentWrong()
      }
    }

    /// Appends what is to go to the wire.
    func takeOutput(_ wire: inout [UInt8]) {
      let pending = Int(BIO_ctrl_pending(output))
      guard pending > 0 else { return }
      wire += [UInt8](unsafeUninitializedCapacity: pending) { bytes, count in
        count = max(0, Int(BIO_read(output, bytes.baseAddress, Int32(pending))))
      }
    }

    /// For `doctor`: as `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    var summary: String {
      let version = String(cString: SSL_get_version(session))
      guard let cipher = SSL_get_current_cipher(session), let name = SSL_CIPHER_get_name(cipher) else { return version }
      return version + " " + String(cString: name)
    }

    // MARK: Reasons

    private func whatWentWrong() -> Failure {
      let verdict = SSL_get_verify_result(session)
      if SSL_get_verify_mode(session) != SSL_VERIFY_NONE, verdict != Int(X509_V_OK) {
        return Failure(
          reason: Self.reason(verdict: verdict), detail: String(cString: X509_verify_cert_error_string(verdict)))
      }
      if let firstByte, !(20...24).contains(firstByte) {
        return Failure(reason: .notTLS, detail: "the server does not speak TLS on this port")
      }
      let code = ERR_peek_error()
      let reason: RedisError.TLSReason =
        switch ERR_GET_REASON(code) {
        case SSL_R_WRONG_VERSION_NUMBER: .notTLS
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
          SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
          SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
          SSL_R_TLSV1_ALERT_UNKNOWN_CA:
          .clientCertificate
        default: .other
        }
      return Self.failure(reason, nil)
    }

    private static func reason(verdict: Int) -> RedisError.TLSReason {
      switch Int32(truncatingIfNeeded: verdict) {
      case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .expired
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongName
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED:
        .unknownAuthority
      default: .other
      }
    }

    private static func unusable(_ parameter: String, _ file: String) -> Failure {
      failure(.setting, "\(parameter) '\(Printable.text(file))' cannot be used: \(queuedReason() ?? "not a PEM file")")
    }

    private static func failure(_ reason: RedisError.TLSReason, _ detail: String?) -> Failure {
      let detail = detail ?? queuedReason() ?? "the connection ended"
      ERR_clear_error()
      return Failure(reason: reason, detail: detail)
    }

    /// OpenSSL's words for the first error in its queue.
    private static func queuedReason() -> String? {
      let code = ERR_peek_error()
      guard code != 0 else { return nil }
      guard let text = ERR_reason_error_string(code) else { return systemMessage(ERR_GET_REASON(code)) }
      return Printable.text(String(cString: text))
    }
  }
#else
  /// A build without OpenSSL: `RedisClient.init` says so before any of this is reached.
  final class TLSSession {
    struct Failure: Error {
      var reason: RedisError.TLSReason
      var detail: String
    }

    enum Opened {
      case bytes(Int)
      case needsMore
      case closed
    }

    init(_ settings: RedisLocation.TLS, host: String) throws(Failure) {
      throw Failure(reason: .other, detail: "this build has no TLS")
    }

    func handshake() throws(Failure) -> Bool { false }
    func receive(_ bytes: UnsafeRawBufferPointer) {}
    func seal(_ bytes: [UInt8]) throws(Failure) {}
    func open(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Opened { .closed }
    func takeOutput(_ wire: inout [UInt8]) {}
    var summary: String { "" }
  }
#endif
