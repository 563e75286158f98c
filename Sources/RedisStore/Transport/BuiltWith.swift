#if Redis
  import CHiredis
  import CResolver
#endif
#if TLS
  import COpenSSL
#endif

/// What this build can do: the package's traits.
package enum BuiltWith {
  #if Redis
    package static let redis = true
  #else
    package static let redis = false
  #endif

  #if TLS
    package static let tls = true
  #else
    package static let tls = false
  #endif

  /// The newest format of a breaker's log in Redis that this version reads and writes.
  package static let redisFormat = LogScripts.format

  /// The C libraries inside, by name and version.
  package static var libraries: [(name: String, version: String)] {
    var libraries: [(name: String, version: String)] = []
    #if Redis
      libraries.append(("c-ares", String(cString: cresolver_version())))
      libraries.append(("hiredis", "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH)"))
    #endif
    #if TLS
      let release = "\(OPENSSL_version_major()).\(OPENSSL_version_minor()).\(OPENSSL_version_patch())"
      libraries.append(("openssl", release))
    #endif
    return libraries
  }
}
