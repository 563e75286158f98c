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
}
