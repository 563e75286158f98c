# For Homebrew on Linux. brew bump-formula-pr, or `shasum -a 256` on the release, writes the sum.
class Cb < Formula
  desc "Circuit breaker for commands"
  homepage "https://cb.example"
  url "https://cb.example/releases/0.1.0/cb-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "swift" => :build
  depends_on "c-ares"
  depends_on "hiredis"
  depends_on :linux
  depends_on "openssl@3"

  conflicts_with "clipboard", because: "both install a `cb` binary"

  def install
    # Linked as Homebrew links: against its own libraries, for which the Makefile's static build has no archives.
    system "swift", "build", "--configuration", "release", "--disable-sandbox", "--product", "cb"
    system "make", "install", "PREFIX=#{prefix}", "STRIP="
  end

  test do
    ENV["CB_STATE_DIR"] = testpath
    shell_output("#{bin}/cb run x --fail-max 1 -- false", 1)
    shell_output("#{bin}/cb run x -- true", 75)
    assert_match "\"version\": \"#{version}\"", shell_output("#{bin}/cb -V --json")
  end
end
