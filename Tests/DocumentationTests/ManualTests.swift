import Foundation
import Testing

/// The man pages by themselves: sound, and their examples run.
struct ManualTests {
  private let pages: [String]

  init() throws {
    pages = try Repository.files("man").filter { $0.hasPrefix("cb") }
  }

  private func page(_ name: String) throws -> ManualPage {
    ManualPage(source: try Repository.text("man/" + name))
  }

  @Test func `mandoc finds nothing to complain about`() throws {
    for name in pages {
      let result = try Sandbox().run(["mandoc", "-T", "lint", Repository.root + "/man/" + name])
      #expect(Lint.faults(in: result.output + result.error) == [], "\(name)")
    }
  }

  @Test func `a fault in a page is found out`() throws {
    let sandbox = try Sandbox()
    let file = try sandbox.write(
      "bad.1", ".Dd November 23, 2026\n.Dt BAD 1\n.Os\n.Sh NAME\n.Nm bad\n.Nd a page\n.Foo\n")
    let result = try sandbox.run(["mandoc", "-T", "lint", file])
    #expect(!Lint.faults(in: result.output + result.error).isEmpty)
  }

  @Test func `every reference to a page of ours leads to one`() throws {
    for name in pages {
      for reference in try page(name).references where reference.hasPrefix("cb") {
        #expect(pages.contains(reference), "\(name): \(reference)")
      }
    }
  }

  @Test func `every page has examples, but cb(7)`() throws {
    for name in pages where name != "cb.7" { #expect(!(try page(name).examples().isEmpty), "\(name)") }
  }

  @Test func `the examples of every page run`() throws {
    for name in pages {
      let examples = try page(name).examples()
      guard !examples.isEmpty else { continue }
      let sandbox = try Sandbox()
      // The breaker of most examples is one that is in use.
      #expect(try sandbox.run(["cb", "run", "db-backup", "--", "true"]).status == 0)
      for example in examples {
        let result = try sandbox.shell(example)
        #expect(result.status == 0, "\(name): \(example)\(result.error)")
        #expect(!result.error.contains("not found"), "\(name): \(result.error)")
      }
    }
  }

  @Test func `an example that fails is found out`() throws {
    let page = ManualPage(source: ".Sh EXAMPLES\n.Bd -literal -offset indent\ncb run x \\-\\-no\\-such -- true\n.Ed\n")
    #expect(page.examples() == ["cb run x --no-such -- true\n"])
    #expect(try Sandbox().shell(page.examples()[0]).status == 64)
  }

  @Test func `the configuration file of cb-config(5) is one that the program takes`() throws {
    let files = try page("cb-config.5").examples("-unfilled")
    try #require(!files.isEmpty)
    for text in files {
      let sandbox = try Sandbox()
      let file = try sandbox.write("config.json5", text)
      let result = try sandbox.run(["cb", "status", "--config", file])
      #expect(result.status == 0, "\(result.error)")
    }
  }
}

enum Lint {
  /// Without what depends on the pages of others that are installed, and without the advice to leave `.Os` empty, which
  /// would put the name of some operating system into the footer.
  static func faults(in output: String) -> [String] {
    output.split(separator: "\n").map(String.init)
      .filter {
        !$0.contains("referenced manual not found") && !$0.contains("outdated mandoc.db")
          && !$0.contains("operating system explicitly specified")
      }
  }
}
