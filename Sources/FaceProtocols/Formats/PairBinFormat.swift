public import ArtifactFiles

/// InsightFace's `.bin` files of verification sets: a pickle of (images, issame) with two images for each pair.
///
/// Source: `recognition/arcface_torch/eval/verification.py` (`load_bin`) in deepinsight/insightface. Images are encoded
/// faces, aligned already. Divergence: that script unpickles, which runs whatever the file says; here nothing is run.
public struct PairBinFormat: ProtocolFormat {
    public let name = "insightface-bin"
    public let summary = "a pickle of aligned faces and pairs: lfw.bin, cfp_fp.bin, agedb_30.bin"
    public let settings = [
        ProtocolSetting(key: "file", summary: "the file: lfw.bin"),
        ProtocolSetting(key: "folds", summary: "folds of the cross-validation", defaultValue: "10", kind: .text),
    ]

    public init() {}

    /// Reads the pickle.
    public func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft? {
        let file = source.setting("file")
        let foldCount = try source.number("folds", in: 2...1000)
        let mapped = try source.open(file)
        let path = FileSystem.join(source.dataFolder, file)
        let content: Content
        do throws(InputError) {
            content = try mapped.withBytes { bytes throws(InputError) in try Content(bytes) }
        } catch {
            throw error.inFile(path)
        }
        guard content.images.count == 2 * content.labels.count else {
            findings.add(
                .pairCount,
                at: .init(file),
                "not two images for each label",
                expected: "\(2 * content.labels.count)",
                found: "\(content.images.count)"
            )
            return nil
        }
        guard !content.labels.isEmpty else {
            findings.add(.noImages, at: .init(file), "the file holds no image")
            return nil
        }
        var origins = ProtocolOrigins()
        origins.images = file
        origins.comparisons = file
        let count = content.labels.count
        let paths = content.images.indices.map { "\(FileSystem.lastComponent(file))#\($0)" }
        let images = FaceImages(
            aligned: paths,
            container: ImageContainer(file: file, parts: content.images)
        )
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: "",
            images: images,
            ids: Array(0..<2 * count),
            comparisons: Comparisons(
                first: (0..<count).map { UInt32(2 * $0) },
                second: (0..<count).map { UInt32(2 * $0 + 1) },
                labels: content.labels,
                folds: Comparisons.folds(of: count, foldCount)
            )
        )
        return ProtocolDraft(value: value, origins: origins)
    }

    private struct Content {
        let images: [ImageContainer.Part]
        let labels: [UInt8]

        init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
            var pickle = try PairPickle(bytes)
            guard let pair = pickle.members(pickle.root), pair.count == 2, let images = pickle.members(pair[0]) else {
                throw InputError(.malformed, "not a pickle of (images, issame)")
            }
            var parts: [ImageContainer.Part] = []
            parts.reserveCapacity(images.count)
            for (index, image) in images.enumerated() {
                do throws(InputError) {
                    parts.append(try pickle.image(image))
                } catch {
                    throw error.at("image \(index)")
                }
            }
            self.images = parts
            labels = try pickle.labels(pair[1])
        }
    }
}

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
