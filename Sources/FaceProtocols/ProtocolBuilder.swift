public import ArtifactFiles

/// Puts a protocol together row by row, for protocols that are made rather than read.
public struct ProtocolBuilder: Sendable {
    private let name: String
    private let imageFolder: String
    private let landmarksPerFace: Int
    private var paths: [String] = []
    private var templateIDs: [Int] = []
    private var mediumIDs: [Int] = []
    private var landmarks: [Float] = []
    private var detectorScores: [Float] = []
    private var comparisons: [(first: Int, second: Int, isGenuine: Bool)] = []
    private var subjects: [Int: String] = [:]

    /// Begins a protocol.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - imageFolder: The folder of the images, relative to the data folder.
    ///   - landmarksPerFace: 5, 68, or 0 for none.
    public init(name: String, imageFolder: String = "loose_crop", landmarksPerFace: Int = 5) {
        self.name = name
        self.imageFolder = imageFolder
        self.landmarksPerFace = landmarksPerFace
    }

    /// Adds a face.
    ///
    /// - Parameters:
    ///   - path: Relative to the image folder.
    ///   - template: The template's id, not negative.
    ///   - medium: The medium's id, not negative; the frames of one video share it.
    ///   - landmarks: x₀, y₀, x₁, y₁, …
    ///   - detectorScore: The detector's confidence.
    public mutating func addImage(
        _ path: String,
        template: Int,
        medium: Int,
        landmarks points: [Float],
        detectorScore: Float
    ) {
        precondition(points.count == landmarksPerFace * 2 && template >= 0 && medium >= 0)
        paths.append(path)
        templateIDs.append(template)
        mediumIDs.append(medium)
        landmarks += points
        detectorScores.append(detectorScore)
    }

    /// Adds a comparison of two templates, by id.
    public mutating func addComparison(_ first: Int, _ second: Int, isGenuine: Bool) {
        comparisons.append((first, second, isGenuine))
    }

    /// States a template's subject.
    public mutating func setSubject(_ subject: String, ofTemplate template: Int) { subjects[template] = subject }

    /// The protocol.
    ///
    /// - Throws: `InputError` when a comparison names a template without images.
    public func build() throws(InputError) -> VerificationProtocol {
        let templates = DenseIndex(templateIDs)
        let media = DenseIndex(mediumIDs)
        let table = Templates(ids: templates.ids, imageTemplates: templates.indices, imageMedia: media.indices)
        var first: [UInt32] = []
        var second: [UInt32] = []
        for comparison in comparisons {
            first.append(try Self.index(comparison.first, in: table))
            second.append(try Self.index(comparison.second, in: table))
        }
        return VerificationProtocol(
            name: name,
            imageFolder: imageFolder,
            images: FaceImages(
                paths: paths,
                templates: templates.indices,
                media: media.indices,
                landmarksPerFace: landmarksPerFace,
                landmarks: landmarks,
                detectorScores: detectorScores,
                hasDetectorScores: true
            ),
            templates: table,
            mediumIDs: media.ids,
            comparisons: Comparisons(first: first, second: second, labels: comparisons.map { $0.isGenuine ? 1 : 0 }),
            subjects: subjects.isEmpty ? nil : TemplateSubjects(stated: templates.ids.map { subjects[$0] })
        )
    }

    private static func index(_ id: Int, in templates: Templates) throws(InputError) -> UInt32 {
        guard let index = templates.index(of: id) else {
            throw InputError(.mismatch, "a comparison names template \(id), which has no image")
        }
        return UInt32(index)
    }
}
