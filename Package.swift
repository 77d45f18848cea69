// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]

// Our modules stand on floors, and arrows go down only: see docs/architecture.md.
let c: [Target] = [
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
    .target(name: "CChecksum"),
    .target(name: "CFile"),
    .target(name: "CProcess"),
]

let ground: [Target] = [
    .target(name: "CacheProtocol", dependencies: ["CChecksum", "CLZ4", crypto]),
    .target(name: "Curl", dependencies: ["CCurl"]),
    .target(name: "ErasureReceipt", dependencies: [crypto]),
    .target(name: "ImageURL", dependencies: [crypto]),
    .target(name: "SQLStore", dependencies: [.product(name: "GRDB", package: "GRDB.swift")]),
    .target(name: "Telemetry", dependencies: nio + [lifecycle, logging]),
    .target(name: "Vips", dependencies: ["CVips"]),
    .target(name: "WorkerProtocol", dependencies: ["CProcess"]),
]

let engines: [Target] = [
    .target(
        name: "EdgeHTTP",
        dependencies: nio + [
            "CacheProtocol", "Telemetry", logging,
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "NIOTLS", package: "swift-nio"),
        ]),
    .target(name: "ImageTransform", dependencies: ["ImageURL", "Vips", "WorkerProtocol"]),
    .target(name: "Journal", dependencies: ["CacheProtocol", "SQLStore"]),
    .target(
        name: "NodeAgent",
        dependencies: [
            "CacheProtocol", "Curl", "Telemetry", configuration, logging,
            .product(name: "SystemPackage", package: "swift-system"),
        ]),
    .target(name: "ObjectCache", dependencies: ["CFile", "CacheProtocol", "Telemetry"]),
    .target(name: "SourceStorage", dependencies: ["Curl", crypto]),
    .target(name: "WorkerPool", dependencies: ["CProcess", "ImageURL", "WorkerProtocol"]),
]

let top: [Target] = [
    .executableTarget(
        name: "EdgeServer",
        dependencies: nio + [
            "CacheProtocol", "Curl", "EdgeHTTP", "ImageURL", "NodeAgent", "ObjectCache", "Telemetry",
            configuration, lifecycle, logging, signals,
        ]),
    .executableTarget(
        name: "OriginServer",
        dependencies: nio + [
            "CacheProtocol", "Curl", "ErasureReceipt", "ImageURL", "Journal", "NodeAgent", "ObjectCache", "SourceStorage",
            "Telemetry", "WorkerPool", "WorkerProtocol", configuration, crypto, lifecycle, logging, signals,
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Hummingbird", package: "hummingbird"),
        ]),
    .executableTarget(name: "TransformWorker", dependencies: ["CProcess", "ImageTransform", "ImageURL", "Vips", "WorkerProtocol"]),
    .executableTarget(
        name: "OperatorCLI",
        dependencies: [
            "CacheProtocol", "Curl", "ErasureReceipt", "ObjectCache",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    .target(
        name: "LoadGenerator",
        dependencies: nio + ["CacheProtocol", "ObjectCache", .product(name: "Histogram", package: "hdrhistogram-swift")],
        path: "loadtest/Sources/LoadGenerator"),
    .executableTarget(
        name: "LoadTest",
        dependencies: ["LoadGenerator", .product(name: "ArgumentParser", package: "swift-argument-parser")],
        path: "loadtest/Sources/LoadTest"),
]

let executables: [Target.Dependency] = ["EdgeServer", "LoadTest", "OperatorCLI", "OriginServer", "TransformWorker"]

let tests: [Target] = [
    .testTarget(name: "CacheProtocolTests", dependencies: ["CacheProtocol"]),
    .testTarget(
        name: "ClusterTests",
        dependencies: executables + [
            "Curl", "ErasureReceipt", "SourceStorage", "TestPrograms", "TestServers", "Vips", crypto,
        ]),
    .target(name: "CPrograms", path: "Tests/CPrograms"),
    .target(name: "TestPrograms", dependencies: ["CPrograms"], path: "Tests/Programs"),
    .target(name: "TestServers", dependencies: ["TestPrograms"], path: "Tests/Servers", exclude: ["serve"]),
    .testTarget(name: "CurlTests", dependencies: ["Curl", "TestServers"]),
    .testTarget(name: "ErasureReceiptTests", dependencies: ["ErasureReceipt", "TestPrograms", crypto]),
    .testTarget(
        name: "EdgeHTTPTests",
        dependencies: nio + [
            "CacheProtocol", "EdgeHTTP", "Telemetry", "TestPrograms", logging,
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "NIOTLS", package: "swift-nio"),
        ]),
    .testTarget(name: "ImageTransformTests", dependencies: ["CVips", "ImageTransform", "ImageURL", "Vips", "WorkerProtocol"]),
    .testTarget(name: "ImageURLTests", dependencies: ["ImageURL", crypto]),
    .testTarget(name: "JournalTests", dependencies: ["CacheProtocol", "Journal", "SQLStore"]),
    .testTarget(name: "LoadTestTests", dependencies: nio + ["LoadGenerator"]),
    .testTarget(name: "NodeAgentTests", dependencies: ["CacheProtocol", "NodeAgent", logging]),
    .testTarget(name: "ObjectCacheTests", dependencies: ["CacheProtocol", "ObjectCache", "TestPrograms", "vignette-cache-process"]),
    .executableTarget(name: "vignette-cache-process", dependencies: ["CacheProtocol", "ObjectCache"], path: "Tests/CacheProcess"),
    .testTarget(
        name: "OperatorCLITests",
        dependencies: [
            "CacheProtocol", "ErasureReceipt", "ObjectCache", "OperatorCLI", "TestPrograms",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    .testTarget(name: "EdgeServerTests", dependencies: ["CacheProtocol", "EdgeHTTP", "EdgeServer", "ImageURL", crypto]),
    .testTarget(name: "OriginServerTests", dependencies: ["CacheProtocol", "ErasureReceipt", "ImageURL", "Journal", "OriginServer"]),
    .target(name: "Simulation", dependencies: ["CacheProtocol", "Journal"], path: "Tests/Simulation"),
    .testTarget(name: "SimulationTests", dependencies: ["Simulation"]),
    .executableTarget(name: "vignette-simulate", dependencies: ["Simulation"], path: "Tests/Simulate"),
    .testTarget(name: "SourceStorageTests", dependencies: ["Curl", "SourceStorage", "TestServers", crypto]),
    .testTarget(name: "TelemetryTests", dependencies: nio + ["Telemetry", "TestPrograms", lifecycle, logging]),
    .testTarget(name: "VipsTests", dependencies: ["CVips", "Vips"]),
    .testTarget(
        name: "WorkerPoolTests", dependencies: ["ImageURL", "TransformWorker", "Vips", "WorkerPool", "WorkerProtocol"]),
    .testTarget(name: "WorkerProtocolTests", dependencies: ["CProcess", "WorkerProtocol"]),
]

let package = Package(
    name: "vignette",
    products: [
        .executable(name: "vignette", targets: ["OperatorCLI"]),
        .executable(name: "vignette-edge", targets: ["EdgeServer"]),
        .executable(name: "vignette-origin", targets: ["OriginServer"]),
        .executable(name: "vignette-worker", targets: ["TransformWorker"]),
        .executable(name: "vignette-loadtest", targets: ["LoadTest"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: c + ground + engines + top + tests
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + strict
}
