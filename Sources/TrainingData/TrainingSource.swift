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
