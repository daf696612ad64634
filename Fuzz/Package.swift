// swift-tools-version: 6.1

import PackageDescription

// A package of its own, so that nobody who uses Verifar builds it: it links only with `-sanitize=fuzzer`, which
// `Scripts/fuzz` adds.
let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "verifar", path: "..")],
    targets: [
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "FuzzReader",
            dependencies: ["CLibFuzzer", .product(name: "ForeignReaders", package: "verifar")]
        ),
    ]
)
