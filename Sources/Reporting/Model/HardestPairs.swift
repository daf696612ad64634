/// The comparisons that the system gets most wrong, described: where label and alignment errors show first.
///
/// `VerificationMetrics.HardestComparisons` finds their places; the caller knows their names and pictures.
public struct HardestPairs: Codable, Hashable, Sendable {
    /// One side of a comparison.
    public struct Side: Codable, Hashable, Sendable {
        /// The template's name or number in the protocol.
        public var template: String
        /// Its subject, where known.
        public var subject: String?
        /// Names of its images; the first few when there are many.
        public var images: [String]
        /// How many images it has.
        public var imageCount: Int?
        /// The name of a picture of an aligned face, in the run's `pictures` folder.
        public var picture: String?

        /// Describes a template.
        public init(
            template: String,
            subject: String? = nil,
            images: [String],
            imageCount: Int? = nil,
            picture: String? = nil
        ) {
            self.template = template
            self.subject = subject
            self.images = images
            self.imageCount = imageCount
            self.picture = picture
        }
    }

    /// A comparison and its score.
    public struct Comparison: Codable, Hashable, Sendable {
        /// Its place in the protocol, counted from 0.
        public var comparison: Int
        /// Its score.
        public var score: Double
        /// The first template.
        public var first: Side
        /// The second template.
        public var second: Side

        /// Describes a comparison.
        public init(comparison: Int, score: Double, first: Side, second: Side) {
            self.comparison = comparison
            self.score = score
            self.first = first
            self.second = second
        }
    }

    /// Impostors with the highest scores, the highest first.
    public var impostor: [Comparison]
    /// Genuines with the lowest scores, the lowest first; failures to enrol are not among them.
    public var genuine: [Comparison]

    /// Wraps comparisons.
    public init(impostor: [Comparison], genuine: [Comparison]) {
        self.impostor = impostor
        self.genuine = genuine
    }
}

/// A picture of an aligned face on the contact sheet.
public struct PicturedFace: Codable, Hashable, Sendable {
    /// The image's name.
    public var image: String
    /// Its template, where known.
    public var template: String?
    /// The name of the picture in the run's `pictures` folder.
    public var picture: String

    /// Names a picture.
    public init(image: String, template: String? = nil, picture: String) {
        self.image = image
        self.template = template
        self.picture = picture
    }
}
