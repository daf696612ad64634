public import ArtifactFiles
public import FaceImaging

/// Pictures to embed, and where the landmarks of their faces are.
public struct PictureList: Sendable {
    /// The files, in order.
    public let paths: [String]
    /// The landmarks of each file's face; nil when the pictures are aligned faces.
    public let landmarks: [FaceLandmarks]?

    private static let pictureEndings = [".jpg", ".jpeg", ".png"]

    /// Lists a folder's pictures by name, or those that a text names: a path per line, blank lines skipped.
    ///
    /// - Parameters:
    ///   - images: The folder or the text.
    ///   - landmarks: Lines of `name x1 y1 … x5 y5 [score]` (or of 68 points), where a name is a path as it is listed, or
    ///     its last component; nil when the pictures are aligned faces.
    /// - Throws: `InputError` that names file and line; `missing` for no pictures, or one without landmarks.
    public init(images: String, landmarks: String?) throws(InputError) {
        paths = FileSystem.isFolder(images) ? try Self.pictures(inFolder: images) : try Self.lines(images)
        guard !paths.isEmpty else { throw InputError(.missing, "no pictures", file: images) }
        guard let landmarks else {
            self.landmarks = nil
            return
        }
        let known = try LandmarkFile.read(landmarks)
        var faces: [FaceLandmarks] = []
        faces.reserveCapacity(paths.count)
        for path in paths {
            guard let face = known[path] ?? known[FileSystem.lastComponent(path)] else {
                throw InputError(.missing, "no landmarks for '\(path)'", file: landmarks)
            }
            faces.append(face)
        }
        self.landmarks = faces
    }

    private static func pictures(inFolder folder: String) throws(InputError) -> [String] {
        try FileSystem.names(inFolder: folder)
            .filter { name in pictureEndings.contains { name.lowercased().hasSuffix($0) } }
            .map { FileSystem.join(folder, $0) }
    }

    private static func lines(_ path: String) throws(InputError) -> [String] {
        let text = try MappedFile(path: path)
            .withBytes { bytes in
                let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
                return String(validating: text, as: UTF8.self)
            }
        guard let text else { throw InputError(.malformed, "not UTF-8 text", file: path) }
        // A line feed, with or without a carriage return: other line ends may stand in names.
        return text.split { $0 == "\n" || $0 == "\r\n" }.map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
