public import ArtifactFiles
internal import FaceImaging

/// MXNet's RecordIO: `train.rec`, `train.idx` and, where there is one, `property`.
///
/// Both conventions for record 0 are read (InsightFace's, and im2rec's where every key is an image). Labels come from the
/// identities' records, each checked against its first image, or from every image's header; an image whose header then
/// says another class than its identity's record is an error when it is read.
public struct RecordIOSource: TrainingSource {
    /// One line for logs.
    public let summary: String
    /// Digest of index, properties, labels, length of the records, size and fit.
    public let digest: ContentDigest
    /// The number of classes: as `property` says, else the highest label + 1.
    public let classCount: Int
    /// The size that every picture has.
    public let pictureSize: PictureSize
    private let file: RecordIOFile
    private let layout: RecordIOLayout
    private let fit: PictureFit
    private let ignoresOrientation: Bool

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The `.rec` file, or the folder of `train.rec`.
    ///   - size: The size of the pictures; nil: as `property` says.
    ///   - fit: How a stored picture gets it; landmarks there are none.
    ///   - ignoresOrientation: Whether pixels are taken as they are stored, whatever EXIF says.
    /// - Throws: ``InputError`` that names file, record or line: no index, keys that repeat or are missing, records that
    ///   do not follow the format, labels that are no class numbers or beyond the class count.
    public init(
        path: String,
        size: PictureSize? = nil,
        fit: PictureFit = .exact,
        ignoresOrientation: Bool = false
    ) throws(InputError) {
        let path = FileSystem.isFolder(path) ? FileSystem.join(path, "train.rec") : path
        guard path.hasSuffix(".rec") else {
            throw InputError(
                .usage,
                "not a RecordIO file",
                file: path,
                expected: "a name that ends in .rec, or a folder"
            )
        }
        if case .aligned = fit { throw InputError(.usage, "RecordIO files hold no landmarks to align by", file: path) }
        let properties = try RecordIOProperties.beside(path)
        guard let size = size ?? properties?.size else {
            throw InputError(.missing, "no size of the pictures is given, and no property file", file: path)
        }
        _ = try PictureFitter(fit: fit, size: size)
        let file = try RecordIOFile(path: path)
        let indexPath = String(path.dropLast(4)) + ".idx"
        let index = try RecordIOIndex(path: indexPath, recordBytes: file.byteCount)
        let layout = try RecordIOLayout(file: file, index: index)
        let highest = Int(layout.labels.max() ?? -1)
        classCount = properties?.classCount ?? highest + 1
        guard highest < classCount else {
            throw InputError(
                .mismatch,
                "a label is beyond the class count of the property file",
                file: path,
                expected: "below \(classCount)",
                found: "\(highest)"
            )
        }
        var identity =
            "recordio \(size) \(fit) \(classCount) \(file.byteCount)\n\(try ContentDigest(ofFile: indexPath))"
        identity += layout.labels.withUnsafeBytes { "\(ContentDigest(of: $0))" }
        if ignoresOrientation { identity += " as stored" }
        digest = ContentDigest(of: identity)
        summary =
            "\(path): \(layout.keys.count) pictures of \(classCount) classes, \(size), \(fit)"
            + (layout.hasIdentityRecords ? ", with identity records" : "")
        pictureSize = size
        self.file = file
        self.layout = layout
        self.fit = fit
        self.ignoresOrientation = ignoresOrientation
    }

    /// The number of pictures.
    public var sampleCount: Int { layout.keys.count }
    /// A picture's class.
    public func label(of sample: Int) -> Int { Int(layout.labels[sample]) }
    /// `train.rec record 17`.
    public func name(of sample: Int) -> String {
        "\(FileSystem.lastComponent(file.path)) record \(layout.keys[sample])"
    }

    /// Makes one thread's reader.
    public func makeReader() -> any TrainingReader {
        // The source has checked both.
        let fitter = try? PictureFitter(fit: fit, size: pictureSize, ignoresOrientation: ignoresOrientation)
        return RecordIOReader(file: file, layout: layout, fitter: fitter)
    }
}

/// The `property` file: classes, height, width.
private struct RecordIOProperties {
    var classCount: Int
    var size: PictureSize

    static func beside(_ path: String) throws(InputError) -> RecordIOProperties? {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let file = path.contains("/") ? folder + "/property" : "property"
        guard FileSystem.exists(file) else { return nil }
        let mapped = try MappedFile(path: file)
        let text = mapped.withBytes { String(decoding: $0.prefix(256), as: UTF8.self) }
        let numbers = text.split { $0 == "," || $0.isWhitespace }.map { Int($0) ?? -1 }
        guard numbers.count == 3, (1...Int(Int32.max)).contains(numbers[0]), (1...4096).contains(numbers[1]),
            (1...4096).contains(numbers[2])
        else {
            throw InputError(
                .malformed,
                "not a property file",
                file: file,
                expected: "classes,height,width",
                found: String(text.prefix(40))
            )
        }
        return RecordIOProperties(classCount: numbers[0], size: PictureSize(width: numbers[2], height: numbers[1]))
    }
}

private final class RecordIOReader: TrainingReader {
    private let file: RecordIOFile
    private let layout: RecordIOLayout
    private var fitter: PictureFitter?

    init(file: RecordIOFile, layout: RecordIOLayout, fitter: consuming PictureFitter?) {
        self.file = file
        self.layout = layout
        self.fitter = fitter
    }

    func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
        let key = layout.keys[sample]
        try file.withRecord(at: layout.offsets[sample], key: key) { record throws(InputError) in
            let header = try ImageRecordHeader(record)
            let label = try header.classNumber()
            guard label == Int(layout.labels[sample]) else {
                throw InputError(
                    .mismatch,
                    "an image says another class than its identity's record",
                    expected: "\(layout.labels[sample])",
                    found: "\(label)"
                )
            }
            let picture = UnsafeRawBufferPointer(rebasing: record[header.imageOffset...])
            try fitter?.read(picture, landmarks: nil, into: &image)
        }
    }
}
