public import ArtifactFiles

/// Writes pairs of encoded faces as InsightFace's `.bin`: a pickle of (images, issame), protocol 4.
///
/// `pickle.load(file, encoding='bytes')` reads it back as a list of bytes and a list of bool. The same pairs give the same
/// bytes. Images go to disk one by one.
public struct PairBinWriter: ~Copyable {
    private var file: AtomicFile
    private var imageCount = 0

    /// Begins a file, which appears with ``finish(labels:)``.
    public init(path: String) throws(InputError) {
        var file = try AtomicFile(path: path)
        // PROTO 4, the list of images.
        try file.write([0x80, 4, UInt8(ascii: "]"), UInt8(ascii: "(")])
        self.file = file
    }

    /// Adds an image: first and second of each pair in turn.
    public mutating func append(_ image: [UInt8]) throws(InputError) {
        guard let length = UInt32(exactly: image.count) else {
            throw InputError(.limitExceeded, "an image has more than 4 GiB")
        }
        try file.write([UInt8(ascii: "B")] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
        try file.write(image)
        imageCount += 1
    }

    /// Adds the labels and lets the file appear.
    ///
    /// - Throws: `InputError`: `mismatch` when there are not two images for each label, `unwritable`.
    public consuming func finish(labels: [UInt8]) throws(InputError) {
        guard imageCount == 2 * labels.count else {
            throw InputError(
                .mismatch,
                "not two images for each label",
                expected: "\(2 * labels.count)",
                found: "\(imageCount)"
            )
        }
        // APPENDS, the list of labels, TUPLE2, STOP.
        try file.write([UInt8(ascii: "e"), UInt8(ascii: "]"), UInt8(ascii: "(")])
        try file.write(labels.map { $0 == 1 ? 0x88 : 0x89 })
        try file.write([UInt8(ascii: "e"), 0x86, UInt8(ascii: ".")])
        try file.commit()
    }
}
