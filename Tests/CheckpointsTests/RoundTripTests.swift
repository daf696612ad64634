import ArtifactFiles
import Backbones
import Checkpoints
import Foundation
import NeuralGraph
import SeededRandom
import TestSupport
import Testing

/// What is written is read back, in either format, and from one to the other.
@Suite struct RoundTripTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

    @Test(arguments: NarrowNetwork.all)
    func catalogueNetworks(_ network: NarrowNetwork) throws {
        let original = try network.checkpoint()
        let paths = ["a.safetensors", "a.onnx", "b.safetensors", "b.onnx"].map(folder.file)
        try CheckpointWriter.write(original, to: paths[0], as: .safetensors)
        try CheckpointWriter.write(try CheckpointReader.read(path: paths[0]), to: paths[1], as: .onnx)
        try CheckpointWriter.write(try CheckpointReader.read(path: paths[1]), to: paths[2], as: .safetensors)
        try CheckpointWriter.write(try CheckpointReader.read(path: paths[2]), to: paths[3], as: .onnx)
        for path in paths {
            let found = try CheckpointReader.read(path: path)
            #expect(found.graph == original.graph)
            #expect(found.weights == original.weights)
            #expect(found.architectureName == network.backbone.name)
            #expect(found.configuration == network.configuration)
            #expect(found.graphIsCatalogued)
            #expect(found.metadata.preprocessing == ["name": "insightface"])
        }
        #expect(try bytes(paths[0]) == bytes(paths[2]))
        #expect(try bytes(paths[1]) == bytes(paths[3]))
    }

    /// Every operator that is read can be written, and computes the same afterwards.
    @Test(arguments: GoldenFile.all("Checkpoints/ONNX").filter { $0.expect == .output })
    func importedGraphs(_ golden: GoldenFile) throws { try checkConversions(golden, folder: "Checkpoints/ONNX") }

    @Test(arguments: GoldenFile.all("CheckpointsOwn/MXNet").filter { $0.expect == .output })
    func importedSymbols(_ golden: GoldenFile) throws { try checkConversions(golden, folder: "CheckpointsOwn/MXNet") }

    private func checkConversions(_ golden: GoldenFile, folder source: String) throws {
        let shape = try #require(golden.input?.shape)
        let size = shape[1] == 3 ? Extent(shape[2], shape[3]) : nil
        let original = try CheckpointReader.read(path: golden.path(source), inputSize: size)
        let (safetensors, onnx) = (folder.file("a.safetensors"), folder.file("a.onnx"))
        try CheckpointWriter.write(original, to: safetensors, as: .safetensors)
        let copy = try CheckpointReader.read(path: safetensors)
        #expect(copy.graph == original.graph)
        #expect(copy.weights == original.weights)
        try CheckpointWriter.write(copy, to: onnx, as: .onnx)
        let again = try CheckpointReader.read(path: onnx)
        let count = original.graph.inputShape.count
        let faces = FormulaTensors().tensor("faces", .signal, shape: [2 * count]).values
        let expected = try compute(original.graph, original.weights, faces, count: 2)
        let found = try compute(again.graph, again.weights, faces, count: 2)
        #expect(found.count == expected.count)
        let tolerance = 1e-5 * (expected.map(\.magnitude).max() ?? 1)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance })
    }

    @Test func theSameCheckpointGivesTheSameBytes() throws {
        let checkpoint = try NarrowNetwork.all[0].checkpoint()
        for format in CheckpointOutputFormat.allCases {
            let (one, two) = (folder.file("1." + format.rawValue), folder.file("2." + format.rawValue))
            try CheckpointWriter.write(checkpoint, to: one, as: format)
            try CheckpointWriter.write(checkpoint, to: two, as: format)
            #expect(try bytes(one) == bytes(two))
        }
    }

    @Test func halvesAreRoundedToNearestAndStatisticsStaySingle() throws {
        let checkpoint = try NarrowNetwork.all[0].checkpoint()
        let path = folder.file("half.safetensors")
        try CheckpointWriter.write(checkpoint, to: path, as: .safetensors, precision: .float16)
        let found = try CheckpointReader.read(path: path)
        for name in checkpoint.weights.names {
            let original = try #require(checkpoint.weights[name])
            let isHalf = original.shape.count >= 2
            let expected = isHalf ? original.values.map { Float(Float16($0)) } : original.values
            #expect(found.weights[name]?.values == expected, "\(name)")
        }
        #expect(found.metadata.elementTypes[.float16] ?? 0 > 0)
    }

    @Test func roundingToHalvesAgreesWithTheHardware() throws {
        var random = SeededGenerator(seed: 11)
        var values = (0..<20_000).map { _ in Float(random.uniform(-1, 1)) * exp2(Float(random.index(below: 42)) - 26) }
        // Every half, every midpoint between neighbours, and the single next to it.
        for bits in UInt16(0)..<0x7bff {
            let (low, high) = (Float(Float16(bitPattern: bits)), Float(Float16(bitPattern: bits + 1)))
            let middle = (low + high) / 2
            values += [low, middle, middle.nextUp, -middle.nextDown]
        }
        let path = folder.file("half.safetensors")
        let rows = 64
        values += Array(repeating: 0, count: (rows - values.count % rows) % rows)
        let graph = try Graph(
            inputShape: .spatial(height: 1, width: values.count / rows, channels: 1),
            nodes: [
                Node(name: "flatten", operation: .flatten, inputs: [.input]),
                Node(name: "fc", operation: .linear(Linear(outFeatures: rows, weight: "w")), inputs: [ValueID(1)]),
            ]
        )
        var weights = Weights()
        weights["w"] = Tensor(shape: [rows, values.count / rows], values: values)
        let onnx = folder.file("graph.onnx")
        try CheckpointWriter.write(try resolved(graph, weights), to: onnx, as: .onnx)
        let single = try CheckpointReader.read(path: onnx)
        try CheckpointWriter.write(single, to: path, as: .safetensors, precision: .float16)
        let found = try #require(try CheckpointReader.read(path: path).weights["w"]?.values)
        #expect(found == values.map { Float(Float16($0)) })
    }

    /// A graph of one's own goes through the reader, as any checkpoint does.
    private func resolved(_ graph: Graph, _ weights: Weights) throws -> ResolvedCheckpoint {
        let json = String(decoding: try JSONEncoder().encode(graph), as: UTF8.self)
        let tensors = weights.names.compactMap { name in weights[name].map { (name, $0) } }
        let file = try foreignSafetensors(tensors, metadata: ["verifar.version": "1", "verifar.graph": json])
        return try CheckpointReader.read(path: try folder.write(file, "graph.safetensors"))
    }

    /// Border values, fused epilogues and pads have no operator of their own in ONNX.
    @Test func foldedConvolutionsKeepTheirMeaningInONNX() throws {
        for followsAddition in [false, true] {
            let convolution = Convolution(
                outChannels: 4,
                kernel: Extent(3),
                stride: Extent(1, 2),
                padding: Padding(top: 1, left: 0, bottom: 2, right: 2),
                groups: 2,
                weight: "w",
                bias: "b",
                borderValues: "border",
                epilogue: Epilogue(
                    activation: .prelu(slope: "slope"),
                    addsSecondInput: true,
                    activationFollowsAddition: followsAddition
                )
            )
            let other = Convolution(outChannels: 4, kernel: Extent(1), stride: Extent(1, 2), weight: "o")
            let graph = try Graph(
                inputShape: .spatial(height: 5, width: 7, channels: 2),
                nodes: [
                    Node(
                        name: "crop",
                        operation: .pad(Padding(top: 0, left: 0, bottom: 1, right: 0), value: 0.5),
                        inputs: [.input]
                    ),
                    Node(name: "other", operation: .convolution(other), inputs: [ValueID(1)]),
                    Node(name: "folded", operation: .convolution(convolution), inputs: [.input, ValueID(2)]),
                    Node(name: "pooled", operation: .globalAveragePool, inputs: [ValueID(3)]),
                    Node(name: "gate", operation: .activation(.sigmoid), inputs: [ValueID(4)]),
                    Node(name: "gated", operation: .multiply, inputs: [ValueID(3), ValueID(5)]),
                ]
            )
            let weights = FormulaTensors().weights(for: graph)
            let path = folder.file("folded.onnx")
            try CheckpointWriter.write(try resolved(graph, weights), to: path, as: .onnx)
            let found = try CheckpointReader.read(path: path)
            let faces = FormulaTensors().tensor("faces", .signal, shape: [70]).values
            let expected = try compute(graph, weights, faces, count: 1)
            let values = try compute(found.graph, found.weights, faces, count: 1)
            #expect(values.count == expected.count)
            #expect(zip(values, expected).allSatisfy { abs($0 - $1) <= 2e-6 })
        }
    }

    @Test func valuesBeyondHalfPrecisionAreRefused() throws {
        var checkpoint = try NarrowNetwork.all[0].checkpoint()
        let name = try #require(checkpoint.weights.names.first { checkpoint.weights[$0]?.shape.count == 4 })
        let tensor = try #require(checkpoint.weights[name])
        checkpoint.weights[name] = Tensor(shape: tensor.shape, values: [70_000] + tensor.values.dropFirst())
        let path = folder.file("half.safetensors")
        let error = #expect(throws: InputError.self) {
            try CheckpointWriter.write(checkpoint, to: path, as: .safetensors, precision: .float16)
        }
        #expect(error?.description.contains(name) ?? false)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func anUnwritableDestinationLeavesNothing() throws {
        let checkpoint = try NarrowNetwork.all[0].checkpoint()
        for format in CheckpointOutputFormat.allCases {
            let error = #expect(throws: InputError.self) {
                try CheckpointWriter.write(checkpoint, to: folder.file("none/file"), as: format)
            }
            #expect(error?.code == .unwritable)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func formatsAreKnownByName() throws {
        #expect(try CheckpointOutputFormat(named: "onnx") == .onnx)
        #expect(try CheckpointOutputFormat(forPath: "/a.b/c.Safetensors") == .safetensors)
        let unknown = #expect(throws: InputError.self) { try CheckpointOutputFormat(named: "h5") }
        #expect(unknown?.description.contains("safetensors, onnx") ?? false)
        #expect(throws: InputError.self) { try CheckpointOutputFormat(forPath: "onnx") }
    }

    @Test func damagedDataIsNoticed() throws {
        let path = folder.file("a.safetensors")
        try CheckpointWriter.write(try NarrowNetwork.all[2].checkpoint(), to: path, as: .safetensors)
        var damaged = try bytes(path)
        damaged[damaged.count - 3] ^= 0x10
        let error = #expect(throws: InputError.self) { try read(damaged) }
        #expect(error?.description.contains("digest") ?? false)
    }

    @Test func foreignEntriesDoNotSpeakForThisProject() throws {
        let network = NarrowNetwork.all[0]
        var checkpoint = try network.checkpoint()
        checkpoint.metadata.strings = ["verifar.preprocessing.mean": "9,9,9", "verifar.graph": "{}", "epoch": "12"]
        let path = folder.file("a.safetensors")
        try CheckpointWriter.write(checkpoint, to: path, as: .safetensors)
        let found = try CheckpointReader.read(path: path)
        #expect(found.metadata.preprocessing == ["name": "insightface"])
        #expect(found.metadata.strings["epoch"] == "12")
        #expect(found.graphIsCatalogued)
    }

    @Test(arguments: [
        #"{"inputHeight":112,"inputWidth":112,"embeddingSize":512,"widthMultiplier":1e300}"#,
        #"{"inputHeight":9223372036854775807,"inputWidth":112,"embeddingSize":512,"widthMultiplier":1}"#,
        #"{"inputHeight":112,"inputWidth":112,"embeddingSize":-1,"widthMultiplier":1}"#,
        #"{"inputHeight":112,"inputWidth":112}"#, "[", "\"\"",
    ])
    func absurdConfigurationsAreRefused(_ configuration: String) throws {
        let metadata = ["verifar.version": "1", "verifar.architecture": "mbf", "verifar.configuration": configuration]
        let file = try foreignSafetensors([], metadata: metadata)
        let error = #expect(throws: InputError.self) { try read(file) }
        #expect(error?.description.contains("verifar.configuration") ?? false)
    }

    @Test(arguments: [
        #"{"inputShape":{"spatial":{"height":9223372036854775807,"width":2,"channels":3}},"nodes":[],"output":{"index":0}}"#,
        #"{"inputShape":{"vector":{"_0":-4}},"nodes":[],"output":{"index":0}}"#,
        #"{"inputShape":{"spatial":{"height":2,"width":2,"channels":3}},"nodes":[],"output":{"index":-1}}"#,
        #"{"inputShape":{"spatial":{"height":2,"width":2,"channels":3}},"nodes":[{"name":"p","inputs":[{"index":0}],"operation":{"pad":{"_0":{"top":9223372036854775807,"left":0,"bottom":1,"right":0},"value":0}}}],"output":{"index":1}}"#,
    ])
    func absurdGraphsAreRefused(_ graph: String) throws {
        let file = try foreignSafetensors([], metadata: ["verifar.version": "1", "verifar.graph": graph])
        let error = #expect(throws: InputError.self) { try read(file) }
        #expect(error?.description.contains("verifar.graph") ?? false)
    }

    @Test func trainedWeightsTakeThePlaceOfTheFiles() throws {
        let original = try NarrowNetwork.all[2].checkpoint()
        var weights = original.weights
        let name = try #require(weights.names.first)
        let tensor = try #require(weights[name])
        weights[name] = Tensor(shape: tensor.shape, values: tensor.values.map { $0 + 1 })
        let trained = try original.replacingWeights(weights)
        #expect(trained.weights == weights)
        #expect(trained.metadata.digest != original.metadata.digest)
        weights[name] = nil
        #expect(throws: InputError.self) { try original.replacingWeights(weights) }
    }

    @Test func aLaterVersionIsRefused() throws {
        let file = try foreignSafetensors([], metadata: ["verifar.version": "2"])
        let error = #expect(throws: InputError.self) { try read(file) }
        #expect(error?.description.contains("later version") ?? false)
    }
}
