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
