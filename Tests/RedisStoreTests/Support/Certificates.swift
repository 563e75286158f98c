/// Certificates made with the openssl command, once for all tests.
struct Certificates: Sendable {
  private let place: TemporaryPlace

  static let shared: Result<Certificates, any Error> = Result { try Certificates() }

  func path(_ name: String) -> String { place.path + "/" + name }

  private init() throws {
    let sandbox = Sandbox()
    place = sandbox.place
    let script = """
      new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
      openssl req -x509 $new -keyout ca.key -out ca.crt -days 10 -subj /CN=cb-test-ca
      openssl req -x509 $new -keyout other.key -out other.crt -days 10 -subj /CN=another-ca
      make() {  # name, days, subjectAltName
        openssl req $new -keyout $1.key -out $1.csr -subj /CN=$1
        printf 'subjectAltName=%s\\n' "$3" >$1.ext
        openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days $2 -extfile $1.ext -out $1.crt
      }
      make good 10 DNS:localhost,DNS:redis.example,IP:127.0.0.1
      make elsewhere 10 DNS:elsewhere.example
      make expired -1 DNS:localhost,IP:127.0.0.1
      make client 10 DNS:client.example
      """
    let made = sandbox.execute(["/bin/sh", "-ec", script])
    guard made.code == 0 else { throw TestFailure("openssl: \(made)") }
  }
}
