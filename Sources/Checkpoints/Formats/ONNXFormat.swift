internal import ArtifactFiles
internal import Foundation
internal import NeuralGraph
internal import SwiftProtobuf

/// ONNX (https://onnx.ai), operator set 7 and later: the operators of convolutional networks.
struct ONNXFormat: CheckpointFormat {
    var name: String { "onnx" }
    var summary: String { "ONNX, operator set 7 and later, the operators of convolutional networks" }

    /// ONNX has no magic number: the first field is the format's version, the second says who wrote it or is the graph.
    func recognises(_ content: CheckpointContent) -> Bool {
        let bytes = content.bytes.prefix(3)
        guard bytes.count >= 2, bytes[0] == 0x08, (1...0x7f).contains(bytes[1]) else { return false }
        let next: Set<UInt8> = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72]
        return bytes.count == 2 || next.contains(bytes[2])
    }

    func read(_ content: CheckpointContent) throws(InputError) -> Checkpoint {
        let model = try Self.parse(content.bytes)
        if let function = model.functions.first {
            throw InputError(
                .unsupported,
                "local functions are not supported",
                place: "function '\(function.domain).\(function.name)'",
                expected: "an export in which they are inlined (onnx.inliner.inline_local_functions)"
            )
        }
        let external = ONNXExternalData(checkpointPath: content.path)
        var importer = try ONNXImporter(
            model: model,
            external: external,
            fileSize: content.bytes.count + Self.externalSize(model),
            inputSize: content.inputSize
        )
        let graph = try importer.run()
        var metadata = CheckpointMetadata(format: name, digest: ContentDigest(of: content.bytes))
        metadata.externalDigests = external.digests
        metadata.elementTypes = importer.elementTypes
        var strings: [String: String] = [:]
        for pair in model.metadataProps { strings[pair.key] = pair.value }
        try VerifarMetadata.apply(strings, to: &metadata)
        metadata.strings["onnx.producer"] = [model.producerName, model.producerVersion]
            .filter { !$0.isEmpty }.joined(separator: " ")
        metadata.strings["onnx.opset"] = model.opsetImport.first { $0.domain.isEmpty }.map { "\($0.version)" }
        var notes = importer.notes
        let normalization = InputNormalization(graph)
        if let normalization { notes.append(normalization.note) }
        if metadata.preprocessing.isEmpty {
            metadata.preprocessing =
                importer.takesBytes ? InputNormalization.none(graph) : normalization?.preprocessing ?? [:]
        }
        return Checkpoint(graph: graph, weights: importer.weights, metadata: metadata, notes: notes)
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) throws(InputError) -> ONNXModel {
        guard let base = bytes.baseAddress else { throw InputError(.truncated, "the file is empty") }
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        options.messageDepthLimit = 32
        do {
            // Not copied: the bytes outlive the parsing, which copies what it keeps.
            let data = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: base),
                count: bytes.count,
                deallocator: .none
            )
            return try ONNXModel(serializedBytes: data, options: options)
        } catch BinaryDecodingError.truncated {
            throw InputError(.truncated, "the file is cut off, or no ONNX model")
        } catch {
            throw InputError(.malformed, "no valid ONNX model: \(error)")
        }
    }

    /// What the model says it keeps in other files; each range is checked when it is read.
    private static func externalSize(_ model: ONNXModel) -> Int {
        var size = 0
        for tensor in model.graph.initializer where tensor.dataLocation == .external {
            let length = tensor.externalData.first { $0.key == "length" }.flatMap { Int($0.value) } ?? 0
            size += max(0, min(length, 1 << 34))
        }
        return min(size, 1 << 36)
    }
}

/// An affine map of the pixels at the beginning of a graph: the network normalises its own input.
struct InputNormalization {
    private let scale: Float
    private let mean: Float
    private let graph: Graph

    /// - Returns: nil when the graph does not begin with one scale and shift for all pixels.
    init?(_ graph: Graph) {
        var (scale, shift): (Float, Float) = (1, 0)
        var current = ValueID.input
        for (index, node) in graph.nodes.enumerated() where node.inputs == [current] {
            guard case .scalarAffine(let nextScale, let nextShift) = node.operation else { break }
            scale *= nextScale
            shift = shift * nextScale + nextShift
            current = ValueID(index + 1)
        }
        guard current != .input, scale != 0 else { return nil }
        self.scale = scale
        self.graph = graph
        mean = -shift / scale
    }

    var note: String { "the network normalises its own input: (x − \(mean)) · \(scale)" }

    /// How faces must go in: as they are, where the constants are in units of pixels; nothing is known otherwise.
    var preprocessing: [String: String] { mean > 2 || scale < 0.1 ? Self.none(graph) : [:] }

    /// Pixels of 0 … 255, not normalised, at the network's size.
    static func none(_ graph: Graph) -> [String: String] {
        let extent = graph.inputShape.extent
        return ["mean": "0,0,0", "std": "1,1,1", "size": "\(extent.width)x\(extent.height)"]
    }
}
