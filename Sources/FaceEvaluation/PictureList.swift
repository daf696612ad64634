public import ArtifactFiles
public import FaceImaging

/// Pictures to embed, and where the landmarks of their faces are.
public struct PictureList: Sendable {
    /// The files, in order.
    public let paths: [String]
    /// The landmarks of each file's face; nil when the pictures are aligned faces.
    public let landmarks: [FaceLandmarks]?

    /// What a folder holds besides.
    public let leftOut: ImageFileNames

    /// Lists a folder's pictures by name, or those that a text names: a path per line, blank lines skipped; or one image.
    ///
    /// - Parameters:
    ///   - images: The folder, the text or the image.
    ///   - landmarks: Lines of `name x1 y1 … x5 y5 [score]` (or of 68 points), CSV or JSON of face detectors, where a name
    ///     is a path as it is listed, or its last components; nil when the images are aligned faces.
    /// - Throws: `InputError` that names file and line; `missing` for no pictures, or one without landmarks.
    public init(images: String, landmarks: String?) throws(InputError) {
        var leftOut = ImageFileNames()
        paths = FileSystem.isFolder(images) ? try Self.images(inFolder: images, &leftOut) : try Self.lines(images)
        self.leftOut = leftOut
        guard !paths.isEmpty else {
            throw InputError(
                .missing,
                "no pictures",
                file: images,
                expected: "JPEG or PNG files",
                found: leftOut.summary ?? Self.foldersInstead(images)
            )
        }
        guard let landmarks else {
            self.landmarks = nil
            return
        }
        let known = try LandmarkFile(path: landmarks)
        var faces: [FaceLandmarks] = []
        faces.reserveCapacity(paths.count)
        for path in paths { faces.append(try known.face(of: path)) }
        self.landmarks = faces
    }

    private static func images(
        inFolder folder: String,
        _ leftOut: inout ImageFileNames
    ) throws(InputError) -> [String] {
        var paths: [String] = []
        for name in try FileSystem.names(inFolder: folder) {
            let path = FileSystem.join(folder, name)
            // Folders are not looked into, and are no files that were left out.
            if ImageFileNames.readEndings.contains(ImageFileNames.ending(name)) || !FileSystem.isFolder(path),
                leftOut.takes(name)
            {
                paths.append(path)
            }
        }
        return paths
    }

    /// What a folder of folders holds: a folder of images may have been meant.
    private static func foldersInstead(_ folder: String) -> String? {
        let folders = ((try? FileSystem.names(inFolder: folder)) ?? [])
            .filter {
                FileSystem.isFolder(FileSystem.join(folder, $0))
            }
        guard let first = folders.first else { return nil }
        return
            "\(folders.count) folders, which are not looked into: give one of them (\(FileSystem.join(folder, first))), "
            + "or a text with a path per line (find \(folder) -type f > list.txt)"
    }

    private static func lines(_ path: String) throws(InputError) -> [String] {
        let file = try MappedFile(path: path)
        let isImage = file.withBytes {
            $0.starts(with: [0xff, 0xd8, 0xff]) || $0.starts(with: [0x89] + Array("PNG".utf8))
        }
        guard !isImage else { return [path] }
        let text = file.withBytes { bytes in
            let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
            return String(validating: text, as: UTF8.self)
        }
        guard let text else {
            throw InputError(
                .malformed,
                "neither text nor a JPEG or PNG image",
                file: path,
                expected: "a folder of images, a UTF-8 text with a path per line, or one image"
            )
        }
        // A line feed, with or without a carriage return: other line ends may stand in names.
        return text.split { $0 == "\n" || $0 == "\r\n" }.map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
