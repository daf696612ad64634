/// The size and shape of a protocol.
public struct ProtocolDescription: Hashable, Sendable {
    /// How a count is distributed.
    public struct Distribution: Hashable, Sendable, Encodable {
        /// The smallest.
        public let minimum: Int
        /// The value that half are not above: the lower median.
        public let median: Int
        /// The value that nine tenths are not above.
        public let ninetiethPercentile: Int
        /// The largest.
        public let maximum: Int
        /// The arithmetic mean.
        public let mean: Double

        /// The distribution of some values; nil of none.
        init?(_ values: [Int]) {
            guard let largest = values.max(), let smallest = values.min() else { return nil }
            let sorted = values.sorted()
            minimum = smallest
            median = sorted[(sorted.count + 1) / 2 - 1]
            ninetiethPercentile = sorted[(sorted.count * 9 + 9) / 10 - 1]
            maximum = largest
            mean = Double(sorted.reduce(0, +)) / Double(sorted.count)
        }
    }

    /// The protocol's name.
    public let name: String
    /// Faces.
    public let images: Int
    /// Landmarks of each face.
    public let landmarksPerFace: Int
    /// Faces that fail whatever their pixels are, by reason.
    public let defects: [FaceImages.Defect: Int]
    /// Templates.
    public let templates: Int
    /// Images of each template.
    public let imagesPerTemplate: Distribution?
    /// Media of each template.
    public let mediaPerTemplate: Distribution?
    /// Media.
    public let media: Int
    /// Media with several images in one template, which are taken for videos.
    public let videos: Int
    /// Images of those media.
    public let videoFrames: Int
    /// Images that are alone of their medium in their template.
    ///
    /// A video with one frame counts here: InsightFace's files do not tell.
    public let stills: Int
    /// Comparisons of one subject.
    public let genuine: Int
    /// Comparisons of two subjects.
    public let impostor: Int
    /// Subjects; nil when neither files nor genuine comparisons tell.
    public let subjects: Int?
    /// Where the number of subjects comes from.
    public let subjectOrigin: TemplateSubjects.Origin?
    /// Folds of a cross-validated set of pairs.
    public let folds: Int
    /// The searches: name, gallery and probe templates.
    public let searches: [IdentificationSearch]

    /// Describes a protocol.
    public init(_ value: VerificationProtocol) {
        name = value.name
        images = value.images.count
        landmarksPerFace = value.images.landmarksPerFace
        templates = value.templates.count
        media = value.mediumIDs.count
        genuine = value.comparisons.genuineCount
        impostor = value.comparisons.impostorCount
        folds = value.comparisons.folds.count
        searches = value.searches
        defects = (0..<value.images.count)
            .reduce(into: [:]) { counts, image in
                if let defect = value.images.defect(of: image) { counts[defect, default: 0] += 1 }
            }
        let subjects = value.subjectsOrImplied()
        self.subjects = subjects?.count
        subjectOrigin = subjects?.origin
        let groups = MediumGroups(value)
        imagesPerTemplate = Distribution(groups.imagesPerTemplate)
        mediaPerTemplate = Distribution(groups.mediaPerTemplate)
        videos = groups.isVideo.count { $0 }
        videoFrames = groups.videoFrames
        stills = images - groups.videoFrames
    }

    /// The description as lines of text.
    public var lines: [String] {
        var lines = [
            "protocol     \(name)",
            "images       \(images), \(landmarksPerFace) landmarks each",
            "templates    \(templates)",
        ]
        if let imagesPerTemplate { lines.append("  images in each  " + Self.text(imagesPerTemplate)) }
        if let mediaPerTemplate { lines.append("  media in each   " + Self.text(mediaPerTemplate)) }
        lines.append("media        \(media): \(videos) videos with \(videoFrames) frames; \(stills) stills")
        lines.append("comparisons  \(genuine + impostor): \(genuine) genuine, \(impostor) impostor")
        if folds > 0 { lines.append("folds        \(folds)") }
        switch (subjects, subjectOrigin) {
        case (let subjects?, .stated): lines.append("subjects     \(subjects), as the files state")
        case (let subjects?, _): lines.append("subjects     \(subjects), implied by the genuine comparisons")
        default: lines.append("subjects     unknown: neither stated nor implied")
        }
        for search in searches {
            lines.append(
                "search       \(search.name): \(search.gallery.count) templates, \(search.probes.count) probes"
            )
        }
        for defect in FaceImages.Defect.allCases {
            if let count = defects[defect] { lines.append("failing      \(count) images: \(defect.rawValue)") }
        }
        return lines
    }

    private static func text(_ distribution: Distribution) -> String {
        let mean = (distribution.mean * 100).rounded() / 100
        return "\(distribution.minimum) to \(distribution.maximum), median \(distribution.median), "
            + "90 % up to \(distribution.ninetiethPercentile), mean \(mean)"
    }
}

/// What `protocol describe --json` prints; what is not known is left out.
extension ProtocolDescription: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, images, landmarksPerFace, failing, templates, imagesPerTemplate, mediaPerTemplate, media, videos
        case videoFrames, stills, genuine, impostor, folds, subjects, subjectOrigin, searches
    }

    /// A search without its lists.
    private struct SearchSize: Encodable {
        let name: String
        let gallery: Int
        let probes: Int
    }

    /// Encodes sizes; a search is the sizes of its lists.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(name, forKey: .name)
        try object.encode(images, forKey: .images)
        try object.encode(landmarksPerFace, forKey: .landmarksPerFace)
        var failing = object.nestedContainer(keyedBy: FaceImages.Defect.self, forKey: .failing)
        for defect in FaceImages.Defect.allCases { try failing.encodeIfPresent(defects[defect], forKey: defect) }
        try object.encode(templates, forKey: .templates)
        try object.encodeIfPresent(imagesPerTemplate, forKey: .imagesPerTemplate)
        try object.encodeIfPresent(mediaPerTemplate, forKey: .mediaPerTemplate)
        try object.encode(media, forKey: .media)
        try object.encode(videos, forKey: .videos)
        try object.encode(videoFrames, forKey: .videoFrames)
        try object.encode(stills, forKey: .stills)
        try object.encode(genuine, forKey: .genuine)
        try object.encode(impostor, forKey: .impostor)
        try object.encode(folds, forKey: .folds)
        try object.encodeIfPresent(subjects, forKey: .subjects)
        try object.encodeIfPresent(subjectOrigin?.rawValue, forKey: .subjectOrigin)
        try object.encode(
            searches.map { SearchSize(name: $0.name, gallery: $0.gallery.count, probes: $0.probes.count) },
            forKey: .searches
        )
    }
}

extension FaceImages.Defect: CodingKey {}

/// Images grouped by template and medium.
private struct MediumGroups {
    var imagesPerTemplate: [Int] = []
    var mediaPerTemplate: [Int] = []
    var isVideo: [Bool]
    var videoFrames = 0

    init(_ value: VerificationProtocol) {
        isVideo = [Bool](repeating: false, count: value.mediumIDs.count)
        for template in 0..<value.templates.count {
            let images = value.templates.images(of: template)
            imagesPerTemplate.append(images.count)
            var media = 0
            var rest = images
            while let image = rest.first {
                let medium = value.images.media[Int(image)]
                let frames = rest.prefix { value.images.media[Int($0)] == medium }.count
                if frames > 1 {
                    isVideo[Int(medium)] = true
                    videoFrames += frames
                }
                media += 1
                rest = rest.dropFirst(frames)
            }
            mediaPerTemplate.append(media)
        }
    }
}
