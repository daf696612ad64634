import ArtifactFiles
import FaceImaging
import Foundation
import Synchronization
import SyntheticFaces
import Testing
import TrainingData

@Suite struct SyntheticFaceSourceTests {
    private let folder: TemporaryFolder
    private let population: SyntheticPopulation

    init() throws {
        folder = try TemporaryFolder()
        population = try SyntheticPopulation(seed: 8, settings: SyntheticFaceSettings(imageSize: 80))
    }

    private final class Calls: Sendable {
        let count = Atomic<Int>(0)
    }

    private func open(
        _ cache: String = "cache",
        threads: Int = 2,
        calls: Calls = Calls(),
        change: (inout SyntheticFaceSource.Options) -> Void = { _ in }
    ) throws -> SyntheticFaceSource {
        var options = SyntheticFaceSource.Options()
        options.pictureSize = PictureSize(width: 24, height: 28)
        change(&options)
        return try SyntheticFaceSource(
            population: population,
            identities: [5, 2, 30],
            imagesPerIdentity: 8,
            options: options,
            cacheFolder: FileSystem.join(folder.path, cache),
            threads: threads
        ) { _, _ in calls.count.add(1, ordering: .relaxed) }
    }

    private func cacheFiles(_ cache: String = "cache") throws -> [String] {
        let path = FileSystem.join(folder.path, cache)
        return try FileSystem.names(inFolder: path).map { FileSystem.join(path, $0) }
    }

    @Test func facesAreTheAlignedPhotographs() throws {
        let source = try open()
        #expect(source.sampleCount == 24 && source.classCount == 3)
        #expect((0..<24).map(source.label(of:)) == (0..<24).map { $0 / 8 })
        #expect(source.name(of: 8) == "000002/0000.jpg")
        let plan = try SyntheticTrainingPlan(population: population, identities: [5, 2, 30], imagesPerIdentity: 8)
        let renderer = SyntheticFaceRenderer(settings: population.settings)
        var extractor = try FaceExtractor(preprocessing: .formula(source.pictureSize))
        let reader = source.makeReader()
        for sample in [0, 9, 23] {
            let face = population.render(plan.items[sample].shot, with: renderer)
            let file = try face.image.jpegData(quality: face.jpegQuality)
            var pixels = [UInt8](repeating: 0, count: source.pictureSize.byteCount)
            try file.withUnsafeBytes { bytes in
                try pixels.withUnsafeMutableBufferPointer {
                    _ = try extractor.extract(bytes, landmarks: face.landmarks, into: $0)
                }
            }
            #expect(try reader.picture(of: sample).pixels == pixels)
        }
    }

    @Test func theCacheIsMadeOnceAndByAnyNumberOfThreads() throws {
        let calls = Calls()
        let source = try open(threads: 1, calls: calls)
        let made = calls.count.load(ordering: .relaxed)
        #expect(made > 0)
        #expect(try open(calls: calls).digest == source.digest)
        #expect(calls.count.load(ordering: .relaxed) == made)
        _ = try open("other", threads: 4)
        let first = try Data(contentsOf: URL(fileURLWithPath: try #require(cacheFiles().first)))
        let second = try Data(contentsOf: URL(fileURLWithPath: try #require(cacheFiles("other").first)))
        #expect(first == second)
        #expect(try cacheFiles().count == 1)
    }

    @Test func settingsNameTheCache() throws {
        let digests = try [
            open(), open { $0.pictureSize = PictureSize(24) }, open { $0.encoding = .jpeg(quality: 95) },
            open { $0.videoShare = 0 }, open { $0.template = "sphereface" },
        ]
        .map(\.digest)
        #expect(Set(digests).count == 5)
        #expect(try cacheFiles().count == 5)
    }

    @Test func jpegIsSmallerAndNearlyTheSame() throws {
        let exact = try open().makeReader().picture(of: 3)
        let small = try open { $0.encoding = .jpeg(quality: 95) }.makeReader().picture(of: 3)
        let difference = zip(exact.pixels, small.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(difference > 0)
        #expect(Double(difference) / Double(exact.pixels.count) < 3)
    }

    /// Whatever byte of the cache changes: it is made again, one face is refused, or the change does not matter.
    @Test func damagedCachesNeverPassForFaces() throws {
        let source = try open()
        let path = try #require(cacheFiles().first)
        let sound = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        let faces = try (0..<24).map { try source.makeReader().picture(of: $0) }
        let places = Array(0..<64) + Array(sound.count - 600..<sound.count) + [100, 5000, 20_000]
        for place in places {
            var bytes = sound
            bytes[place] ^= 0x41
            try AtomicFile.write(bytes, to: path)
            guard let pack = try? PackedPictures(path: path, key: source.digest) else { continue }
            let reader = PackedPictureReader(pack: pack)
            for sample in 0..<24 {
                if let picture = try? reader.picture(of: sample) { #expect(picture == faces[sample]) }
            }
        }
        for length in [0, 10, 47, 95, 96, sound.count / 2, sound.count - 1] {
            try AtomicFile.write(Array(sound.prefix(length)), to: path)
            #expect(throws: InputError.self) { _ = try PackedPictures(path: path, key: source.digest) }
        }
        let repaired = try open()
        #expect(try repaired.makeReader().picture(of: 7) == faces[7])
    }
}
