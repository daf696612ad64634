public import ArtifactFiles
package import FaceImaging
internal import Parallelism
internal import Synchronization
public import SyntheticFaces

/// Synthetic persons: rendered and aligned once, then read from a file of cached faces.
///
/// A face goes the way of every other one: photograph → JPEG of its quality → alignment by its landmarks.
public struct SyntheticFaceSource: TrainingSource {
    /// How faces are taken from the photographs.
    public struct Options: Hashable, Sendable {
        /// Size of the aligned faces.
        public var pictureSize = PictureSize(112)
        /// The alignment template's name.
        public var template = FaceTemplate.arcface.name
        /// Share of the media that are videos of a few frames, 0 … 1.
        public var videoShare = 0.2
        /// How faces are stored in the cache.
        public var encoding = PackedPictureEncoding.pixels

        /// The defaults.
        public init() {}
    }

    /// One line for logs.
    public let summary: String
    /// Digest of everything that determines the faces.
    public let digest: ContentDigest
    private let pack: PackedPictures
    private let plan: SyntheticTrainingPlan

    /// Opens the cached faces, after making them where they are not there.
    ///
    /// - Parameters:
    ///   - population: The people and how they are photographed.
    ///   - identities: Whom to photograph; their order gives the labels.
    ///   - imagesPerIdentity: At least 1.
    ///   - options: How faces are taken from the photographs.
    ///   - cacheFolder: Where the file is, or is written whole or not at all; its name is the digest's beginning.
    ///   - threads: Threads to render with.
    ///   - progress: Called from any thread with faces done and in all.
    /// - Throws: ``InputError`` for values out of range or when the cache cannot be written.
    public init(
        population: SyntheticPopulation,
        identities: [Int],
        imagesPerIdentity: Int,
        options: Options = Options(),
        cacheFolder: String,
        threads: Int,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws(InputError) {
        guard !identities.isEmpty else { throw InputError(.usage, "no synthetic identities to train on") }
        plan = try SyntheticTrainingPlan(
            population: population,
            identities: identities,
            imagesPerIdentity: imagesPerIdentity,
            videoShare: options.videoShare
        )
        let alignment = try options.pictureSize.alignment(template: options.template)
        let studio = Studio(population: population, plan: plan, alignment: alignment, encoding: options.encoding)
        digest = try studio.key(options)
        try FileSystem.createFolder(cacheFolder)
        let path = FileSystem.join(cacheFolder, "\(digest.description.prefix(32)).faces")
        if let pack = try? PackedPictures(path: path, key: digest) {
            self.pack = pack
        } else {
            try studio.write(to: path, key: digest, classCount: identities.count, threads: threads, progress: progress)
            pack = try PackedPictures(path: path, key: digest)
        }
        summary =
            "synthetic: \(plan.items.count) faces of \(identities.count) people, \(options.pictureSize), "
            + "seed \(population.seed)"
    }

    /// The number of faces.
    public var sampleCount: Int { pack.count }
    /// The number of persons.
    public var classCount: Int { pack.classCount }
    /// The size of the aligned faces.
    public var pictureSize: PictureSize { pack.size }

    /// A person's place in the list of identities.
    public func label(of sample: Int) -> Int { plan.items[sample].label }

    /// `000012/0003.jpg`: the person's number in the population, the picture's number.
    public func name(of sample: Int) -> String { plan.items[sample].path }

    /// Makes one thread's reader.
    public func makeReader() -> any TrainingReader { PackedPictureReader(pack: pack) }
}

/// Reads pictures of a pack.
package final class PackedPictureReader: TrainingReader {
    private let pack: PackedPictures
    private var decoder = ImageDecoder()

    package init(pack: PackedPictures) { self.pack = pack }

    package func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
        try pack.withBytes(of: sample) { bytes throws(InputError) in
            if pack.isJPEG {
                do throws(InputError) {
                    try decoder.decode(bytes, into: &image)
                } catch {
                    throw error.inFile(pack.path)
                }
            } else if bytes.count == pack.size.byteCount {
                image.resize(to: pack.size)
                image.pixels.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
            }
            guard image.size == pack.size, pack.isJPEG || bytes.count == pack.size.byteCount else {
                throw pack.damaged(sample)
            }
        }
    }
}

/// Renders, aligns and encodes the faces of a plan.
private struct Studio: Sendable {
    let population: SyntheticPopulation
    let plan: SyntheticTrainingPlan
    let alignment: FacePreprocessing
    let encoding: PackedPictureEncoding

    /// Faces that are in memory at a time.
    private static let blockSize = 1024

    /// A digest of all settings, and of one face: a renderer that draws otherwise makes another key.
    func key(_ options: SyntheticFaceSource.Options) throws(InputError) -> ContentDigest {
        var pieces = ["synthetic faces", "\(population)", "\(options)"]
        pieces += plan.items.map { "\($0.label) \($0.shot)" }
        var face: [UInt8] = []
        if let first = plan.items.first {
            face = try StudioWorker(self).face(first)
        }
        return ContentDigest(of: Array(pieces.joined(separator: "\n").utf8) + face)
    }

    func write(
        to path: String,
        key: ContentDigest,
        classCount: Int,
        threads: Int,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) throws(InputError) {
        var writer = try PackedPictureWriter(
            path: path,
            key: key,
            size: PictureSize(alignment),
            classCount: classCount,
            encoding: encoding
        )
        for start in stride(from: 0, to: plan.items.count, by: Self.blockSize) {
            let block = start..<min(start + Self.blockSize, plan.items.count)
            let faces = try faces(block, threads: threads, progress: progress)
            for (item, bytes) in zip(block, faces) { try writer.append(bytes, label: plan.items[item].label) }
        }
        try writer.commit()
    }

    /// The encoded faces of a block, in order.
    private func faces(
        _ block: Range<Int>,
        threads: Int,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) throws(InputError) -> [[UInt8]] {
        let done = Atomic<Int>(block.lowerBound)
        return try ThreadPool(threads)
            .map(
                block.count,
                worker: { _ throws(InputError) in try StudioWorker(self) },
                body: { worker, place throws(InputError) in
                    let face = try worker.face(plan.items[block.lowerBound + place])
                    let count = done.add(1, ordering: .relaxed).newValue
                    if count % 16 == 0 || count == block.upperBound { progress(count, plan.items.count) }
                    return face
                }
            )
    }
}

/// One thread of a studio.
private final class StudioWorker {
    private let studio: Studio
    private let renderer: SyntheticFaceRenderer
    private var extractor: FaceExtractor
    private var pixels: [UInt8]

    init(_ studio: Studio) throws(InputError) {
        self.studio = studio
        extractor = try FaceExtractor(preprocessing: studio.alignment)
        renderer = SyntheticFaceRenderer(settings: studio.population.settings)
        pixels = Array(repeating: 0, count: studio.alignment.faceByteCount)
    }

    /// The encoded face of an item.
    func face(_ item: SyntheticTrainingPlan.Item) throws(InputError) -> [UInt8] {
        let face = studio.population.render(item.shot, with: renderer)
        let photograph = try face.image.jpegData(quality: face.jpegQuality)
        do throws(FaceFailure) {
            try photograph.withUnsafeBufferPointer { bytes throws(FaceFailure) in
                try pixels.withUnsafeMutableBufferPointer { pixels throws(FaceFailure) in
                    _ = try extractor.extract(UnsafeRawBufferPointer(bytes), landmarks: face.landmarks, into: pixels)
                }
            }
        } catch {
            throw error.error.inFile(item.path)
        }
        switch studio.encoding {
        case .pixels: return pixels
        case .jpeg(let quality):
            let (width, height) = (studio.alignment.width, studio.alignment.height)
            return try RGBImage(width: width, height: height, pixels: pixels)
                .jpegData(quality: quality, chromaSubsampling: .none444)
        }
    }
}
