// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "cb",
  traits: [
    .default(enabledTraits: ["Redis", "TLS"]),
    .trait(name: "Redis", description: "The Redis store (needs libhiredis)"),
    .trait(
      name: "NextFormat", description: "For tests alone: a program that writes what a later version could write"),
    .trait(name: "TLS", description: "rediss:// (needs OpenSSL 3)", enabledTraits: ["Redis"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    // The ground floor: none of these imports another target of ours.
    .target(name: "CircuitBreaker", swiftSettings: strict),
    .target(name: "JSON", swiftSettings: strict),
    .target(name: "System", swiftSettings: strict),
    .target(name: "Settings", dependencies: ["CircuitBreaker", "System"], swiftSettings: strict),
    .target(name: "CFiles"),
    .target(name: "BreakerStore", dependencies: ["CircuitBreaker", "JSON", "System"], swiftSettings: strict),
    .target(
      name: "FileStore", dependencies: ["BreakerStore", "CFiles", "CircuitBreaker", "JSON", "System"],
      swiftSettings: strict),
    .systemLibrary(name: "CHiredis"),
    .systemLibrary(name: "COpenSSL"),
    // c-ares, behind one function of its own.
    .target(
      name: "CResolver", cSettings: [.define("CB_REDIS", .when(traits: ["Redis"]))],
      linkerSettings: [.linkedLibrary("cares", .when(traits: ["Redis"]))]),
    .target(
      name: "RedisStore",
      dependencies: [
        "CircuitBreaker", "BreakerStore", "JSON", "Settings", "System", "CResolver",
        .target(name: "CHiredis", condition: .when(traits: ["Redis"])),
        .target(name: "COpenSSL", condition: .when(traits: ["TLS"])),
      ],
      swiftSettings: strict),
    .target(name: "CProcess"),
    .target(name: "CBuild"),
    .target(name: "CStartup"),
    // What ArgumentParser needs of Foundation; the Makefile's release build alone uses it.
    .target(name: "FoundationStandIn"),
    .target(name: "CommandProcess", dependencies: ["CProcess", "System"], swiftSettings: strict),
    .executableTarget(
      name: "cb",
      dependencies: [
        "CircuitBreaker", "BreakerStore", "FileStore", "RedisStore", "JSON", "Settings", "System",
        "CommandProcess", "CBuild", "CStartup", "FoundationStandIn",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // Store operations in one process, for `make bench`.
    .executableTarget(
      name: "cb-bench", dependencies: ["CircuitBreaker", "BreakerStore", "FileStore", "JSON", "System"],
      path: "Benchmarks/StoreOperations",
      swiftSettings: strict),
    // What tests of several targets share: how a program is started, a redis-server and a fake one, files, waiting, random
    // numbers from a seed.
    .target(name: "CTestSupport", path: "Tests/Support/CTestSupport"),
    .target(
      name: "TestSupport", dependencies: ["CTestSupport"], path: "Tests/Support/TestSupport", swiftSettings: strict),
    .testTarget(name: "CircuitBreakerTests", dependencies: ["CircuitBreaker", "TestSupport"], swiftSettings: strict),
    // What every store has to do, and values of every kind at random.
    .target(
      name: "StoreConformance", dependencies: ["BreakerStore", "CircuitBreaker", "TestSupport"],
      path: "Tests/Support/StoreConformance",
      swiftSettings: strict),
    .testTarget(
      name: "SettingsTests", dependencies: ["Settings", "CircuitBreaker", "JSON", "System", "TestSupport"],
      swiftSettings: strict),
    // A process of its own for the tests of locks, kills, limits and other users.
    .executableTarget(
      name: "store-exerciser", dependencies: ["BreakerStore", "FileStore", "CircuitBreaker", "JSON", "System"],
      path: "Tests/StoreExerciser",
      swiftSettings: strict),
    .testTarget(
      name: "BreakerStoreTests",
      dependencies: [
        "BreakerStore", "FileStore", "CircuitBreaker", "JSON", "System", "StoreConformance", "TestSupport",
        "store-exerciser",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RedisStoreTests",
      dependencies: [
        "RedisStore", "BreakerStore", "FileStore", "CircuitBreaker", "JSON", "StoreConformance", "System",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "SystemTests", dependencies: ["System", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "CommandProcessTests", dependencies: ["CommandProcess", "CProcess", "System"], swiftSettings: strict),
    // The words of the command line and the configuration file, parsed in this process.
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "cb", "BreakerStore", "CircuitBreaker", "CommandProcess", "Settings", "StoreConformance", "System",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // Pictures of what people look at, compared with the files in Golden.
    .testTarget(
      name: "CLIOutputTests",
      dependencies: [
        "cb", "BreakerStore", "CircuitBreaker", "JSON", "Settings", "System",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], exclude: ["Golden"],
      swiftSettings: strict),
    // What the end-to-end tests drive and are driven by. None of it is installed.
    .executableTarget(name: "cb-probe", path: "Tests/Support/Probe"),
    .executableTarget(
      name: "cb-process-driver", dependencies: ["CommandProcess"], path: "Tests/Support/ProcessDriver",
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "BreakerStore", "JSON", "Settings", "System", "TestSupport", "cb-probe", "cb-process-driver",
      ],
      swiftSettings: strict),
    // Faults, kills and hostile input: short here, long in `make torture`.
    .testTarget(
      name: "TrustTests",
      dependencies: [
        "Settings",
        "cb", "RedisStore", "BreakerStore", "FileStore", "CircuitBreaker", "JSON", "System", "CTestSupport",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DocumentationTests", dependencies: ["TestSupport"],
      exclude: ["Support/complete.zsh", "Support/type.zsh"], swiftSettings: strict),
  ]
)

// The library behind `String.contains(String)` and regular expressions is 1.3 MB of a static program: none of it in Sources.
for target in package.targets where target.path == nil && (target.type == .regular || target.type == .executable) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])
    ]
}

// The core's tests visit every state there is: optimised, that takes seconds rather than a minute and a half.
for target in package.targets where ["CircuitBreaker", "CircuitBreakerTests"].contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [.unsafeFlags(["-O"], .when(configuration: .debug))]
}
