public import ArtifactFiles

/// InsightFace's `.bin` files of verification sets: a pickle of (images, issame) with two images for each pair.
///
/// Source: `recognition/arcface_torch/eval/verification.py` (`load_bin`) in deepinsight/insightface. Images are encoded
/// faces, aligned already. Divergence: that script unpickles, which runs whatever the file says; here nothing is run.
public struct PairBinFormat: ProtocolFormat {
    /// The name that descriptors use.
    public let name = "insightface-bin"
    /// What it is.
    public let summary = "a pickle of aligned faces and pairs: lfw.bin, cfp_fp.bin, agedb_30.bin"
    /// What a descriptor may set.
    public let settings = [
        ProtocolSetting(key: "file", summary: "the file: lfw.bin"),
        ProtocolSetting(key: "folds", summary: "folds of the cross-validation", defaultValue: "10", kind: .text),
    ]

    /// Creates the format.
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
                file: file,
                "not two images for each label",
                expected: "\(2 * content.labels.count)",
                found: "\(content.images.count)"
            )
            return nil
        }
        guard !content.labels.isEmpty else {
            findings.add(.noImages, file: file, "the file holds no image")
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
            templates: Templates(
                ids: Array(0..<2 * count),
                imageTemplates: images.templates,
                imageMedia: images.media
            ),
            mediumIDs: Array(0..<2 * count),
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
                    var located = error
                    located.place = "image \(index)"
                    throw located
                }
            }
            self.images = parts
            labels = try pickle.labels(pair[1])
        }
    }
}
