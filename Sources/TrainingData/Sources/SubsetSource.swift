public import ArtifactFiles
internal import FaceImaging

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
