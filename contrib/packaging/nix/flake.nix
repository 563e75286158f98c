{
  description = "Circuit breaker for commands";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  # The static program of a release, which needs nothing of the system; nixpkgs' Swift is too old to build it.
  outputs =
    { self, nixpkgs }:
    let
      version = "0.1.0";
      systems = {
        x86_64-linux = {
          machine = "x86_64";
          # From SHA256SUMS of the release: nix hash convert --hash-algo sha256 SUM
          hash = nixpkgs.lib.fakeHash;
        };
      };
    in
    {
      packages = builtins.mapAttrs (
        system: source:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = pkgs.stdenvNoCC.mkDerivation {
            pname = "cb";
            inherit version;
            src = pkgs.fetchurl {
              url = "https://cb.example/releases/${version}/cb-${version}-linux-${source.machine}.tar.gz";
              inherit (source) hash;
            };
            nativeBuildInputs = [ pkgs.installShellFiles ];
            dontStrip = true;
            installPhase = ''
              runHook preInstall
              install -Dm755 bin/cb $out/bin/cb
              installManPage share/man/man?/*
              installShellCompletion --bash --name cb share/bash-completion/completions/cb
              installShellCompletion --zsh --name _cb share/zsh/site-functions/_cb
              installShellCompletion --fish --name cb.fish share/fish/vendor_completions.d/cb.fish
              install -Dm644 -t $out/share/doc/cb LICENSE THIRD-PARTY-NOTICES README.md
              runHook postInstall
            '';
            doInstallCheck = true;
            installCheckPhase = ''
              CB_STATE_DIR=$TMPDIR/store $out/bin/cb run package -- true
            '';
            meta = {
              description = "Circuit breaker for commands";
              homepage = "https://cb.example";
              license = with nixpkgs.lib.licenses; [ mit asl20 bsd3 lgpl21Plus ];
              platforms = builtins.attrNames systems;
              mainProgram = "cb";
              sourceProvenance = [ nixpkgs.lib.sourceTypes.binaryNativeCode ];
            };
          };
        }
      ) systems;
    };
}
