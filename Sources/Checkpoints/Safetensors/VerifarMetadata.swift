internal import ArtifactFiles
internal import Backbones
internal import Foundation
internal import NeuralGraph

/// The `verifar.…` keys that this project puts into the metadata of safetensors and ONNX files.
enum VerifarMetadata {
    static let version = "verifar.version"
    static let architecture = "verifar.architecture"
    static let configuration = "verifar.configuration"
    static let graph = "verifar.graph"
    static let dataDigest = "verifar.data.sha256"
    static let sourceDigest = "verifar.source.sha256"
    static let preprocessingPrefix = "verifar.preprocessing."
    /// What people should know of a network: how and on what it was trained.
    static let notePrefix = "verifar.note."

    /// Takes what is known out of a file's metadata; the rest stays in ``CheckpointMetadata/strings``.
    static func apply(_ strings: [String: String], to metadata: inout CheckpointMetadata) throws(InputError) {
        if let version = strings[version], version != "1" {
            throw InputError(
                .unsupported,
                "the file was written by a later version",
                place: "metadata '\(Self.version)'",
                expected: "1",
                found: version
            )
        }
        metadata.architecture = strings[architecture]
        if let text = strings[configuration] {
            let decoded = try decode(BackboneConfiguration.self, text, key: configuration)
            // Architectures multiply these: what a file says must stay where that cannot overflow.
            guard [decoded.inputHeight, decoded.inputWidth].allSatisfy({ (1...1 << 14).contains($0) }),
                (1...1 << 20).contains(decoded.embeddingSize), decoded.widthMultiplier > 0,
                decoded.widthMultiplier <= 64
            else {
                throw InputError(.malformed, "out of range", place: "metadata '\(configuration)'", found: text)
            }
            metadata.configuration = decoded
        }
        let taken: Set<String> = [version, architecture, configuration, graph, dataDigest]
        for (key, value) in strings where !taken.contains(key) {
            if key.hasPrefix(preprocessingPrefix) {
                metadata.preprocessing[String(key.dropFirst(preprocessingPrefix.count))] = value
            } else {
                metadata.strings[key] = value
            }
        }
    }

    /// The graph in a file's metadata.
    static func graph(in strings: [String: String]) throws(InputError) -> Graph? {
        guard let text = strings[graph] else { return nil }
        return try decode(Graph.self, text, key: graph)
    }

    /// Everything that another reader needs to make the same network of a file's tensors.
    static func strings(for checkpoint: ResolvedCheckpoint) throws(InputError) -> [String: String] {
        var strings = [version: "1"]
        for (key, value) in checkpoint.metadata.preprocessing { strings[preprocessingPrefix + key] = value }
        for (key, value) in checkpoint.metadata.strings where !isFileSpecific(key) { strings[key] = value }
        strings[sourceDigest] = strings[sourceDigest] ?? checkpoint.metadata.contentDigest.description
        if let configuration = checkpoint.configuration, checkpoint.graphIsCatalogued {
            strings[architecture] = checkpoint.architectureName
            strings[Self.configuration] = try encode(configuration)
        } else {
            strings[graph] = try encode(checkpoint.graph)
        }
        return strings
    }

    /// What describes the file it was read from, not the network.
    ///
    /// A foreign file's own `verifar.…` entries are not taken over, notes excepted: only this project speaks for itself.
    private static func isFileSpecific(_ key: String) -> Bool {
        guard !key.hasPrefix(notePrefix) else { return false }
        return key == "format" || key.hasPrefix("onnx.") || (key.hasPrefix("verifar.") && key != sourceDigest)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ text: String,
        key: String
    ) throws(InputError) -> Value {
        // Foundation's parser recurses: the strict one bounds the depth first.
        let utf8 = Array(text.utf8)
        try utf8.withUnsafeBufferPointer { bytes throws(InputError) in
            var parser = StrictJSONParser(UnsafeRawBufferPointer(bytes), part: "metadata '\(key)'")
            _ = try parser.parse()
        }
        do {
            return try JSONDecoder().decode(type, from: Data(utf8))
        } catch let error as InputError {
            throw error.within("metadata '\(key)'")
        } catch {
            throw InputError(.malformed, "the JSON does not describe a \(type)", place: "metadata '\(key)'")
        }
    }

    private static func encode(_ value: some Encodable) throws(InputError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw InputError(.unsupported, "the network cannot be written as JSON")
        }
    }
}
