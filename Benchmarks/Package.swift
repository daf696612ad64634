// swift-tools-version: 6.1

import PackageDescription

// A package of its own, so that nobody who uses Verifar builds its benchmarks.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "verifar", path: "..")],
    targets: [
        .executableTarget(
            name: "Forward",
            dependencies: [
                .product(name: "Backbones", package: "verifar"),
                .product(name: "NeuralCompute", package: "verifar"),
            ]
        ),
        .executableTarget(
            name: "Training",
            dependencies: [
                .product(name: "Backbones", package: "verifar"),
                .product(name: "NeuralCompute", package: "verifar"),
                .product(name: "NeuralTraining", package: "verifar"),
            ]
        ),
        .executableTarget(
            name: "MetricStage",
            dependencies: [
                .product(name: "FaceEvaluation", package: "verifar"),
                .product(name: "FaceProtocols", package: "verifar"),
                .product(name: "VerificationMetrics", package: "verifar"),
            ]
        ),
        .executableTarget(
            name: "DecodeAlign",
            dependencies: [.product(name: "FaceImaging", package: "verifar")]
        ),
    ]
)
