import CircuitBreaker

/// What the crowd does.
extension Crowd {
  enum Kind {
    /// With a probe, where a trial is due: whether that succeeds.
    case run(RunEnd, probe: Bool? = nil)
    case open, close, halfOpen, reset
    case permit
    /// With what the other side asked for, in hours.
    case report(text: String, from: Int, Outcome, hint: Int64? = nil)
    /// `cb probe`, and whether the probe succeeds.
    case probe(Bool)
    case look
  }

  /// How CMD ends, and what it makes of the circuit.
  enum RunEnd {
    case success
    case failure
    /// The other side asks for so many hours: more than the reset timeout, and perhaps more than it is believed.
    case hinted(Int64)
    /// By `hold-on`.
    case held

    var report: (verdict: Verdict, hint: RetryHint?) {
      switch self {
      case .success: (Verdict(.success, reason: "exit 0"), nil)
      case .failure: (Verdict(.failure, reason: "exit 1"), nil)
      case .hinted(let hours): (Verdict(.failure, reason: "exit 1"), .after(.seconds(hours * 3600)))
      case .held: (Verdict(.failure, reason: "exit 7", severity: .holds(reason: "exit 7 is in hold-on")), nil)
      }
    }

    var code: Int {
      switch self {
      case .success: 0
      case .failure, .hinted: 1
      case .held: 7
      }
    }

    var options: [String] {
      switch self {
      case .success, .failure: []
      case .hinted(let hours): ["--retry-hint", "echo \(hours)h"]
      case .held: ["--hold-on", "7"]
      }
    }
  }
}

extension Crowd.Kind {
  /// Whether its probe succeeds; nil where there is none.
  var probe: Bool? {
    switch self {
    case .run(_, let probe): probe
    case .probe(let succeeds): succeeds
    default: nil
    }
  }
}

extension Crowd.RunEnd {
  func result(of permit: Permit) -> Event {
    let (verdict, hint) = report
    return .record(RunReport(permit: permit, verdict: verdict, policy: Crowd.policy, draw: 0, hint: hint))
  }
}
