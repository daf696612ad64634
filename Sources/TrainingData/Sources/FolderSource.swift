public import ArtifactFiles
public import FaceImaging

/// A folder per identity or class, picture files in each: `root/<identity>/<picture>`.
///
/// Classes are numbered in the order of the folders' names (by UTF-8 bytes), pictures likewise. Names that begin with a
/// dot are left out everywhere, files in `root` too. JPEG and PNG files are recognised by `.jpg`, `.jpeg`, `.png` in any
/// case; another file among them is an error, and so is a folder without any.
public struct FolderSource: TrainingSource {
    /// What `verifar synth` calls the landmarks in a training tree.
    public static let landmarkFileName = "landmarks.txt"

    /// One line for logs.
    public let summary: String
    /// Digest of names, file sizes, classes, fit and landmarks.
    public let digest: ContentDigest
    /// The size that every picture has.
    public let pictureSize: PictureSize
    /// The folders' names: class number → identity.
    public let classNames: [String]
    private let root: String
    private let fit: PictureFit
    private let ignoresOrientation: Bool
    private let files: [String]
    private let labels: [Int32]
    private let landmarks: [FaceLandmarks]

    /// Lists a folder.
    ///
    /// - Parameters:
    ///   - root: The folder of folders.
    ///   - size: The size of the pictures.
    ///   - fit: How a file's picture gets it.
    ///   - landmarkFile: For ``PictureFit/aligned(template:)``: lines of `identity/picture x1 y1 … x5 y5 [score]`, CSV or JSON;
    ///     nil: `root/landmarks.txt`.
    ///   - ignoresOrientation: Whether pixels are taken as they are stored, whatever EXIF says.
    /// - Throws: ``InputError``: a folder that is missing or empty, a file that is no picture, a picture without
    ///   landmarks, sizes out of range.
    public init(
        root: String,
        size: PictureSize,
        fit: PictureFit = .exact,
        landmarkFile: String? = nil,
        ignoresOrientation: Bool = false
    ) throws(InputError) {
        // Checks the settings before a long listing.
        _ = try PictureFitter(fit: fit, size: size)
        let listing = try IdentityFolders(root: root)
        var points: [FaceLandmarks] = []
        if case .aligned = fit {
            let file = landmarkFile ?? FileSystem.join(root, Self.landmarkFileName)
            points = try Self.landmarks(of: listing, in: file)
        }
        self.root = root
        self.fit = fit
        self.ignoresOrientation = ignoresOrientation
        pictureSize = size
        classNames = listing.classes
        files = listing.files
        labels = listing.labels
        landmarks = points
        digest = Self.digest(
            listing,
            size: size,
            fit: ignoresOrientation ? "\(fit) as stored" : "\(fit)",
            landmarks: points
        )
        summary = "\(root): \(files.count) pictures of \(classNames.count) classes, \(size), \(fit)"
    }

    /// The number of pictures.
    public var sampleCount: Int { files.count }
    /// The number of folders.
    public var classCount: Int { classNames.count }
    /// A picture's class: its folder's place.
    public func label(of sample: Int) -> Int { Int(labels[sample]) }
    /// `identity/picture`.
    public func name(of sample: Int) -> String { "\(classNames[Int(labels[sample])])/\(files[sample])" }

    /// Makes one thread's reader.
    public func makeReader() -> any TrainingReader {
        PictureFileReader(fit: fit, size: pictureSize, ignoresOrientation: ignoresOrientation) { sample in
            (FileSystem.join(root, name(of: sample)), landmarks.isEmpty ? nil : landmarks[sample])
        }
    }

    private static func landmarks(of listing: IdentityFolders, in file: String) throws(InputError) -> [FaceLandmarks] {
        let known = try LandmarkFile(path: file)
        var points: [FaceLandmarks] = []
        points.reserveCapacity(listing.files.count)
        for (name, label) in zip(listing.files, listing.labels) {
            points.append(try known.face(of: "\(listing.classes[Int(label)])/\(name)"))
        }
        return points
    }

    private static func digest(
        _ listing: IdentityFolders,
        size: PictureSize,
        fit: String,
        landmarks: [FaceLandmarks]
    ) -> ContentDigest {
        var bytes = Array("folder \(size) \(fit)\n".utf8)
        for (place, name) in listing.files.enumerated() {
            bytes += Array("\(listing.classes[Int(listing.labels[place])])/\(name) \(listing.sizes[place])\n".utf8)
        }
        for face in landmarks {
            for point in face.points {
                bytes.append(littleEndian: point.x.bitPattern)
                bytes.append(littleEndian: point.y.bitPattern)
            }
        }
        return ContentDigest(of: bytes)
    }
}

/// The files of a folder of folders.
private struct IdentityFolders {
    var classes: [String] = []
    var files: [String] = []
    var labels: [Int32] = []
    var sizes: [Int] = []
    private var names = ImageFileNames()

    init(root: String) throws(InputError) {
        for (name, kind) in try FileSystem.entries(inFolder: root) where !name.hasPrefix(".") {
            let folder = FileSystem.join(root, name)
            guard kind == .folder || kind == .link && FileSystem.isFolder(folder) else { continue }
            let count = files.count
            for file in try FileSystem.names(inFolder: folder) where !file.hasPrefix(".") {
                try append(file, in: folder)
            }
            guard files.count > count else {
                throw InputError(.missing, "an identity's folder holds no picture", file: folder)
            }
            classes.append(name)
        }
        guard !classes.isEmpty else {
            throw InputError(.missing, "no folder of an identity", file: root, expected: "folders of JPEG or PNG files")
        }
    }

    private mutating func append(_ file: String, in folder: String) throws(InputError) {
        let path = FileSystem.join(folder, file)
        // A link to nowhere fails when it is read; everything else must be a file.
        let status = FileSystem.status(path)
        guard names.takes(file), status?.kind ?? .file == .file else {
            let cure = names.imageCount > 0 ? "; \(ImageFileNames.cure)" : ""
            throw InputError(.malformed, "not a picture file\(cure)", file: path, expected: "jpg, jpeg or png")
        }
        files.append(file)
        labels.append(Int32(classes.count))
        sizes.append(status?.size ?? -1)
    }
}

/// One thread's means of reading picture files.
public final class PictureFileReader: TrainingReader {
    /// A file, and the landmarks of its face where it is to be aligned.
    public typealias Location = (path: String, landmarks: FaceLandmarks?)

    private let locate: (Int) -> Location
    private var fitter: PictureFitter?
    private var file = FileBuffer()

    /// - Parameters:
    ///   - fit: How a picture gets its size; checked by the source.
    ///   - size: The size.
    ///   - ignoresOrientation: Whether pixels are taken as they are stored.
    ///   - locate: Where a sample lies.
    public init(
        fit: PictureFit,
        size: PictureSize,
        ignoresOrientation: Bool = false,
        locate: @escaping (Int) -> Location
    ) {
        self.locate = locate
        // The source has checked both.
        fitter = try? PictureFitter(fit: fit, size: size, ignoresOrientation: ignoresOrientation)
    }

    public func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
        let (path, landmarks) = locate(sample)
        do throws(InputError) {
            try file.read(path)
            try fitter?.read(file.bytes, landmarks: landmarks, into: &image)
        } catch {
            throw error.inFile(path)
        }
    }
}
