import ArtifactFiles
import Backbones
import FaceEvaluation
import FaceImaging
import Foundation
import NeuralCompute
import NeuralGraph
import SeededRandom
import TestSupport
import Testing

/// Faces made of noise, some of which fail.
private struct NoiseSource: FaceSource {
    var count: Int
    var failing: [Int: FailureCause] = [:]
    /// Called whenever a face is aligned.
    var onAlign: @Sendable (Int) -> Void = { _ in }

    func name(of face: Int) -> String { "noise/\(face).jpg" }

    func makeReader() -> any FaceReader { Reader(source: self) }

    private final class Reader: FaceReader {
        private let source: NoiseSource
        private var face = 0

        init(source: NoiseSource) { self.source = source }

        func load(_ face: Int, wantsDigest: Bool) throws(FailureCause) -> ContentDigest? {
            if let cause = source.failing[face] { throw cause }
            self.face = face
            return wantsDigest ? ContentDigest(of: "noise \(face)") : nil
        }

        func align(into pixels: UnsafeMutableBufferPointer<UInt8>) throws(FailureCause) -> ImageTreatment {
            source.onAlign(face)
            var random = SeededGenerator(seed: 77, stream: UInt64(face))
            for index in pixels.indices { pixels[index] = UInt8(truncatingIfNeeded: random.next()) }
            return []
        }
    }
}

@Suite struct EmbeddingPipelineTests {
    private static let size = 32

    private static func preprocessing() throws -> FacePreprocessing {
        try FacePreprocessing(
            width: size,
            height: size,
            channels: .rgb,
            mean: [127.5, 127.5, 127.5],
            std: [127.5, 127.5, 127.5],
            template: "arcface"
        )
    }

    private static func pipeline(
        threads: Int = 2,
        mirrored: Bool = true,
        facesPerPass: Int? = nil,
        weights change: (inout Weights) -> Void = { _ in },
        cache: EmbeddingCache? = nil,
        limit: FailureLimit = .count(0)
    ) throws -> EmbeddingPipeline {
        let graph = try InsightFaceMobileFaceNet.mbf.graph(
            BackboneConfiguration(inputHeight: size, inputWidth: size, embeddingSize: 16, widthMultiplier: 0.125)
        )
        var weights = FormulaTensors().weights(for: graph)
        change(&weights)
        return EmbeddingPipeline(
            plan: try CPUDevice()
                .inferencePlan(
                    graph: graph,
                    weights: weights,
                    options: InferenceOptions(facesPerPass: facesPerPass)
                ),
            preprocessing: try preprocessing(),
            includesMirrored: mirrored,
            threads: threads,
            cache: cache,
            failureLimit: limit
        )
    }

    @Test func threadsAndBatchesChangeNothing() throws {
        let one = try Self.pipeline(threads: 1, facesPerPass: 1).run(NoiseSource(count: 41))
        for (threads, facesPerPass) in [(2, 1), (3, 2), (2, 5), (8, 16)] {
            let other = try Self.pipeline(threads: threads, facesPerPass: facesPerPass).run(NoiseSource(count: 41))
            #expect(other.embeddings.values == one.embeddings.values)
            #expect(other.embeddings.isEmbedded.allSatisfy { $0 })
        }
        let upright = try Self.pipeline(mirrored: false).run(NoiseSource(count: 41)).embeddings
        for face in 0..<41 {
            #expect(upright.values[face * 16..<face * 16 + 16] == one.embeddings.values[face * 32..<face * 32 + 16])
        }
    }

    @Test func mirroredFacesAreMirrored() throws {
        // A face that is its own mirror image has two equal embeddings.
        struct Symmetric: FaceSource {
            let count = 1
            func name(of face: Int) -> String { "s" }
            func makeReader() -> any FaceReader { Reader() }
            final class Reader: FaceReader {
                func load(_ face: Int, wantsDigest: Bool) throws(FailureCause) -> ContentDigest? { nil }
                func align(into pixels: UnsafeMutableBufferPointer<UInt8>) throws(FailureCause) -> ImageTreatment {
                    let side = 32
                    for index in pixels.indices {
                        let (row, column) = (index / 3 / side, index / 3 % side)
                        pixels[index] = UInt8(truncatingIfNeeded: row * 7 + min(column, side - 1 - column) * 13)
                    }
                    return []
                }
            }
        }
        let values = try Self.pipeline().run(Symmetric()).embeddings.values
        #expect(values[..<16] == values[16...])
    }

    @Test func failuresAreListedInOrder() throws {
        let cause = FailureCause(reason: "truncated", detail: "cut off")
        let source = NoiseSource(count: 30, failing: [4: cause, 21: cause])
        let result = try Self.pipeline(limit: .count(2)).run(source)
        #expect(result.failures.map(\.row) == [4, 21])
        #expect(result.failures.first?.name == "noise/4.jpg")
        #expect(result.embeddings.isEmbedded.filter { !$0 }.count == 2)
        #expect(result.embeddings.values[4 * 32..<5 * 32].allSatisfy { $0 == 0 })
    }

    @Test func tooManyFailuresStopTheRun() throws {
        let cause = FailureCause(reason: "truncated", detail: "cut off")
        let source = NoiseSource(count: 30, failing: [4: cause, 21: cause])
        for limit in [FailureLimit.count(1), .share(0.05)] {
            do {
                _ = try Self.pipeline(limit: limit).run(source)
                Issue.record("no error")
            } catch {
                let message = "\(error)"
                #expect(message.contains("too many images failed") && message.contains("--max-failures"))
            }
        }
        #expect(try Self.pipeline(limit: .share(0.07)).run(source).failures.count == 2)
    }

    @Test(arguments: [Float.nan, 0]) func aBrokenNetworkNamesTheImage(_ value: Float) throws {
        let broken = try Self.pipeline(
            threads: 1,
            weights: { weights in
                for name in ["features.layers.3.weight", "features.layers.3.bias"] {
                    weights[name] = Tensor(shape: [16], values: [Float](repeating: value, count: 16))
                }
            }
        )
        do {
            _ = try broken.run(NoiseSource(count: 3))
            Issue.record("no error")
        } catch {
            #expect("\(error)".contains("noise/0.jpg"))
        }
    }

    @Test func aCacheGivesTheSameBytesAndEmbedsNothingTwice() throws {
        let folder = NSTemporaryDirectory() + "verifar-pipeline-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        let network = ContentDigest(of: "n")
        let plain = try Self.pipeline().run(NoiseSource(count: 50)).embeddings.values
        // A first run that gets only so far, as one that was killed.
        let first = try EmbeddingCache(root: folder, network: network, dimensions: 16)
        _ = try Self.pipeline(cache: first).run(NoiseSource(count: 23))
        let second = try EmbeddingCache(root: folder, network: network, dimensions: 16)
        let resumed = try Self.pipeline(cache: second).run(NoiseSource(count: 50))
        #expect(resumed.cachedCount == 23)
        #expect(resumed.embeddings.values == plain)
        let third = try EmbeddingCache(root: folder, network: network, dimensions: 16)
        let again = try Self.pipeline(cache: third)
            .run(
                NoiseSource(count: 50) { face in Issue.record("face \(face) was aligned again") }
            )
        #expect(again.cachedCount == 50)
        #expect(again.embeddings.values == plain)
    }
}
