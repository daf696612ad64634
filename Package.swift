// swift-tools-version: 6.1

import PackageDescription

/// The targets, lowest first.
///
/// A target may import only what stands in its `dependencies`; `Documentation/Architecture.md` says what each is for.
let package = Package(
    name: "verifar",
    products: [
        .executable(name: "verifar", targets: ["verifar"]),
        .library(name: "VerificationMetrics", targets: ["VerificationMetrics"]),
        .library(name: "FaceImaging", targets: ["FaceImaging"]),
        .library(name: "FaceProtocols", targets: ["FaceProtocols"]),
        .library(name: "FaceEvaluation", targets: ["FaceEvaluation"]),
        .library(name: "EvaluationRuns", targets: ["EvaluationRuns", "FaceEvaluation", "Reporting"]),
        .library(name: "TrainingSessions", targets: ["TrainingSessions", "EvaluationRuns", "Recipes"]),
        .library(name: "Backbones", targets: ["Backbones", "NeuralGraph"]),
        .library(name: "NeuralCompute", targets: ["NeuralCompute", "NeuralGraph"]),
        // For the nested package Fuzz.
        .library(name: "ForeignReaders", targets: ["ForeignReaders"]),
        .library(name: "NeuralTraining", targets: ["NeuralTraining"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C: shims over system libraries, and the kernels that need run-time instruction-set dispatch; OpenBLAS for CPUs
        // that none of them was written for.
        .target(
            name: "CImageCodecs",
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z")]
        ),
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("openblas")]),

        // Files and randomness that every layer above shares.
        .target(
            name: "ArtifactFiles",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),
        // Python's pickles as inert values.
        .target(name: "Pickles", dependencies: ["ArtifactFiles"]),
        .target(name: "SeededRandom"),
        // Work on several threads.
        .target(name: "Parallelism"),
        .target(
            name: "StrictYAML",
            dependencies: ["ArtifactFiles", .product(name: "Yams", package: "Yams")]
        ),

        // Scores → numbers.
        .target(name: "VerificationMetrics", dependencies: ["Parallelism", "SeededRandom"]),

        // Pixels.
        .target(name: "FaceImaging", dependencies: ["CImageCodecs", "CKernels", "ArtifactFiles"]),
        .target(
            name: "FaceProtocols",
            dependencies: ["ArtifactFiles", "FaceImaging", "Parallelism", "Pickles", "SeededRandom", "StrictYAML"],
            // Links to Protocols/NAME/protocol.yml.
            resources: [.embedInCode("Descriptors/Embedded")]
        ),
        .target(name: "SyntheticFaces", dependencies: ["ArtifactFiles", "FaceImaging", "Parallelism", "SeededRandom"]),
        .target(
            name: "TrainingData",
            dependencies: ["ArtifactFiles", "FaceImaging", "Parallelism", "SeededRandom", "SyntheticFaces"]
        ),

        // Networks.
        .target(name: "NeuralGraph", dependencies: ["ArtifactFiles"]),
        .target(
            name: "NeuralCompute",
            dependencies: ["ArtifactFiles", "CKernels", "NeuralGraph", "Parallelism", "SeededRandom"]
        ),
        .target(name: "Backbones", dependencies: ["ArtifactFiles", "NeuralGraph", "SeededRandom"]),
        .target(
            name: "Checkpoints",
            dependencies: [
                "ArtifactFiles", "Backbones", "NeuralGraph", "Pickles",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["ONNX/Schema/onnx_subset.proto"]
        ),

        // The evaluation, and what is shown of it.
        .target(
            name: "FaceEvaluation",
            dependencies: [
                "ArtifactFiles", "Checkpoints", "FaceImaging", "FaceProtocols", "NeuralCompute", "NeuralGraph",
                "Parallelism", "VerificationMetrics",
            ]
        ),

        // Training.
        .target(
            name: "NeuralTraining",
            dependencies: [
                "ArtifactFiles", "Checkpoints", "FaceImaging", "NeuralCompute", "NeuralGraph", "Parallelism",
                "SeededRandom", "TrainingData",
            ]
        ),
        .target(
            name: "Distillation",
            dependencies: [
                "ArtifactFiles", "Checkpoints", "FaceImaging", "NeuralCompute", "NeuralGraph", "NeuralTraining",
                "Parallelism", "SeededRandom", "TrainingData",
            ]
        ),
        .target(
            name: "Recipes",
            dependencies: [
                "ArtifactFiles", "Backbones", "Distillation", "FaceImaging", "NeuralCompute", "NeuralTraining",
                "StrictYAML", "SyntheticFaces", "TrainingData",
            ]
        ),

        .target(name: "Plotting"),
        .target(
            name: "Reporting",
            dependencies: ["ArtifactFiles", "Plotting", "StrictYAML", "VerificationMetrics"]
        ),
        .target(
            name: "FaceDiagnosis",
            dependencies: [
                "ArtifactFiles", "Checkpoints", "FaceEvaluation", "FaceImaging", "FaceProtocols", "NeuralCompute",
                "NeuralGraph", "Parallelism", "Reporting", "SeededRandom",
            ]
        ),

        // A run from its settings to its folder.
        .target(
            name: "EvaluationRuns",
            dependencies: [
                "ArtifactFiles", "Checkpoints", "FaceEvaluation", "FaceImaging", "FaceProtocols", "NeuralCompute",
                "NeuralGraph", "Reporting", "VerificationMetrics",
            ]
        ),
        .target(
            name: "TrainingSessions",
            dependencies: [
                "ArtifactFiles", "Backbones", "Checkpoints", "Distillation", "EvaluationRuns", "FaceEvaluation",
                "FaceImaging", "FaceProtocols", "NeuralCompute", "NeuralGraph", "NeuralTraining", "Parallelism",
                "Recipes", "Reporting", "SeededRandom", "SyntheticFaces", "TrainingData", "VerificationMetrics",
            ]
        ),

        // The command.
        .target(
            name: "VerifarCLI",
            dependencies: [
                "ArtifactFiles", "Backbones", "Checkpoints", "Distillation", "EvaluationRuns", "FaceDiagnosis",
                "FaceEvaluation", "FaceImaging", "FaceProtocols", "NeuralCompute", "NeuralGraph", "Recipes",
                "Reporting", "SyntheticFaces", "TrainingSessions", "VerificationMetrics",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(name: "verifar", dependencies: ["VerifarCLI"]),
    ]
)

// Tests mirror targets. They use what is public or `package`; numeric ones run in release mode.
package.targets.append(
    .target(
        name: "TestSupport",
        dependencies: ["NeuralCompute", "NeuralGraph", "SeededRandom"],
        path: "Tests/TestSupport"
    )
)
// Every reader of foreign bytes behind one call: mutated by its tests, fuzzed by Scripts/fuzz.
package.targets.append(
    .target(
        name: "ForeignReaders",
        dependencies: [
            "ArtifactFiles", "Checkpoints", "FaceEvaluation", "FaceImaging", "FaceProtocols", "NeuralGraph",
            "NeuralTraining", "Recipes", "Reporting", "TestSupport", "TrainingData", "VerificationMetrics",
        ],
        path: "Tests/ForeignReaders"
    )
)
let tests: [String: [Target.Dependency]] = [
    "ArtifactFilesTests": [],
    "BackbonesTests": ["ArtifactFiles", "NeuralCompute", "NeuralGraph"],
    "CheckpointsTests": ["ArtifactFiles", "Backbones", "NeuralCompute", "NeuralGraph", "SeededRandom"],
    "DistillationTests": [
        "ArtifactFiles", "NeuralCompute", "NeuralGraph", "NeuralTraining", "SeededRandom", "StrictYAML",
    ],
    "FaceDiagnosisTests": ["ArtifactFiles", "FaceImaging", "FaceProtocols", "SeededRandom"],
    "FaceEvaluationTests": [
        "ArtifactFiles", "Backbones", "FaceImaging", "FaceProtocols", "NeuralCompute", "NeuralGraph", "SeededRandom",
    ],
    "FaceImagingTests": ["ArtifactFiles", "SeededRandom"],
    "FaceProtocolsTests": ["ArtifactFiles", "SeededRandom"],
    "ForeignReadersTests": ["SeededRandom"],
    "NeuralComputeTests": ["ArtifactFiles", "Backbones", "CKernels", "NeuralGraph"],
    "NeuralGraphTests": ["ArtifactFiles"],
    "NeuralTrainingTests": [
        "ArtifactFiles", "FaceImaging", "NeuralCompute", "NeuralGraph", "SeededRandom", "TrainingData",
    ],
    "ParallelismTests": [],
    "PlottingTests": [],
    "ReportingTests": ["ArtifactFiles", "SeededRandom", "VerificationMetrics"],
    "SeededRandomTests": [],
    "StrictYAMLTests": ["ArtifactFiles"],
    "SyntheticFacesTests": ["ArtifactFiles", "FaceImaging"],
    "TrainingDataTests": ["ArtifactFiles", "FaceImaging", "SeededRandom", "SyntheticFaces"],
    "TrainingSessionsTests": [
        "ArtifactFiles", "Backbones", "Checkpoints", "EvaluationRuns", "FaceEvaluation", "FaceImaging", "Recipes",
        "Reporting", "SyntheticFaces",
    ],
    "VerifarCLITests": [
        "ArtifactFiles", "Backbones", "Checkpoints", "Distillation", "FaceEvaluation", "FaceImaging", "FaceProtocols",
        "NeuralGraph", "NeuralTraining", "Recipes", "SeededRandom", "StrictYAML",
    ],
    "VerificationMetricsTests": ["Parallelism", "SeededRandom"],
]
for (name, dependencies) in tests.sorted(by: { $0.key < $1.key }) {
    let tested = Target.Dependency(stringLiteral: String(name.dropLast("Tests".count)))
    package.targets.append(.testTarget(name: name, dependencies: [tested, "TestSupport"] + dependencies))
}

// Swift 6 mode comes with the tools version; these are on top of it. C targets take no Swift settings.
let cTargets: Set = ["CImageCodecs", "CKernels"]
for target in package.targets where !cTargets.contains(target.name) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
