/// How image embeddings become templates: the choices that protocols leave open and that change the numbers.
public struct EvaluationPolicy: Hashable, Sendable, Codable {
    /// What is done with the embedding of the mirrored face.
    public enum Flip: String, Hashable, Sendable, Codable, CaseIterable {
        /// The sum of both embeddings (InsightFace F2).
        case sum
        /// Both embeddings end to end (InsightFace F1).
        case concat
        /// The upright face alone (InsightFace F0).
        case off
    }

    /// What is done with the length of an image's embedding.
    public enum Norm: String, Hashable, Sendable, Codable, CaseIterable {
        /// It stays, as a measure of quality (InsightFace N1; Keras_insightface calls this N0).
        case keep
        /// Every embedding is made a unit vector first (InsightFace N0).
        case unit
    }

    /// Whether the detector's confidence weighs an image.
    public enum DetectorScore: String, Hashable, Sendable, Codable, CaseIterable {
        /// It does (InsightFace D1).
        case on
        /// It does not (InsightFace D0).
        case off
    }

    /// How a template's images are brought together.
    public enum Aggregation: String, Hashable, Sendable, Codable, CaseIterable {
        /// The mean within each medium, the sum over media, a unit vector.
        case mediaMean = "media-mean"
        /// The sum over all images, a unit vector: media are not told apart.
        case imageSum = "image-sum"
    }

    /// What happens to comparisons of templates without a single embedded image.
    public enum Failures: String, Hashable, Sendable, Codable, CaseIterable {
        /// They count as rejected.
        case reject
        /// They are left out, and the report says so.
        case exclude
    }

    /// The mirrored face.
    public var flip: Flip
    /// The embedding's length.
    public var norm: Norm
    /// The detector's confidence.
    public var detectorScore: DetectorScore
    /// From images to templates.
    public var aggregate: Aggregation
    /// Templates without an embedding.
    public var failures: Failures

    /// Creates a policy; the defaults are the common IJB-C setting.
    public init(
        flip: Flip = .sum,
        norm: Norm = .keep,
        detectorScore: DetectorScore = .on,
        aggregate: Aggregation = .mediaMean,
        failures: Failures = .reject
    ) {
        self.flip = flip
        self.norm = norm
        self.detectorScore = detectorScore
        self.aggregate = aggregate
        self.failures = failures
    }

    /// The eight combinations of flip (sum, off), norm and detector score that papers report; the default first.
    public static let commonModes: [EvaluationPolicy] = Norm.allCases.flatMap { norm in
        DetectorScore.allCases.flatMap { detector in
            [Flip.sum, .off].map { EvaluationPolicy(flip: $0, norm: norm, detectorScore: detector) }
        }
    }

    /// `norm=keep detector=on flip=sum`.
    public var label: String { "norm=\(norm.rawValue) detector=\(detectorScore.rawValue) flip=\(flip.rawValue)" }
}
