import ArtifactFiles
import Checkpoints
import Foundation
import NeuralGraph
import SeededRandom
import TestSupport
import Testing

/// Whatever the bytes are, a reader answers with a checkpoint of bounded size or an error; the process survives.
@Suite struct HostileFileTests {
    private static let folders = [
        "Checkpoints/PyTorch", "Checkpoints/Safetensors", "Checkpoints/ONNX", "CheckpointsOwn/MXNet",
    ]

    /// A readable golden, by folder.
    struct Seed: Sendable, CustomTestStringConvertible {
        var folder: String
        var golden: GoldenFile
        var testDescription: String { "\(folder)/\(golden.file)" }

        func bytes() throws -> [UInt8] { [UInt8](try Fixture.data(testDescription)) }

        /// Reads changed bytes; external data are looked for beside the golden.
        func read(_ bytes: [UInt8]) throws(InputError) -> Checkpoint {
            try CheckpointsTests.read(bytes, path: golden.path(folder))
        }
    }

    static let seeds = folders.flatMap { folder in
        GoldenFile.all(folder).filter { $0.expect == .tensors || $0.expect == .output }
            .map { Seed(folder: folder, golden: $0) }
    }

    /// No reader may make more than this of a file.
    private func expectBounded(_ checkpoint: Checkpoint, _ size: Int, _ seed: Seed) {
        let external = 1 << 16
        if checkpoint.weights.scalarCount > 2 * (size + external) + 1 << 20 {
            Issue.record("\(seed.testDescription): \(checkpoint.weights.scalarCount) values out of \(size) bytes")
        }
    }

    @Test(arguments: seeds)
    func everyTruncation(_ seed: Seed) throws {
        let whole = try seed.bytes()
        // Every length of what is small, every third of the larger files' middles.
        for length in whole.indices where length < 1536 || length > whole.count - 256 || length % 3 == 0 {
            do throws(InputError) {
                let checkpoint = try seed.read(Array(whole[..<length]))
                expectBounded(checkpoint, length, seed)
                // A protobuf may end after any field; the other formats know where they end.
                if !seed.folder.hasSuffix("ONNX") {
                    Issue.record("\(seed.testDescription) cut to \(length) bytes was read")
                }
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test(arguments: seeds)
    func randomDamage(_ seed: Seed) throws {
        let whole = try seed.bytes()
        guard !whole.isEmpty else { return }
        var random = SeededGenerator(seed: 2024, stream: UInt64(whole.count))
        for _ in 0..<150 {
            var damaged = whole
            for _ in 0...random.index(below: 4) { Damage.apply(to: &damaged, &random) }
            do throws(InputError) {
                expectBounded(try seed.read(damaged), damaged.count, seed)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test func checksumsOfZipEntriesAreChecked() throws {
        let seed = try #require(Self.seeds.first { $0.golden.file == "zip_plain_dict.pth" })
        var bytes = try seed.bytes()
        let checkpoint = try seed.read(bytes)
        let name = try #require(checkpoint.weights.names.first)
        let value = try #require(checkpoint.weights[name]?.values.first)
        let pattern = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        let place = try #require(bytes.indices.dropLast(4).first { Array(bytes[$0..<$0 + 4]) == pattern })
        bytes[place] ^= 1
        let error = #expect(throws: InputError.self) { try seed.read(bytes) }
        #expect(error?.description.contains("checksum") ?? false)
    }

    /// Four bytes that name a memo slot or a length must not be believed.
    @Test func countsAreNotBelieved() throws {
        let magic: [UInt8] = [
            0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e, 0x80, 2, 0x4d, 0xe9, 3,
            0x2e,
            0x80, 2, 0x7d, 0x2e,
        ]
        let claims: [[UInt8]] = [
            [0x80, 4, 0x8d] + Array(repeating: 0xff, count: 8),
            [0x80, 4, 0x8e] + Array(repeating: 0x7f, count: 8),
            [0x80, 2, 0x58, 0xff, 0xff, 0xff, 0xff],
            [0x80, 2, 0x8b, 0xff, 0xff, 0xff, 0x7f],
            [0x80, 4, 0x95] + Array(repeating: 0xff, count: 8),
            [0x80, 2, 0x6a, 0xff, 0xff, 0xff, 0xff],
        ]
        for claim in claims { #expect(throws: InputError.self) { try read(magic + claim + [0x2e]) } }
    }

    /// A million nested containers, each an object: neither reading nor forgetting them may recurse.
    @Test func depthCostsNothing() throws {
        let magic: [UInt8] = [
            0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e, 0x80, 2, 0x4d, 0xe9, 3,
            0x2e,
            0x80, 2, 0x7d, 0x2e,
        ]
        let tuples = [0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 900_000) + [0x2e]
        #expect(throws: InputError.self) { try read(magic + tuples) }
        let lists =
            [0x80, 2] + [UInt8](repeating: 0x5d, count: 400_000) + [UInt8](repeating: 0x61, count: 399_999) + [0x2e]
        #expect(throws: InputError.self) { try read(magic + lists) }
        let many = [0x80, 2] + [UInt8](repeating: 0x7d, count: 5_000_000) + [0x2e]
        let error = #expect(throws: InputError.self) { try read(magic + many) }
        #expect(error?.code == .limitExceeded)
    }

    /// As many names as modules, nested: looking for the network below every prefix must stay cheap.
    @Test(.timeLimit(.minutes(1)))
    func manyPrefixesCostLittle() throws {
        var json = "{"
        for index in 0..<60_000 {
            let path = (0..<6).map { "m\((index >> ($0 * 3)) & 15)" }.joined(separator: ".")
            json +=
                (index == 0 ? "" : ",")
                + "\"\(path).\(index)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
        }
        json += "}"
        let header = withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian) { Array($0) }
        // Without a bound this is minutes.
        #expect(try read(header + Array(json.utf8)).weights.names.count == 60_000)
    }

    @Test(arguments: [
        ("Checkpoints/PyTorch/git_lfs_pointer.pth", "Git LFS"),
        ("Checkpoints/PyTorch/web_page.pth", "HTML"), ("Checkpoints/PyTorch/tar_0_1.pth", "tar archive"),
        ("Checkpoints/PyTorch/refused_numpy_array.pth", "torch.save(m.state_dict(), "),
        ("Checkpoints/ONNX/outputs.npy", "NumPy"),
    ])
    func saysWhatTheFileIsInstead(_ file: String, _ text: String) {
        let error = #expect(throws: InputError.self) { try CheckpointReader.read(path: Fixture.path(file)) }
        #expect(error?.description.contains(text) ?? false, "\(error?.description ?? "")")
    }

    @Test func everyHalfIsRead() throws {
        var data: [UInt8] = []
        for bits in UInt16.min...UInt16.max { data += [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)] }
        let json = #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
        let header = withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian) { Array($0) } + Array(json.utf8)
        let values = try #require(try read(header + data).weights["h"]?.values)
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let found = values[Int(bits)]
            #expect(found == expected || (found.isNaN && expected.isNaN))
        }
    }
}
