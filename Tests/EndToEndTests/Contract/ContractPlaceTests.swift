import BreakerStore
import Glibc
import JSON
import Testing

/// `max-concurrent` with processes that are killed (docs/CONTRACT.md, "Settings" and "The state machine").
@Suite("Places under max-concurrent")
struct ContractPlaceTests {
  @Test(
    "places agree with a plain count while runs start, end, and are killed", arguments: StoreUnderTest.all,
    [1, 2] as [UInt64])
  func places(_ store: StoreUnderTest, _ seed: UInt64) {
    let scene = Scene(store)
    var steps = SeededRandom(seed: seed)
    let most = Int.random(in: 1...3, using: &steps)
    let options = ["--max-concurrent", "\(most)", "--fail-max", "1000", "--quiet"]
    var held: [InFlight] = []
    var (ended, killed, rejected) = (0, 0, 0)
    for step in 1...25 {
      let name: Comment = "\(store.testDescription), seed \(seed), step \(step), \(held.count) of \(most)"
      switch Int.random(in: 1...6, using: &steps) {
      case 1...3 where held.count < most: held.append(scene.runInFlight(options))
      case 1...3:
        #expect(scene.run(options, sh: "echo started").status == .exited(75), name)
        rejected += 1
      case 4, 5:
        guard let index = held.indices.randomElement(using: &steps) else { continue }
        held.remove(at: index).killCB()
        killed += 1
      default:
        guard let index = held.indices.randomElement(using: &steps) else { continue }
        let code = Int.random(in: 0...1, using: &steps)
        #expect(held.remove(at: index).end(code).status == .exited(Int32(code)), name)
        ended += 1
      }
      #expect(scene.shown("running")?.int ?? 0 == held.count, name)
    }
    for run in held { run.end(0) }
    let totals = scene.shown("totals")
    #expect(totals?["calls"]?.int == ended + held.count)
    #expect(totals?["rejected"]?.int == rejected)
    #expect(totals?["stale"]?.int == 0)
    #expect(scene.shown("running")?.int == 0)
    // A kill that nobody looked at for writing is counted with the next that does.
    scene.run(options, sh: "exit 0")
    #expect(scene.total("lost") == killed)
    #expect(killed > 0 && ended > 0 && rejected > 0, "seed \(seed) shows too little")
  }

  @Test("the place of a cb that was killed goes to exactly one of many that ask at once", arguments: StoreUnderTest.all)
  func oneHeir(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "max-concurrent=1")
    #expect(mkfifo(scene.path + "/release", 0o600) == 0)
    let release = open(scene.path + "/release", O_RDWR | O_CLOEXEC)
    defer { close(release) }
    scene.runInFlight().killCB()
    let runs = (1...12).map { _ in
      scene.sandbox.start([Programs.cb, "run", "--quiet", "x", "--", "/bin/sh", "-c", "echo >> up; read x < release"])
    }
    // Eleven are rejected while the twelfth holds the place.
    #expect(eventually(seconds: 60) { scene.total("rejected") == 11 })
    #expect(eventually(seconds: 60) { scene.sandbox.read("up") == "\n" })
    #expect(scene.shown("running")?.int == 1)
    _ = write(release, "go\n", 3)
    let codes = runs.map { $0.wait(seconds: 60).status }
    #expect(codes.count { $0 == .exited(0) } == 1)
    #expect(codes.count { $0 == .exited(75) } == 11)
  }
}
