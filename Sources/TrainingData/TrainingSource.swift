public import ArtifactFiles
public import FaceImaging

/// Labelled pictures to train on: one kind of data set per conforming type.
///
/// Everything here is known when the source is made; pictures are read one by one through a ``TrainingReader``.
public protocol TrainingSource: Sendable {
    /// One line for logs: kind, place, counts.
    var summary: String { get }
    /// The number of pictures.
    var sampleCount: Int { get }
    /// The number of identities or classes.
    var classCount: Int { get }
    /// The size that every picture has.
    var pictureSize: PictureSize { get }
    /// Names the data set: names, sizes, labels, index; for resuming and for caches of what is computed from it.
    var digest: ContentDigest { get }
    /// A picture's class, `0 ..< classCount`.
    func label(of sample: Int) -> Int
    /// What a picture is called in messages: its file, its record.
    func name(of sample: Int) -> String
    /// Makes one thread's means of reading.
    func makeReader() -> any TrainingReader
}

/// One thread's means of reading pictures.
public protocol TrainingReader: AnyObject {
    /// Reads a picture into the memory of another.
    ///
    /// - Parameters:
    ///   - sample: Its index.
    ///   - image: Replaced by the picture, of the source's size; undefined if an error is thrown.
    /// - Throws: ``InputError`` that names the file or record.
    func read(_ sample: Int, into image: inout RGBImage) throws(InputError)
}

extension TrainingReader {
    /// Reads a picture.
    ///
    /// - Throws: ``InputError`` that names the file or record.
    public func picture(of sample: Int) throws(InputError) -> RGBImage {
        var image = RGBImage(width: 0, height: 0, pixels: [])
        try read(sample, into: &image)
        return image
    }
}

extension TrainingSource {
    /// Checks the class count that a recipe states.
    ///
    /// - Throws: ``InputError`` (`mismatch`) with both counts.
    public func requireClassCount(_ expected: Int) throws(InputError) {
        guard classCount == expected else {
            throw InputError(
                .mismatch,
                "the data do not have the stated number of classes: \(summary)",
                expected: "\(expected)",
                found: "\(classCount)"
            )
        }
    }

    /// How many pictures each class has.
    public var classSizes: [Int] {
        var sizes = [Int](repeating: 0, count: classCount)
        for sample in 0..<sampleCount { sizes[label(of: sample)] += 1 }
        return sizes
    }
}

/// Width and height of a picture in pixels.
public struct PictureSize: Hashable, Sendable, CustomStringConvertible {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// A size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// A square.
    public init(_ side: Int) { self.init(width: side, height: side) }

    /// The size of a network's input.
    public init(_ preprocessing: FacePreprocessing) {
        self.init(width: preprocessing.width, height: preprocessing.height)
    }

    /// Bytes of an RGB picture of this size.
    public var byteCount: Int { width * height * 3 }

    /// `112x112`, width first.
    public var description: String { "\(width)x\(height)" }
}

extension PictureSize {
    /// Preprocessing that only aligns: this size, a template, pixels as they are.
    ///
    /// - Throws: ``InputError`` for a size out of range or an unknown template.
    func alignment(template: String = FaceTemplate.arcface.name) throws(InputError) -> FacePreprocessing {
        try FacePreprocessing(
            width: width,
            height: height,
            channels: .rgb,
            mean: [0, 0, 0],
            std: [1, 1, 1],
            template: template
        )
    }
}

extension RGBImage {
    /// The size.
    var size: PictureSize { PictureSize(width: width, height: height) }

    /// Takes a size; the pixels are undefined then.
    mutating func resize(to size: PictureSize) {
        if pixels.count != size.byteCount { pixels = [UInt8](repeating: 0, count: size.byteCount) }
        (width, height) = (size.width, size.height)
    }
}

/// Some classes of another source, numbered anew in the order given: training and validation identities of one set.
public struct SubsetSource: TrainingSource {
    /// One line for logs.
    public let summary: String
    /// Digest of the whole's digest and the chosen classes.
    public let digest: ContentDigest
    private let whole: any TrainingSource
    private let samples: [Int]
    private let labels: [Int32]
    /// The number of chosen classes.
    public let classCount: Int

    /// Chooses classes.
    ///
    /// - Parameters:
    ///   - whole: All samples.
    ///   - classes: Distinct classes of it.
    /// - Throws: ``InputError`` (`usage`) for none, an unknown one or a repeated one.
    public init(_ whole: any TrainingSource, classes: [Int]) throws(InputError) {
        var places: [Int: Int] = [:]
        for (place, label) in classes.enumerated() {
            guard (0..<whole.classCount).contains(label), places.updateValue(place, forKey: label) == nil else {
                throw InputError(
                    .usage,
                    "not a choice of classes",
                    expected: "distinct numbers in 0 ..< \(whole.classCount)",
                    found: "\(label)"
                )
            }
        }
        guard !classes.isEmpty else { throw InputError(.usage, "no classes chosen") }
        let chosen = (0..<whole.sampleCount)
            .compactMap { sample in
                places[whole.label(of: sample)].map { (sample: sample, label: Int32($0)) }
            }
        self.whole = whole
        samples = chosen.map(\.sample)
        labels = chosen.map(\.label)
        classCount = classes.count
        digest = ContentDigest(of: "subset of \(whole.digest): \(classes)")
        summary = "\(classes.count) of \(whole.classCount) classes, \(samples.count) pictures of: \(whole.summary)"
    }

    /// The number of pictures.
    public var sampleCount: Int { samples.count }
    /// The size that every picture has.
    public var pictureSize: PictureSize { whole.pictureSize }
    /// A picture's class among the chosen.
    public func label(of sample: Int) -> Int { Int(labels[sample]) }
    /// What the whole calls it.
    public func name(of sample: Int) -> String { whole.name(of: samples[sample]) }
    /// Makes one thread's reader.
    public func makeReader() -> any TrainingReader { SubsetReader(reader: whole.makeReader(), samples: samples) }
}

private final class SubsetReader: TrainingReader {
    private let reader: any TrainingReader
    private let samples: [Int]

    init(reader: any TrainingReader, samples: [Int]) {
        self.reader = reader
        self.samples = samples
    }

    func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
        try reader.read(samples[sample], into: &image)
    }
}
