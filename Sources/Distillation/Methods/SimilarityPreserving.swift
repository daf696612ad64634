public import ArtifactFiles
public import NeuralTraining

/// `sp`: the batch's matrix of similarities.
///
/// Tung and Mori, *Similarity-Preserving Knowledge Distillation*, arXiv 1907.09682, equations 1 to 4, as RepDistiller's
/// `Similarity`: ‖rownorm(F_t F_tᵀ) − rownorm(F_s F_sᵀ)‖² / B².
///
/// Features are embeddings, or with `features: taps` the feature maps (RepDistiller takes the last one before pooling),
/// one term each. Lengths may differ.
public final class SimilarityPreserving: DistillationMethod {
    /// What is compared.
    public enum Features: String, Codable, Hashable, Sendable, CaseIterable {
        /// Embeddings.
        case embeddings
        /// Feature maps.
        case taps
    }

    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// What is compared.
        public var features: Features

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case features

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .features:
                    .init(.choice(Features.self), .standard(Settings().features), "What is compared.", example: "taps")
                }
            }
        }

        /// Embeddings.
        public init(features: Features = .embeddings) { self.features = features }
    }

    /// The name in recipes.
    public static let name = "sp"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) { self.settings = settings }

    /// The teacher's features of the kind asked for.
    public var needs: DistillationNeeds { settings.features == .taps ? .featureTaps : .teacherEmbeddings }

    /// `sp`, or `sp.0`, `sp.1` and so on for feature maps.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        guard settings.features == .taps else {
            return [LossTerm("sp", Self.loss(context.embeddings, context.teacherEmbeddings))]
        }
        return zip(context.studentTaps, context.teacherTaps).enumerated()
            .map { LossTerm("sp.\($0)", Self.loss($1.0.value, $1.1.value)) }
    }

    private static func loss(_ student: TapeValue, _ teacher: TapeValue) -> TapeValue {
        let difference = similarities(teacher) - similarities(student)
        return difference.squared.sum / Float(student.rows * student.rows)
    }

    private static func similarities(_ features: TapeValue) -> TapeValue {
        features.times(transposed: features).normalizedRows()
    }
}
