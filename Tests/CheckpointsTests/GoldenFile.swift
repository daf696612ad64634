import ArtifactFiles
import Foundation
import NeuralGraph
import TestSupport
import Testing

/// An entry of an `index.json` below `Fixtures/Checkpoints` or `Fixtures/CheckpointsOwn`; the READMEs say what the keys
/// mean.
struct GoldenFile: Decodable, Sendable, CustomTestStringConvertible {
    enum Expectation: String, Decodable {
        case tensors
        case output
        case refused
        case either
    }

    /// A tensor's contents in short, converted to float32.
    struct Contents: Decodable {
        var shape: [Int]
        var sha256: String
    }

    struct Input: Decodable {
        var name: String
        var shape: [Int]
        var formula: String
        var scale: Float?
        var offset: Float?
    }

    struct Output: Decodable {
        var shape: [Int]
        var offset: Int
    }

    var file: String
    var expect: Expectation
    var why: String?
    var names: [String]?
    var tensors: [String: Contents]?
    var container: String?
    var prefix: String?
    var others: [String]?
    var operators: [String]?
    var input: Input?
    var output: Output?
    var besides: [String]?

    var testDescription: String { file }

    /// The entries of one folder.
    static func all(_ folder: String) -> [GoldenFile] {
        struct Index: Decodable { var files: [GoldenFile] }
        guard let data = try? Fixture.data(folder + "/index.json"),
            let index = try? JSONDecoder().decode(Index.self, from: data)
        else {
            Issue.record("no index of Fixtures/\(folder)")
            return []
        }
        return index.files
    }

    func path(_ folder: String) -> String { Fixture.path("\(folder)/\(file)") }

    /// Checks that weights are exactly the tensors, under the names that are left without the prefix.
    func expectTensors(_ weights: Weights, strips: Bool) {
        var expected = tensors ?? [:]
        for name in others ?? [] { expected[name] = nil }
        expected = expected.filter { !$0.key.hasSuffix("num_batches_tracked") }
        if strips, let prefix {
            expected = Dictionary(
                uniqueKeysWithValues: expected.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
            )
        }
        #expect(Set(weights.names) == Set(expected.keys))
        for (name, contents) in expected {
            #expect(weights[name]?.shape == contents.shape, "\(name)")
            // PyTorch turns a half's NaN into 7fffffff, numpy into 7fc00000: a NaN's bits are nobody's promise.
            let digests = weights[name].map { [Self.digest($0), Self.digest($0, nan: Float(bitPattern: 0x7fff_ffff))] }
            #expect(digests?.contains(contents.sha256) ?? false, "\(name)")
        }
    }

    private static func digest(_ tensor: Tensor, nan: Float? = nil) -> String {
        let values = tensor.values.map { $0.isNaN ? nan ?? $0 : $0 }
        let bytes = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        return ContentDigest(of: bytes).description
    }

    /// Checks that a refusal names what the index says.
    func expectRefusal(_ error: InputError, path: String) {
        #expect(error.file == path)
        for name in names ?? [] { #expect(error.description.contains(name), "\(error) should name \(name)") }
    }
}
