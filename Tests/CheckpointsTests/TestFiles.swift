import ArtifactFiles
import Backbones
import Checkpoints
import Foundation
import NeuralGraph
import TestSupport

/// A folder that goes away with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("verifar-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// A safetensors file put together by hand, as other programs write them: no metadata of this project.
func foreignSafetensors(
    _ tensors: [(name: String, tensor: Tensor)],
    metadata: [String: String] = [:]
) throws -> [UInt8] {
    var header: [String: Any] = [:]
    var data: [UInt8] = []
    for (name, tensor) in tensors {
        let start = data.count
        for value in tensor.values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 } }
        header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count]]
    }
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    let json = try JSONSerialization.data(withJSONObject: header)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json + data
}

/// Reads bytes as a file of whatever format they are.
func read(_ bytes: [UInt8], path: String = "/nowhere/file") throws(InputError) -> Checkpoint {
    var result: Result<Checkpoint, InputError>?
    bytes.withUnsafeBytes { raw in
        let content = CheckpointContent(path: path, bytes: raw)
        do throws(InputError) {
            result = .success(try CheckpointFormats.format(of: content).read(content))
        } catch {
            result = .failure(error)
        }
    }
    return try result?.get() ?? Checkpoint(weights: Weights(), metadata: .init(format: "", digest: .init(of: "")))
}

/// Every catalogue architecture, narrow, so that the largest has a few million parameters.
struct NarrowNetwork: Sendable, CustomStringConvertible {
    let backbone: any Backbone
    let configuration: BackboneConfiguration

    static let all = BackboneCatalogue.all.map { backbone in
        var configuration = backbone.defaultConfiguration
        configuration.widthMultiplier = 0.125
        configuration.embeddingSize = 24
        if let pooled = backbone as? CIFARResNet {
            // Channels are multiples of 8: at an eighth, some of the narrow ones could not be told apart.
            configuration.widthMultiplier = 0.5
            configuration.embeddingSize = pooled.embeddingSize(widthMultiplier: 0.5)
        }
        return NarrowNetwork(backbone: backbone, configuration: configuration)
    }

    var description: String { backbone.name }

    func checkpoint() throws(InputError) -> ResolvedCheckpoint {
        let graph = try backbone.graph(configuration)
        return try ResolvedCheckpoint(
            backbone: backbone,
            configuration: configuration,
            weights: FormulaTensors().weights(for: graph),
            preprocessing: ["name": "insightface"]
        )
    }

    /// Its parameters in the graph's order.
    func tensors(prefix: String = "") throws -> [(name: String, tensor: Tensor)] {
        let weights = try checkpoint().weights
        return weights.names.compactMap { name in weights[name].map { (prefix + name, $0) } }
    }
}
