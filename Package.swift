// swift-tools-version: 6.1

import PackageDescription

/// The targets, lowest first. A target may import only what stands in its `dependencies`;
/// `Documentation/Architecture.md` says what each is for.
let package = Package(
    name: "verifar",
    products: [
        .executable(name: "verifar", targets: ["verifar"]),
        .library(name: "VerificationMetrics", targets: ["VerificationMetrics"]),
        .library(name: "FaceImaging", targets: ["FaceImaging"]),
        .library(name: "FaceEvaluation", targets: ["FaceEvaluation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C: shims over system libraries, and the kernels that need run-time instruction-set dispatch.
        .target(
            name: "CImageCodecs",
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]
        ),
        .target(name: "CKernels"),

        // Files and randomness that every layer above shares.
        .target(
            name: "ArtifactFiles",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(name: "SeededRandom"),
        .target(
            name: "StrictYAML",
            dependencies: ["ArtifactFiles", .product(name: "Yams", package: "Yams")]
        ),

        // Scores → numbers.
        .target(name: "VerificationMetrics", dependencies: ["SeededRandom"]),

        // Pixels.
        .target(name: "FaceImaging", dependencies: ["CImageCodecs", "CKernels", "ArtifactFiles"]),
        .target(name: "FaceProtocols", dependencies: ["ArtifactFiles", "StrictYAML"]),
        .target(name: "SyntheticFaces", dependencies: ["ArtifactFiles", "FaceImaging", "SeededRandom"]),

        // Networks.
        .target(name: "NeuralGraph", dependencies: ["ArtifactFiles"]),
        .target(name: "NeuralCompute", dependencies: ["CKernels", "NeuralGraph"]),
        .target(name: "Backbones", dependencies: ["NeuralGraph", "SeededRandom"]),
        .target(
            name: "Checkpoints",
            dependencies: [
                "ArtifactFiles", "Backbones", "NeuralGraph",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]
        ),

        // The evaluation, and what is shown of it.
        .target(
            name: "FaceEvaluation",
            dependencies: [
                "ArtifactFiles", "Checkpoints", "FaceImaging", "FaceProtocols", "NeuralCompute", "NeuralGraph",
                "VerificationMetrics",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Reporting",
            dependencies: [
                "ArtifactFiles", "VerificationMetrics",
                .product(name: "Mustache", package: "swift-mustache"),
            ]
        ),

        // The command.
        .target(
            name: "VerifarCLI",
            dependencies: [
                "ArtifactFiles", "Backbones", "Checkpoints", "FaceEvaluation", "FaceImaging", "FaceProtocols",
                "NeuralCompute", "NeuralGraph", "Reporting", "SeededRandom", "SyntheticFaces", "VerificationMetrics",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(name: "verifar", dependencies: ["VerifarCLI"]),
    ]
)

/// Every library target has its tests beside it under `Tests/<target>Tests`.
let testSupport: [String: [Target.Dependency]] = [
    "VerifarCLITests": ["ArtifactFiles", "FaceProtocols", "SyntheticFaces"],
]

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") || target.name == "Checkpoints" {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
