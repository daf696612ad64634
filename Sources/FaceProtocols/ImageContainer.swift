public import ArtifactFiles

/// One file that holds all images of a protocol, such as InsightFace's `.bin`.
public struct ImageContainer: Hashable, Sendable {
    /// Where the encoded bytes of an image are.
    public enum Part: Hashable, Sendable {
        /// They stand in the file as they are.
        case range(Range<Int>)
        /// The file holds them in another form.
        case bytes([UInt8])

        /// How many bytes the image has.
        public var count: Int {
            switch self {
            case .range(let range): range.count
            case .bytes(let bytes): bytes.count
            }
        }
    }

    /// The file, relative to the data folder.
    public let file: String
    /// The images.
    public let parts: [Part]

    /// Creates a container.
    package init(file: String, parts: [Part]) {
        self.file = file
        self.parts = parts
    }

    /// Opens the file, once for all threads.
    ///
    /// - Throws: `InputError` when it cannot be opened.
    public func open(dataFolder: String) throws(InputError) -> Contents {
        Contents(parts: parts, file: try MappedFile(path: FileSystem.join(dataFolder, file)))
    }

    /// The open file.
    public final class Contents: Sendable {
        private let parts: [Part]
        private let file: MappedFile

        init(parts: [Part], file: consuming MappedFile) {
            self.parts = parts
            self.file = file
        }

        /// The encoded bytes of an image.
        ///
        /// - Throws: `InputError` (`truncated`) when the file has become shorter since it was read.
        public func bytes(ofImage image: Int) throws(InputError) -> [UInt8] {
            switch parts[image] {
            case .bytes(let bytes): return bytes
            case .range(let range):
                guard range.upperBound <= file.count else {
                    throw InputError(.truncated, "the file is shorter than when it was read", file: file.path)
                }
                return file.withBytes { Array($0[range]) }
            }
        }
    }
}
