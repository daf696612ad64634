public import ArtifactFiles

/// Why a picture gave no face.
public struct FaceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; the raw values stand in `failures.csv`.
    public enum Reason: String, Hashable, Sendable, CaseIterable, Codable {
        /// There is no such regular file, or it cannot be read.
        case missingFile = "missing-file"
        /// The file is neither JPEG nor PNG, is damaged, or uses a feature that is not supported.
        case undecodable
        /// The file ends before the picture does.
        case truncated
        /// The picture or file is over the limits.
        case tooLarge = "too-large"
        /// A landmark is not a finite number.
        case nonFiniteLandmarks = "non-finite-landmarks"
        /// The landmarks coincide, or determine no usable similarity.
        case degenerateLandmarks = "degenerate-landmarks"
        /// The aligned face would show nothing of the picture.
        case outsidePicture = "outside-picture"
        /// A face that should be aligned already has another size.
        case wrongSize = "wrong-size"
    }

    /// The kind of failure.
    public var reason: Reason
    /// The particulars.
    public var error: InputError

    /// Creates a failure.
    public init(_ reason: Reason, _ error: InputError) {
        self.reason = reason
        self.error = error
    }

    /// The particulars on one line.
    public var description: String { error.description }

    /// The failure that a reading or decoding error means.
    init(_ error: InputError) {
        let reason: Reason =
            switch error.code {
            case .missing: .missingFile
            case .truncated: .truncated
            case .limitExceeded: .tooLarge
            default: .undecodable
            }
        self.init(reason, error)
    }

    /// The same failure with the file filled in where none was named.
    public func inFile(_ path: String) -> FaceFailure { FaceFailure(reason, error.inFile(path)) }
}
