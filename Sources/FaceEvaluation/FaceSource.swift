public import ArtifactFiles
internal import FaceImaging

/// Where the faces of an evaluation come from: a protocol's images, a folder, a generator.
public protocol FaceSource: Sendable {
    /// The number of faces.
    var count: Int { get }
    /// What a face is called in messages: its path in the protocol.
    func name(of face: Int) -> String
    /// Makes one thread's means of reading.
    func makeReader() -> any FaceReader
}

/// One thread's means of reading faces.
public protocol FaceReader: AnyObject {
    /// Makes a face's raw data present.
    ///
    /// - Parameters:
    ///   - face: Its index.
    ///   - wantsDigest: Whether the caller needs the digest.
    /// - Returns: When asked for, the digest of everything that makes the aligned face: file bytes and landmarks.
    /// - Throws: ``FailureCause``.
    func load(_ face: Int, wantsDigest: Bool) throws(FailureCause) -> ContentDigest?

    /// Decodes and aligns the loaded face.
    ///
    /// - Parameter pixels: Receives `[height, width, 3]`, red first, of the size that the source was made for.
    /// - Returns: What the report says about such images.
    /// - Throws: ``FailureCause``.
    func align(into pixels: UnsafeMutableBufferPointer<UInt8>) throws(FailureCause) -> ImageTreatment
}

/// What happened to an image on its way to an aligned face.
public struct ImageTreatment: OptionSet, Hashable, Sendable {
    /// A bit for each treatment.
    public let rawValue: Int

    /// It was decoded at a reduced scale.
    public static let reduced = ImageTreatment(rawValue: 1)
    /// It was turned upright, as its EXIF orientation says.
    public static let turned = ImageTreatment(rawValue: 2)

    /// Takes the bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// Why one face has no embedding.
public struct FailureCause: Error, Hashable, Sendable {
    /// The kind of failure, as it stands in `failures.csv`: a raw value of `FaceFailure.Reason`, or
    /// ``nonFiniteDetectorScore``.
    public var reason: String
    /// What was found, in words.
    public var detail: String

    /// The detector's score is not a finite number.
    public static let nonFiniteDetectorScore = "non-finite-detector-score"

    public init(reason: String, detail: String) {
        self.reason = reason
        self.detail = detail
    }

    init(_ failure: FaceFailure) {
        self.init(reason: failure.reason.rawValue, detail: failure.description)
    }
}

/// A failure and where it happened.
public struct FailedImage: Hashable, Sendable {
    /// The image's row in the protocol.
    public var row: Int
    /// Its name in the protocol.
    public var name: String
    /// Why.
    public var cause: FailureCause
}

/// How many faces may fail before the work stops.
public enum FailureLimit: Hashable, Sendable {
    /// A number of faces.
    case count(Int)
    /// A share of all faces, in [0, 1].
    case share(Double)

    /// The largest allowed number of failures among `total` faces.
    public func allowed(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .share(let share): Int((share * Double(total)).rounded(.down))
        }
    }
}
