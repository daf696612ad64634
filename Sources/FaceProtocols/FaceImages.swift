public import ArtifactFiles

/// The faces of a protocol, by column: one row for each line of the file that lists them.
///
/// A row is one face, not one file: a photograph with two faces has two rows.
public struct FaceImages: Hashable, Sendable {
    /// Paths relative to the protocol's image folder.
    public let paths: [String]
    /// Each face's dense template index.
    public let templates: [UInt32]
    /// Each face's dense medium index; the frames of one video share a medium.
    public let media: [UInt32]
    /// How many landmarks a face has: 5, 68, or 0 when the protocol states none.
    ///
    /// Five are left eye, right eye, nose, left and right corner of the mouth, as seen in the image; 68 are in the
    /// order of 300-W (Sagonas et al., 2013).
    public let landmarksPerFace: Int
    /// Coordinates in pixels of the image, `[faces, landmarksPerFace, 2]`, x before y; may be non-finite.
    public let landmarks: [Float]
    /// Where the landmarks come from.
    public let landmarkOrigin: LandmarkOrigin
    /// The one file that holds all images; nil where each is a file of its own.
    public let container: ImageContainer?
    /// The detector's confidence in each face; 1 where the protocol states none; may be non-finite.
    public let detectorScores: [Float]
    /// Whether the protocol states detector scores.
    public let hasDetectorScores: Bool

    /// Puts columns together; all must have as many rows as `paths`.
    package init(
        paths: [String],
        templates: [UInt32],
        media: [UInt32],
        landmarksPerFace: Int,
        landmarks: [Float],
        detectorScores: [Float],
        hasDetectorScores: Bool,
        landmarkOrigin: LandmarkOrigin = .stated,
        container: ImageContainer? = nil
    ) {
        precondition(container.map { $0.parts.count == paths.count } ?? true)
        precondition(templates.count == paths.count && media.count == paths.count)
        precondition(landmarks.count == paths.count * landmarksPerFace * 2 && detectorScores.count == paths.count)
        self.paths = paths
        self.templates = templates
        self.media = media
        self.landmarksPerFace = landmarksPerFace
        self.landmarks = landmarks
        self.detectorScores = detectorScores
        self.hasDetectorScores = hasDetectorScores
        self.landmarkOrigin = landmarksPerFace == 0 ? .none : landmarkOrigin
        self.container = container
    }

    /// Faces that are aligned already: no landmarks, a template and a medium for each.
    ///
    /// - Parameters:
    ///   - paths: Relative to the image folder, or names within `container`.
    ///   - container: The file that holds them all.
    package init(aligned paths: [String], container: ImageContainer? = nil) {
        let indices = paths.indices.map { UInt32($0) }
        self.init(
            paths: paths,
            templates: indices,
            media: indices,
            landmarksPerFace: 0,
            landmarks: [],
            detectorScores: [Float](repeating: 1, count: paths.count),
            hasDetectorScores: false,
            container: container
        )
    }

    /// Faces with the landmarks and scores of a file.
    init(paths: [String], templates: [UInt32], media: [UInt32], stated landmarks: LandmarkParser.Outcome) {
        self.init(
            paths: paths,
            templates: templates,
            media: media,
            landmarksPerFace: landmarks.landmarksPerFace,
            landmarks: landmarks.landmarks,
            detectorScores: landmarks.detectorScores,
            hasDetectorScores: true
        )
    }

    /// The same faces with other paths.
    func renamed(_ paths: [String]) -> FaceImages {
        FaceImages(
            paths: paths,
            templates: templates,
            media: media,
            landmarksPerFace: landmarksPerFace,
            landmarks: landmarks,
            detectorScores: detectorScores,
            hasDetectorScores: hasDetectorScores,
            landmarkOrigin: landmarkOrigin,
            container: container
        )
    }

    /// How many faces there are.
    public var count: Int { paths.count }

    /// A face's landmarks as x₀, y₀, x₁, y₁ and so on.
    public func landmarks(of face: Int) -> ArraySlice<Float> {
        landmarks[face * landmarksPerFace * 2..<(face + 1) * landmarksPerFace * 2]
    }

    /// Why a face cannot be used whatever its pixels are; nil when nothing is wrong with its row.
    public func defect(of face: Int) -> Defect? {
        let points = landmarks(of: face)
        if !points.allSatisfy(\.isFinite) {
            return landmarkOrigin == .faceBoxes ? .noFaceBox : .nonFiniteLandmark
        }
        if landmarksPerFace > 1, Self.areCoincident(points) { return .coincidentLandmarks }
        if !detectorScores[face].isFinite { return .nonFiniteDetectorScore }
        return nil
    }

    private static func areCoincident(_ points: ArraySlice<Float>) -> Bool {
        let start = points.startIndex
        return stride(from: start + 2, to: points.endIndex, by: 2)
            .allSatisfy {
                points[$0] == points[start] && points[$0 + 1] == points[start + 1]
            }
    }

    /// A reason why a row of the protocol makes its face fail.
    public enum Defect: String, Hashable, Sendable, CaseIterable {
        /// A coordinate is NaN or infinite.
        case nonFiniteLandmark
        /// All landmarks lie in one point, so no similarity is defined.
        case coincidentLandmarks
        /// The detector score is NaN or infinite.
        case nonFiniteDetectorScore
        /// There are neither landmarks nor a box with an area.
        case noFaceBox
    }

    /// Where landmarks come from.
    public enum LandmarkOrigin: String, Hashable, Sendable, CaseIterable {
        /// There are none: the images are aligned faces.
        case none
        /// A file states them.
        case stated
        /// They are where ``FaceBox`` puts them in a box.
        case faceBoxes
    }
}

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

/// A face's box, as detectors and NIST's files state it, in pixels of the image.
///
/// Where there are no landmarks, a box stands in for them by one convention: the square around the box's centre whose
/// side is the box's longer side times a factor becomes the aligned face. It is put in terms of landmarks, so that
/// everything after it is the same: the five points of InsightFace's template, scaled from 112×112 to that square.
/// Their similarity to the template is exactly the square's. A face that is turned in the plane stays turned, and eyes
/// and mouth land only roughly where a network expects them: numbers from boxes are not comparable with published ones.
public struct FaceBox: Hashable, Sendable {
    /// The left edge.
    public var x: Double
    /// The upper edge.
    public var y: Double
    /// Width.
    public var width: Double
    /// Height.
    public var height: Double

    /// Creates a box.
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// Whether all edges are finite and the box has an area.
    public var isUsable: Bool {
        x.isFinite && y.isFinite && width.isFinite && height.isFinite && width > 0 && height > 0
    }

    /// The five points that stand for the box's landmarks: x₀, y₀, … x₄, y₄.
    ///
    /// - Parameter scale: The side of the square over the longer side of the box.
    /// - Returns: NaN throughout for a box that is not usable.
    public func landmarks(scale: Double) -> [Float] {
        guard isUsable else { return [Float](repeating: .nan, count: 10) }
        let side = max(width, height) * scale
        let (left, top) = (x + (width - side) / 2, y + (height - side) / 2)
        return Self.template.flatMap { point in
            [Float(left + point.x * side / 112), Float(top + point.y * side / 112)]
        }
    }

    /// InsightFace's template for 112×112 faces (`python-package/insightface/utils/face_align.py`).
    private static let template: [SIMD2<Double>] = [
        SIMD2(38.2946, 51.6963), SIMD2(73.5318, 51.5014), SIMD2(56.0252, 71.7366), SIMD2(41.5493, 92.3655),
        SIMD2(70.7299, 92.2041),
    ]
}
