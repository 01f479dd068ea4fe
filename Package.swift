// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
/// Where most of the code is and little of the time goes, the program is kept small.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]
let testing: [SwiftSetting] = [.swiftLanguageMode(.v6)]

/// A module of `Sources`, with the settings that all of them share.
func module(
    _ name: String, _ dependencies: [Target.Dependency], _ more: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + more)
}

/// The tests of one module; `fixtures` says that the folder holds recorded samples.
func tests(
    of name: String, _ dependencies: [Target.Dependency] = [], fixtures: Bool = false
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
        resources: fixtures ? [.copy("Fixtures")] : [], swiftSettings: testing)
}

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "diagbundle",
    products: [
        .executable(name: "diagbundle", targets: ["diagbundle"]),
        .library(name: "DiagModel", targets: ["DiagModel"]),
        .library(name: "DiagFormats", targets: ["DiagFormats"]),
        .library(name: "DiagCollect", targets: ["DiagCollect"]),
        .library(name: "DiagCollectors", targets: ["DiagCollectors"]),
        .library(name: "DiagArchive", targets: ["DiagArchive"]),
        .library(name: "DiagAnalysis", targets: ["DiagAnalysis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CLzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CNettle", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "CYaml", providers: [.apt(["libyaml-dev"])]),

        module("DiagModel", [], small),
        module("DiagDigest", ["CNettle"]),
        module("DiagFormats", ["DiagModel"], small),
        module("DiagSystem", ["DiagModel", "CLinux", system]),
        module("DiagCodec", ["CLzma", "CZlib", "CZstd", "CLz4"]),
        module("DiagYAML", ["DiagModel", "CYaml"], small),
        module("DiagCollect", ["DiagModel", "DiagSystem", "DiagDigest", system]),
        module("DiagLiveDump", ["DiagModel", "DiagSystem", "DiagFormats", "DiagCodec", system]),
        module(
            "DiagArchive",
            ["DiagModel", "DiagSystem", "DiagCodec", "DiagDigest", "CArchive", system]),
        module(
            "DiagCollectors",
            [
                "DiagModel", "DiagSystem", "DiagFormats", "DiagCodec", "DiagCollect",
                "DiagLiveDump", "DiagDigest", system,
            ], small),
        .target(name: "CollectorLibrary", path: "Collectors/Embedded"),
        module(
            "DiagDeclared",
            [
                "DiagModel", "DiagSystem", "DiagFormats", "DiagCodec", "DiagCollect", "DiagYAML",
                "DiagDigest", "CollectorLibrary", system,
            ], small),
        module("DiagAnalysis", ["DiagModel"], small),
        module("DiagTerminal", ["DiagModel"], small),
        .executableTarget(
            name: "diagbundle",
            dependencies: [
                "DiagModel", "DiagFormats", "DiagSystem", "DiagYAML", "DiagCollect", "DiagArchive",
                "DiagLiveDump", "DiagCollectors", "DiagDeclared", "DiagAnalysis", "DiagTerminal",
                arguments, system,
            ],
            swiftSettings: strict + small),

        .executableTarget(
            name: "framing-benchmark",
            dependencies: ["DiagModel", "DiagSystem", "DiagCollect", system],
            path: "Tests/Benchmarks/Framing", swiftSettings: testing),

        tests(of: "DiagModel"),
        tests(of: "DiagFormats", ["DiagCodec"], fixtures: true),
        tests(of: "DiagSystem", [system]),
        tests(of: "DiagCodec"),
        tests(of: "DiagDigest"),
        tests(of: "DiagYAML", ["DiagModel"]),
        tests(of: "DiagCollect", ["DiagSystem", system]),
        tests(of: "DiagArchive", ["DiagModel", "DiagSystem", "DiagCodec", "DiagDigest", system]),
        tests(
            of: "DiagCollectors",
            ["DiagModel", "DiagSystem", "DiagFormats", "DiagCodec", "DiagCollect", system],
            fixtures: true),
        tests(
            of: "DiagLiveDump", ["DiagModel", "DiagSystem", "DiagFormats", "DiagCodec", system]),
        tests(
            of: "DiagDeclared",
            ["DiagModel", "DiagSystem", "DiagCollect", "DiagYAML", system]),
        tests(of: "DiagAnalysis", ["DiagModel"], fixtures: true),
        tests(of: "DiagTerminal", ["DiagModel"]),
    ]
)
