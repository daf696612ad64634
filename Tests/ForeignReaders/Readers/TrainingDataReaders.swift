internal import ArtifactFiles
internal import FaceImaging
internal import TestSupport
internal import TrainingData

/// MXNet's RecordIO: `train.rec`, `train.idx` and `property`.
struct RecordIOReader: ForeignReader {
    var name: String { "recordio" }
    var dictionary: [[UInt8]] { [Parcel.separator, [0x0a, 0x23, 0xd7, 0xce], Array("12,112,112".utf8)] }

    private static let files = ["train.rec", "train.idx", "property"]

    func seeds() throws -> [[UInt8]] {
        try ["insightface", "im2rec"]
            .map { name in
                Parcel.join(Self.files.map { (try? Seeds.file("TrainingData/\(name)/\($0)")) ?? [] })
            } + Seeds.files("Hostile/recordio", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        for (name, content) in zip(Self.files, Parcel.split(bytes, into: 3)) {
            if name == "property", content.isEmpty {
                FileSystem.remove(FileSystem.join(folder.path, name))
            } else {
                try folder.write(content, name)
            }
        }
        try SourceCheck.read(RecordIOSource(path: folder.path, size: PictureSize(12)))
    }
}

/// CIFAR-100 in its binary version.
struct CIFARReader: ForeignReader {
    var name: String { "cifar" }

    func seeds() throws -> [[UInt8]] { [Array(try Seeds.file("TrainingData/cifar100/train.bin").prefix(3074 * 2))] }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        try SourceCheck.read(CIFAR100Source(path: folder.write(bytes, "train.bin")))
    }
}

/// The landmark file of a folder of training pictures.
struct LandmarkListReader: ForeignReader {
    var name: String { "landmarks" }
    var dictionary: [[UInt8]] {
        ["a/1.png ", "nan", "inf", "1e309", "0x1p3", "\r\n", "\u{feff}"].map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        let points = (0..<10).map { "\($0 * 3 + 20).5" }.joined(separator: " ")
        let many = (0..<136).map { "\($0)" }.joined(separator: " ")
        return ["a/1.png \(points)\n", "a/1.png \(points) 0.99\nb/2.png \(points)\r\n\n", "a/1.png\t\(many) 1e-2\n"]
            .map { Array($0.utf8) }
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let root = FileSystem.join(folder.path, "pictures")
        if !FileSystem.exists(root) {
            try folder.write(Seeds.file("FaceImaging/decoding/rgb_8.png"), "pictures/a/1.png")
        }
        let source = try FolderSource(
            root: root,
            size: PictureSize(32),
            fit: .aligned(template: FaceTemplate.arcface.name),
            landmarkFile: folder.write(bytes, "landmarks.txt")
        )
        try SourceCheck.read(source)
    }
}

/// Packs of pictures that were made before.
struct PackedPicturesReader: ForeignReader {
    var name: String { "packed-pictures" }

    private static let key = ContentDigest(of: "key")

    func seeds() throws -> [[UInt8]] {
        let folder = try ScratchFolder()
        let path = FileSystem.join(folder.path, "faces.pack")
        var writer = try PackedPictureWriter(
            path: path,
            key: Self.key,
            size: PictureSize(2),
            classCount: 2,
            encoding: .pixels
        )
        for label in [0, 1, 1] { try writer.append([UInt8](repeating: UInt8(label), count: 12), label: label) }
        try writer.commit()
        return [try Seeds.bytes(of: path)]
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let pack = try PackedPictures(path: folder.write(bytes, "faces.pack"), key: Self.key)
        precondition(pack.count * 24 <= bytes.count, "no more entries than bytes")
        for picture in 0..<pack.count {
            precondition((0..<pack.classCount).contains(pack.label(of: picture)), "a label is a class")
            do throws(InputError) {
                try pack.withBytes(of: picture) { precondition($0.count <= bytes.count, "bytes of the file") }
            } catch {}
        }
    }
}

/// What is done with data of any kind.
private enum SourceCheck {
    static func read(_ source: some TrainingSource) throws {
        let reader = source.makeReader()
        for sample in 0..<min(source.sampleCount, 64) {
            precondition((0..<source.classCount).contains(source.label(of: sample)), "a label is a class")
            guard let picture = try? reader.picture(of: sample) else { continue }
            precondition(picture.pixels.count == source.pictureSize.byteCount, "a picture has the source's size")
        }
    }
}
