import BreakerStore
import Glibc
import Testing

@testable import RedisStore

/// The rights that a store needs (cb-config(5)), each taken away in turn.
@Suite("The least rights of a user")
struct RightsTests {
  private static let shared: Result<RedisServer, any Error> = Result { try RedisServer() }
  private let server: RedisServer

  init() throws { server = try Self.shared.get() }

  /// What `doctor` says of a store whose user has these rights.
  private func checks(_ rights: [String], user: String, prefix: String = "cb:") throws -> [StoreCheck] {
    let rules = ["ACL", "SETUSER", user, "reset", "on", ">pw", "~\(prefix)*", "-@all"] + rights.map { "+\($0)" }
    _ = try server.client().command(.init(rules), deadline: .after(.seconds(10)))
    let location = try RedisLocation.parse(
      "redis://\(user):pw@127.0.0.1:\(server.port)?timeout=60s&connect-timeout=60s")
    return try RedisStore(location, outageDirectory: server.sandbox.path, random: { 7 }).checks()
  }

  @Test("are those of the manual, no more and no fewer")
  func manual() throws {
    let page = try #require(fileText(Programs.packageRoot + "/man/cb-config.5"))
    let lines = page.split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.hasPrefix("ACL SETUSER cb") })
    let listed = lines[start...].prefix { $0 != ".Ed" }.flatMap { $0.split(separator: " ") }
      .filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) }
    #expect(Set(listed) == Set(RequiredRights.all))
    #expect(Set(listed).count == listed.count)
  }

  @Test("can each be tried, those that the scripts use too")
  func trials() {
    for command in RequiredRights.ofClient + RequiredRights.ofScripts {
      #expect(RequiredRights.trial(command, hash: [1]) != nil, "\(command)")
    }
    #expect(RequiredRights.ofScripts.contains("hset") && RequiredRights.ofScripts.contains("time"))
  }

  @Test("suffice: doctor finds nothing to complain of, and leaves no key")
  func suffice() throws {
    let checks = try checks(RequiredRights.all, user: "full")
    #expect(checks.allSatisfy { $0.verdict == .ok }, "\(checks)")
    #expect(try server.client().keys(withPrefix: Array("cb:".utf8), deadline: .after(.seconds(10))).isEmpty)
  }

  @Test("are missed by doctor, each by its name", arguments: RequiredRights.all)
  func each(_ right: String) throws {
    // A server alone needs none of those.
    let isNeeded = !RequiredRights.ofSome.contains(right)
    let checks = try checks(RequiredRights.all.filter { $0 != right }, user: "without-\(right.prefix { $0 != "|" })")
    let bad = checks.filter { $0.verdict != .ok }
    #expect(bad.isEmpty != isNeeded, "\(checks)")
    if isNeeded { #expect(bad.contains { "\($0)".contains("+\(right)") }, "\(bad)") }
  }
}
