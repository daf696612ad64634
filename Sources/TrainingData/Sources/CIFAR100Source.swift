public import ArtifactFiles
public import FaceImaging

/// CIFAR-100's binary version: `train.bin` or `test.bin`.
///
/// Records of 3,074 bytes: coarse label, fine label, 32 × 32 pixels, plane by plane. Classes are the fine labels.
public struct CIFAR100Source: TrainingSource {
    /// Bytes of one record.
    static let recordSize = 2 + 3 * 1024

    /// One line for logs.
    public let summary: String
    /// Digest of the file.
    public let digest: ContentDigest
    /// The number of records.
    public let sampleCount: Int
    private let path: String
    private let file: SharedFile

    /// Opens a file.
    ///
    /// - Parameter path: The `.bin` file.
    /// - Throws: ``InputError``: `missing`; `truncated` for a length that is no multiple of a record's, `malformed` for
    ///   labels that CIFAR-100 does not have.
    public init(path: String) throws(InputError) {
        let mapped = try MappedFile(path: path)
        let (count, rest) = mapped.count.quotientAndRemainder(dividingBy: Self.recordSize)
        guard count > 0, rest == 0 else {
            throw InputError(
                .truncated,
                "not a CIFAR-100 file in the binary version",
                file: path,
                expected: "a multiple of \(Self.recordSize) bytes",
                found: "\(mapped.count)"
            )
        }
        let digest = try mapped.withBytes { bytes throws(InputError) in
            for record in 0..<count {
                let (coarse, fine) = (bytes[record * Self.recordSize], bytes[record * Self.recordSize + 1])
                guard coarse < 20, fine < 100 else {
                    throw InputError(
                        .malformed,
                        "labels that CIFAR-100 does not have",
                        file: path,
                        place: "record \(record)",
                        expected: "below 20 and 100",
                        found: "\(coarse) and \(fine)"
                    )
                }
            }
            return ContentDigest(of: bytes)
        }
        self.digest = digest
        self.path = path
        sampleCount = count
        file = SharedFile(mapped)
        summary = "\(path): \(count) CIFAR-100 pictures"
    }

    /// 100, whichever of them occur.
    public var classCount: Int { 100 }
    /// 32 × 32.
    public var pictureSize: PictureSize { PictureSize(32) }
    /// The fine label.
    public func label(of sample: Int) -> Int { file.withBytes { Int($0[sample * Self.recordSize + 1]) } }
    /// `train.bin record 17`.
    public func name(of sample: Int) -> String { "\(FileSystem.lastComponent(path)) record \(sample)" }
    /// Makes one thread's reader.
    public func makeReader() -> any TrainingReader { Reader(file: file) }

    /// CIFAR-100's mean and standard deviation as RepDistiller and HeadSharingKD state them, in pixel values.
    public static func preprocessing() throws(InputError) -> FacePreprocessing {
        try FacePreprocessing(
            width: 32,
            height: 32,
            channels: .rgb,
            mean: [0.5071 * 255, 0.4867 * 255, 0.4408 * 255],
            std: [0.2675 * 255, 0.2565 * 255, 0.2761 * 255],
            template: FaceTemplate.arcface.name
        )
    }

    private final class Reader: TrainingReader {
        private let file: SharedFile

        init(file: SharedFile) { self.file = file }

        func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
            image.resize(to: PictureSize(32))
            file.withBytes { bytes in
                let start = sample * recordSize + 2
                image.pixels.withUnsafeMutableBufferPointer { pixels in
                    for position in 0..<1024 {
                        for plane in 0..<3 { pixels[position * 3 + plane] = bytes[start + plane * 1024 + position] }
                    }
                }
            }
        }
    }
}
