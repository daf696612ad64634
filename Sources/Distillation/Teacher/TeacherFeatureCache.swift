public import ArtifactFiles
internal import Checkpoints
public import FaceImaging
public import NeuralCompute
public import NeuralGraph
public import NeuralTraining
public import TrainingData

/// A teacher's embeddings of every picture and of its mirror image, computed once and kept in half precision.
///
/// Useful where the flip is the only augmentation: a step then costs what it costs without a teacher. The file is named by
/// the teacher's digest, its preprocessing and the data's digest, and holds them; it appears whole or not at all.
public final class TeacherFeatureCache: TeacherFeatures {
    /// Length of an embedding.
    public let dimensions: Int
    /// None: feature maps are not kept.
    public let tapShapes: [ActivationShape] = []
    /// Nil: nobody looks at the pictures.
    public let preprocessing: FacePreprocessing? = nil
    private let device: any Device
    private let file: MappedFile
    private let sampleCount: Int
    private static let magic: [UInt8] = Array("VFTEACH1".utf8)
    private static let headerSize = 64

    /// Opens the cache of a teacher and a data set, after computing it where it is not there.
    ///
    /// - Parameters:
    ///   - teacher: The network.
    ///   - data: The pictures.
    ///   - resizes: Whether pictures of another size than the teacher's input are resized.
    ///   - folder: Where caches lie.
    ///   - device: Where the embeddings are wanted.
    ///   - threads: Threads to read with.
    ///   - progress: Told how many pictures are done.
    /// - Throws: `InputError`: unreadable pictures, a full disk, a file that is another teacher's or damaged.
    public init(
        of teacher: TeacherNetwork,
        on data: any TrainingSource,
        resizes: Bool,
        folder: String,
        device: any Device,
        threads: Int,
        progress: (Int) -> Void
    ) throws(InputError) {
        self.device = device
        guard let preprocessing = teacher.preprocessing else {
            throw InputError(.usage, "the teacher has no preprocessing")
        }
        dimensions = teacher.dimensions
        sampleCount = data.sampleCount
        let key = ContentDigest(
            of: "teacher features 1\n\(teacher.checkpoint.metadata.contentDigest)\n\(preprocessing)\n\(data.digest)"
        )
        let path = FileSystem.join(folder, "teacher-\(key.description.prefix(24)).features")
        if !FileSystem.exists(path) {
            try Self.write(teacher, preprocessing, data, resizes, key, to: path, threads: threads, progress: progress)
        }
        file = try MappedFile(path: path)
        try check(key, path)
    }

    private static func write(
        _ teacher: TeacherNetwork,
        _ preprocessing: FacePreprocessing,
        _ data: any TrainingSource,
        _ resizes: Bool,
        _ key: ContentDigest,
        to path: String,
        threads: Int,
        progress: (Int) -> Void
    ) throws(InputError) {
        var file = try AtomicFile(path: path)
        var header = magic + key.bytes
        for number in [data.sampleCount, teacher.dimensions] {
            header += withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0) }
        }
        header += [UInt8](repeating: 0, count: headerSize - header.count)
        try file.write(header)
        let sweep = try EvaluationSweep(
            source: data,
            preprocessings: [preprocessing],
            batchSize: 64,
            threads: threads,
            includesMirrored: true,
            resizes: resizes
        )
        var done = 0
        while let batch = try sweep.next() {
            let plain = teacher.embeddings(of: batch.views[0], count: batch.count)
            let mirrored = teacher.embeddings(of: batch.mirroredViews[0], count: batch.count)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(batch.count * teacher.dimensions * 4)
            for face in 0..<batch.count {
                for embeddings in [plain, mirrored] {
                    for value in embeddings.row(face) {
                        let bits = Float16(value).bitPattern
                        bytes.append(UInt8(truncatingIfNeeded: bits))
                        bytes.append(UInt8(bits >> 8))
                    }
                }
            }
            try file.write(bytes)
            done += batch.count
            progress(done)
        }
        try file.commit()
    }

    private func check(_ key: ContentDigest, _ path: String) throws(InputError) {
        let size = Self.headerSize + sampleCount * 2 * dimensions * 2
        guard file.count == size else {
            throw InputError(
                .truncated,
                "not the teacher features of these data: remove the file",
                file: path,
                expected: "\(size) bytes",
                found: "\(file.count)"
            )
        }
        let isRight = file.withBytes { bytes in
            bytes.prefix(Self.magic.count).elementsEqual(Self.magic)
                && bytes[Self.magic.count..<Self.magic.count + 32].elementsEqual(key.bytes)
        }
        guard isRight else {
            throw InputError(.mismatch, "the features are another teacher's: remove the file", file: path)
        }
    }

    /// Looks the batch's pictures up, each as it is mirrored or not.
    public func output(of batch: TrainingBatch) throws(InputError) -> TeacherOutput {
        let dimensions = dimensions
        let embeddings = file.withBytes { bytes in
            [Float](unsafeUninitializedCapacity: batch.count * dimensions) { result, initialized in
                for face in 0..<batch.count {
                    let row = batch.samples[face] * 2 + (batch.flipped[face] ? 1 : 0)
                    let start = Self.headerSize + row * dimensions * 2
                    for index in 0..<dimensions {
                        let bits = bytes.loadUnaligned(fromByteOffset: start + index * 2, as: UInt16.self)
                        result[face * dimensions + index] = Float(Float16(bitPattern: UInt16(littleEndian: bits)))
                    }
                }
                initialized = batch.count * dimensions
            }
        }
        return TeacherOutput(
            embeddings: device.tensor(Matrix(rows: batch.count, columns: dimensions, elements: embeddings))
        )
    }
}
