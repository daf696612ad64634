public import ArtifactFiles
public import NeuralTraining

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `cckd`: the correlations among a batch's samples, through a Gaussian kernel.
///
/// Peng et al., *Correlation Congruence for Knowledge Distillation*, arXiv 1904.01802, equations 6 and 11, as `CC` in
/// addition_module/face_lightning/KDF/loss/cc.py of JDAI-CV/FaceX-Zoo: the kernel exp(−γ‖f̂_i − f̂_j‖²) by its Taylor series
/// up to order P, Σ_p e^(−2γ) (2γ)^p / p! (f̂_i·f̂_j)^p with γ = 0.4 and P = 2; the mean over B² entries of the squared
/// difference of student's and teacher's. Lengths may differ.
///
/// Divergences: the paper's instance congruence (`kd` for classes, an L2 distance for faces) and its weights (0.003 here) are
/// the recipe's. RepDistiller's `Correlation`, after code of the authors, is another loss: products of the differences of
/// neighbouring samples behind linear maps.
public final class CorrelationCongruence: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// γ.
        public var gamma: Float
        /// P.
        public var order: Int

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case gamma
            case order

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .gamma:
                    .init(.number(.above(0)), .standard(Settings().gamma), "γ of the Gaussian kernel.", example: "0.5")
                case .order:
                    .init(
                        .integer(.within(1...20)),
                        .standard(Settings().order),
                        "Terms of the kernel's Taylor series.",
                        example: "3"
                    )
                }
            }
        }

        /// The paper's.
        public init(gamma: Float = 0.4, order: Int = 2) {
            self.gamma = gamma
            self.order = order
        }
    }

    /// The name in recipes.
    public static let name = "cckd"
    /// The factors of the similarities' powers from 0 to P.
    private let coefficients: [Float]

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.gamma > 0, "gamma", expected: "above 0", found: settings.gamma)
        try Self.require((1...20).contains(settings.order), "order", expected: "1 … 20", found: settings.order)
        let gamma = Double(settings.gamma)
        var term = exp(-2 * gamma)
        coefficients = (0...settings.order)
            .map { power in
                if power > 0 { term *= 2 * gamma / Double(power) }
                return Float(term)
            }
    }

    /// The teacher's embeddings, of any length.
    public var needs: DistillationNeeds { .teacherEmbeddings }

    /// `cckd`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let difference = kernel(context.embeddings) - kernel(context.teacherEmbeddings)
        return [LossTerm(Self.name, difference.squared.mean)]
    }

    /// `[batch, batch]`, by Horner's rule.
    private func kernel(_ embeddings: TapeValue) -> TapeValue {
        let unit = embeddings.normalizedRows()
        let similarities = unit.times(transposed: unit)
        var sum = (coefficients.last ?? 0) * similarities
        for coefficient in coefficients.dropLast().dropFirst().reversed() {
            sum = (sum + coefficient) * similarities
        }
        return sum + coefficients[0]
    }
}
