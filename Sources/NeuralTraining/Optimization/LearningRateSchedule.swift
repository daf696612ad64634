public import ArtifactFiles
internal import Foundation

/// The learning rate of every step.
public struct LearningRateSchedule: Hashable, Sendable, Codable {
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
    /// The rate at its highest.
    public var rate: Double
    /// Epochs of linear warm-up from 0; the first step already has a positive rate.
    public var warmUpEpochs: Double
    /// The polynomial's power.
    public var power: Double
    /// Epochs after which `step` multiplies by ``factor``.
    public var milestones: [Double]
    /// `step`'s factor.
    public var factor: Double

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case kind
        case rate
        case warmUpEpochs = "warm-up-epochs"
        case power
        case milestones
        case factor
    }

    /// Creates a schedule; the default is polynomial with power 2, as `PolyScheduler`, without a warm-up.
    public init(
        kind: Kind = .polynomial,
        rate: Double = 0.1,
        warmUpEpochs: Double = 0,
        power: Double = 2,
        milestones: [Double] = [],
        factor: Double = 0.1
    ) {
        self.kind = kind
        self.rate = rate
        self.warmUpEpochs = warmUpEpochs
        self.power = power
        self.milestones = milestones
        self.factor = factor
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            kind: values.decodeIfPresent(Kind.self, forKey: .kind) ?? .polynomial,
            rate: values.decode(Double.self, forKey: .rate),
            warmUpEpochs: values.decodeIfPresent(Double.self, forKey: .warmUpEpochs) ?? 0,
            power: values.decodeIfPresent(Double.self, forKey: .power) ?? 2,
            milestones: values.decodeIfPresent([Double].self, forKey: .milestones) ?? [],
            factor: values.decodeIfPresent(Double.self, forKey: .factor) ?? 0.1
        )
        try validate()
    }

    /// Checks ranges.
    ///
    /// - Throws: `InputError` (`usage`) naming the setting.
    public func validate() throws(InputError) {
        func check(_ isFine: Bool, _ key: CodingKeys, _ expected: String) throws(InputError) {
            guard isFine else {
                throw InputError(.usage, "\(key.rawValue) is out of range", place: "schedule", expected: expected)
            }
        }
        try check(rate > 0 && rate < 1e3, .rate, "above 0")
        try check(warmUpEpochs >= 0 && warmUpEpochs.isFinite, .warmUpEpochs, "0 or more")
        try check(power > 0 && power <= 16, .power, "above 0")
        try check(factor > 0 && factor <= 1, .factor, "0 … 1")
        let isAscending = zip(milestones, milestones.dropFirst()).allSatisfy { $0 < $1 }
        try check(isAscending && milestones.allSatisfy { $0 > 0 }, .milestones, "ascending epochs")
        try check(kind != .step || !milestones.isEmpty, .milestones, "at least one for 'step'")
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
