public import ArtifactFiles
public import FaceImaging
public import FaceProtocols

/// The images of a protocol: read from a folder and aligned by their landmarks.
public struct ProtocolFaceSource: FaceSource {
    private let protocolValue: VerificationProtocol
    private let dataFolder: String
    private let preprocessing: FacePreprocessing
    private let options: FaceExtractor.Options
    private let container: ImageContainer.Contents?

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - protocolValue: The protocol.
    ///   - dataFolder: Where its images lie.
    ///   - preprocessing: Size and template of the aligned face.
    ///   - options: How pictures are decoded.
    /// - Throws: ``InputError`` when the preprocessing is not valid or the file that holds the images cannot be opened.
    public init(
        _ protocolValue: VerificationProtocol,
        dataFolder: String,
        preprocessing: FacePreprocessing,
        options: FaceExtractor.Options = FaceExtractor.Options()
    ) throws(InputError) {
        try preprocessing.validate()
        self.protocolValue = protocolValue
        self.dataFolder = dataFolder
        self.preprocessing = preprocessing
        self.options = options
        container = try protocolValue.images.container?.open(dataFolder: dataFolder)
    }

    /// The number of images.
    public var count: Int { protocolValue.images.count }

    /// An image's path in the protocol.
    public func name(of face: Int) -> String { protocolValue.images.paths[face] }

    /// Makes one thread's reader.
    public func makeReader() -> any FaceReader {
        if let container {
            return ContainedFaceReader(container, of: protocolValue, preprocessing: preprocessing, options: options)
        }
        return PictureFaceReader(preprocessing: preprocessing, options: options) { face throws(FailureCause) in
            let images = protocolValue.images
            if images.defect(of: face) == .nonFiniteDetectorScore {
                throw FailureCause(
                    reason: FailureCause.nonFiniteDetectorScore,
                    detail: "the detector's score is \(images.detectorScores[face])"
                )
            }
            let points = images.landmarksPerFace > 0 ? images.landmarks(of: face).map(Double.init) : nil
            return (protocolValue.path(ofImage: face, dataFolder: dataFolder), points)
        }
    }
}

/// Picture files in a list, aligned already or with landmarks.
public struct PictureListSource: FaceSource {
    private let list: PictureList
    private let preprocessing: FacePreprocessing
    private let options: FaceExtractor.Options

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - list: The files, with landmarks unless the pictures are aligned faces.
    ///   - preprocessing: Size and template of the aligned face.
    ///   - options: How pictures are decoded.
    /// - Throws: ``InputError`` when the preprocessing is not valid.
    public init(
        _ list: PictureList,
        preprocessing: FacePreprocessing,
        options: FaceExtractor.Options = FaceExtractor.Options()
    ) throws(InputError) {
        try preprocessing.validate()
        self.list = list
        self.preprocessing = preprocessing
        self.options = options
    }

    /// The number of files.
    public var count: Int { list.paths.count }

    /// A file's path.
    public func name(of face: Int) -> String { list.paths[face] }

    /// Makes one thread's reader.
    public func makeReader() -> any FaceReader {
        PictureFaceReader(preprocessing: preprocessing, options: options) { face throws(FailureCause) in
            (list.paths[face], list.landmarks?[face].points.flatMap { [$0.x, $0.y] })
        }
    }
}

extension FaceReader {
    fileprivate static func treatment(_ orientation: ImageOrientation?) -> ImageTreatment {
        orientation ?? .upright == .upright ? [] : .turned
    }
}

/// Reads image files into one buffer after another.
private final class PictureFaceReader: FaceReader {
    typealias Location = @Sendable (Int) throws(FailureCause) -> (path: String, landmarks: [Double]?)

    private var extractor: FaceExtractor?
    private var file = FileBuffer()
    private let locate: Location
    private let preprocessing: FacePreprocessing
    private let options: FaceExtractor.Options
    private var path = ""
    private var landmarks: FaceLandmarks?

    init(preprocessing: FacePreprocessing, options: FaceExtractor.Options, locate: @escaping Location) {
        self.preprocessing = preprocessing
        self.options = options
        self.locate = locate
        // The source has validated the preprocessing; were it wrong, every face would fail with the reason.
        extractor = try? FaceExtractor(preprocessing: preprocessing, options: options)
    }

    func load(_ face: Int, wantsDigest: Bool) throws(FailureCause) -> ContentDigest? {
        let located = try locate(face)
        path = located.path
        do throws(InputError) {
            landmarks = try located.landmarks.map { points throws(InputError) in try FaceLandmarks(coordinates: points)
            }
            try file.read(path)
        } catch {
            let reason: FaceFailure.Reason = error.code == .missing ? .missingFile : .undecodable
            throw FailureCause(FaceFailure(reason, error.inFile(path)))
        }
        guard wantsDigest else { return nil }
        let points = located.landmarks ?? []
        return points.withUnsafeBytes { ContentDigest(of: [file.bytes, $0]) }
    }

    func align(into pixels: UnsafeMutableBufferPointer<UInt8>) throws(FailureCause) -> ImageTreatment {
        guard extractor != nil else { throw FailureCause(reason: "preprocessing", detail: "invalid preprocessing") }
        do throws(FaceFailure) {
            if let landmarks {
                let extraction = try extractor?.extract(file.bytes, landmarks: landmarks, into: pixels)
                let reduced: ImageTreatment = extraction?.decodingScale.reduction ?? 1 > 1 ? .reduced : []
                return reduced.union(Self.treatment(extraction?.orientation))
            }
            return Self.treatment(try extractor?.extractAligned(file.bytes, into: pixels))
        } catch {
            throw FailureCause(error.inFile(path))
        }
    }
}

/// Reads aligned faces out of one file.
private final class ContainedFaceReader: FaceReader {
    private let container: ImageContainer.Contents
    private let protocolValue: VerificationProtocol
    private var extractor: FaceExtractor?
    private var bytes: [UInt8] = []
    private var name = ""

    init(
        _ container: ImageContainer.Contents,
        of protocolValue: VerificationProtocol,
        preprocessing: FacePreprocessing,
        options: FaceExtractor.Options
    ) {
        self.container = container
        self.protocolValue = protocolValue
        // The source has validated the preprocessing; were it wrong, every face would fail with the reason.
        extractor = try? FaceExtractor(preprocessing: preprocessing, options: options)
    }

    func load(_ face: Int, wantsDigest: Bool) throws(FailureCause) -> ContentDigest? {
        name = protocolValue.images.paths[face]
        do throws(InputError) {
            bytes = try container.bytes(ofImage: face)
        } catch {
            throw FailureCause(FaceFailure(.missingFile, error))
        }
        return wantsDigest ? bytes.withUnsafeBytes { ContentDigest(of: [$0]) } : nil
    }

    func align(into pixels: UnsafeMutableBufferPointer<UInt8>) throws(FailureCause) -> ImageTreatment {
        guard extractor != nil else { throw FailureCause(reason: "preprocessing", detail: "invalid preprocessing") }
        // A closure cannot rethrow a typed error here; carry the outcome out.
        let outcome = bytes.withUnsafeBytes { raw in
            Result { () throws(FaceFailure) in try extractor?.extractAligned(raw, into: pixels) }
        }
        do throws(FaceFailure) {
            return Self.treatment(try outcome.get())
        } catch {
            throw FailureCause(error.inFile(name))
        }
    }
}
