public import ArtifactFiles
internal import Foundation

/// The learning rate of every step.
public struct LearningRateSchedule: SettingsSection {
    /// How the rate falls after the warm-up.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// It stays.
        case constant
        /// rate · (1 − progress)^power.
        ///
        /// InsightFace's recognition/arcface_torch/lr_scheduler.py: power 2 in `PolyScheduler`, until April 2023; since then
        /// `PolynomialLRWarmup`, whose power train_v2.py leaves at 1.
        case polynomial
        /// rate · factor^(milestones passed).
        case step
        /// rate · ½(1 + cos(π · progress)).
        case cosine
    }

    /// How the rate falls.
    public var kind: Kind
    /// The rate at its highest, for ``referenceBatch`` samples of a step.
    public var rate: Double
    /// The samples of a step that ``rate`` is meant for; the run's own if nil.
    public var referenceBatch: Int?
    /// Epochs of linear warm-up from 0; the first step already has a positive rate.
    public var warmUpEpochs: Double
    /// The polynomial's power.
    public var power: Double
    /// Epochs after which `step` multiplies by ``factor``.
    public var milestones: [Double]
    /// `step`'s factor.
    public var factor: Double

    /// The keys of a recipe.
    public enum CodingKeys: String, SettingsKey {
        case kind
        case rate
        case referenceBatch = "reference-batch"
        case warmUpEpochs = "warm-up-epochs"
        case power
        case milestones
        case factor

        /// What each is for.
        public var about: KeyDescription {
            let standard = LearningRateSchedule()
            return switch self {
            case .kind: .init(.choice(Kind.self), .standard(standard.kind), "How the rate falls.", example: "step")
            case .rate:
                .init(
                    .number(.between(0, 1000)),
                    .required,
                    "The learning rate at its highest, for a step of `reference-batch` samples.",
                    example: "0.1"
                )
            case .referenceBatch:
                .init(
                    .integer(.within(1...1_048_576)),
                    .without("the rate is meant for the recipe's own batch"),
                    "The batch that `rate` is meant for: the run's rate is `rate` times its batch divided by this one.",
                    example: "1024"
                )
            case .warmUpEpochs:
                .init(
                    .number(.atLeast(0)),
                    .standard(standard.warmUpEpochs),
                    "Epochs in which the rate rises linearly from 0.",
                    example: "2"
                )
            case .power:
                .init(
                    .number(.above(0, upTo: 16)),
                    .standard(standard.power),
                    "The power of `polynomial`: rate · (1 − progress)^power.",
                    example: "1"
                )
            case .milestones:
                .init(
                    .list(.number(.above(0))),
                    .written("[]"),
                    "Epochs, ascending, after which `step` multiplies the rate by `factor`.",
                    example: "[10, 18, 22]"
                )
            case .factor:
                .init(
                    .number(.above(0, upTo: 1)),
                    .standard(standard.factor),
                    "What `step` multiplies by.",
                    example: "0.2"
                )
            }
        }
    }

    /// Creates a schedule; the default is polynomial with power 2, as `PolyScheduler`, without a warm-up.
    public init(
        kind: Kind = .polynomial,
        rate: Double = 0.1,
        referenceBatch: Int? = nil,
        warmUpEpochs: Double = 0,
        power: Double = 2,
        milestones: [Double] = [],
        factor: Double = 0.1
    ) {
        self.kind = kind
        self.rate = rate
        self.referenceBatch = referenceBatch
        self.warmUpEpochs = warmUpEpochs
        self.power = power
        self.milestones = milestones
        self.factor = factor
    }

    /// Checks the milestones.
    public mutating func complete() throws(InputError) {
        guard zip(milestones, milestones.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw InputError(.usage, "milestones do not ascend", found: "\(milestones)")
        }
        guard kind != .step || !milestones.isEmpty else {
            throw InputError(.missing, "the schedule 'step' has no milestones", expected: "milestones: [10, 18, 22]")
        }
    }

    /// The schedule of a run with batches of its own size: the rate grows with the batch (Goyal et al., arXiv 1706.02677,
    /// section 2.1), so that a sample counts as much as with ``referenceBatch``.
    public func scaled(toBatch batch: Int) -> LearningRateSchedule {
        var scaled = self
        scaled.rate = rate * Double(batch) / Double(referenceBatch ?? batch)
        scaled.referenceBatch = batch
        return scaled
    }

    /// The rate of a step.
    ///
    /// - Parameters:
    ///   - step: From 0.
    ///   - total: Steps in all.
    ///   - stepsPerEpoch: Steps of an epoch.
    /// - Returns: The rate; in the warm-up rate · (step + 1) / (warm-up steps). Divergence: InsightFace's schedulers give
    ///   step i of the warm-up i in place of i + 1, and its very first step the full rate (`PolynomialLRWarmup`) or
    ///   none (`PolyScheduler`).
    public func rate(at step: Int, of total: Int, stepsPerEpoch: Double) -> Double {
        let warmUp = min(Double(total), (warmUpEpochs * stepsPerEpoch).rounded())
        if Double(step) < warmUp { return rate * Double(step + 1) / warmUp }
        let progress = (Double(step) - warmUp) / max(1, Double(total) - warmUp)
        switch kind {
        case .constant: return rate
        case .polynomial: return rate * pow(max(0, 1 - progress), power)
        case .cosine: return rate * 0.5 * (1 + cos(Double.pi * min(1, progress)))
        case .step:
            let passed = milestones.count { Double(step) >= ($0 * stepsPerEpoch).rounded() }
            return rate * pow(factor, Double(passed))
        }
    }
}
