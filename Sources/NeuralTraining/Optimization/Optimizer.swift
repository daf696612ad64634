public import ArtifactFiles

/// A rule that turns a gradient into a change of parameters.
///
/// State is kept by the caller as `slotCount` arrays beside each parameter, all zero before the first step, so that it is
/// saved and restored with everything else.
public protocol Optimizer: Sendable {
    /// The name that recipes use.
    var name: String { get }
    /// How many arrays of state stand beside a parameter.
    var slotCount: Int { get }

    /// Changes parameters in place.
    ///
    /// - Parameters:
    ///   - values: The parameters.
    ///   - gradient: The loss's gradient for each.
    ///   - slots: `slotCount` arrays as long as `values`.
    ///   - rate: The learning rate of this step.
    ///   - decay: The weight decay for these parameters; 0 for excluded ones.
    ///   - step: How many updates these parameters have had before, from 0.
    func update(
        _ values: UnsafeMutableBufferPointer<Float>,
        gradient: UnsafeBufferPointer<Float>,
        slots: [UnsafeMutableBufferPointer<Float>],
        rate: Float,
        decay: Float,
        step: Int
    )
}

/// Stochastic gradient descent with momentum, as `torch.optim.SGD` computes it.
///
/// g ← g + decay·w; v ← momentum·v + (1 − dampening)·g (v ← g at first); w ← w − rate·v, or with Nesterov's correction
/// w ← w − rate·(g + momentum·v). Dampening is not offered.
public struct SGD: Optimizer, Hashable {
    /// The share of the velocity that stays.
    public var momentum: Float
    /// Whether to look ahead.
    public var isNesterov: Bool

    /// Creates the rule; without momentum there is no state.
    public init(momentum: Float = 0.9, isNesterov: Bool = false) {
        self.momentum = momentum
        self.isNesterov = isNesterov
    }

    /// The name that recipes use.
    public var name: String { "sgd" }
    /// How many arrays of state stand beside a parameter.
    public var slotCount: Int { momentum == 0 ? 0 : 1 }

    /// Changes parameters in place; see ``Optimizer``.
    public func update(
        _ values: UnsafeMutableBufferPointer<Float>,
        gradient: UnsafeBufferPointer<Float>,
        slots: [UnsafeMutableBufferPointer<Float>],
        rate: Float,
        decay: Float,
        step: Int
    ) {
        precondition(gradient.count == values.count)
        guard let velocity = slots.first else {
            for index in values.indices { values[index] -= rate * (gradient[index] + decay * values[index]) }
            return
        }
        // Zero before the first step: momentum · 0 + g is PyTorch's first velocity too.
        for index in values.indices {
            let slope = gradient[index] + decay * values[index]
            let next = momentum * velocity[index] + slope
            velocity[index] = next
            values[index] -= rate * (isNesterov ? slope + momentum * next : next)
        }
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), as `torch.optim.AdamW` computes it.
public struct AdamW: Optimizer, Hashable {
    /// The share of the mean gradient that stays.
    public var beta1: Float
    /// The share of the mean squared gradient that stays.
    public var beta2: Float
    /// Added to the root.
    public var epsilon: Float

    /// Creates the rule; the defaults are PyTorch's.
    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    /// The name that recipes use.
    public var name: String { "adamw" }
    /// How many arrays of state stand beside a parameter.
    public var slotCount: Int { 2 }

    /// Changes parameters in place; see ``Optimizer``.
    public func update(
        _ values: UnsafeMutableBufferPointer<Float>,
        gradient: UnsafeBufferPointer<Float>,
        slots: [UnsafeMutableBufferPointer<Float>],
        rate: Float,
        decay: Float,
        step: Int
    ) {
        precondition(gradient.count == values.count && slots.count == 2)
        let (mean, square) = (slots[0], slots[1])
        let firstCorrection = Float(1 - Self.power(Double(beta1), step + 1))
        let secondCorrection = Float(1 - Self.power(Double(beta2), step + 1)).squareRoot()
        for index in values.indices {
            let slope = gradient[index]
            mean[index] = beta1 * mean[index] + (1 - beta1) * slope
            square[index] = beta2 * square[index] + (1 - beta2) * slope * slope
            let divisor = square[index].squareRoot() / secondCorrection + epsilon
            values[index] -= rate * (decay * values[index] + mean[index] / firstCorrection / divisor)
        }
    }

    /// By squaring: the same bits on every machine.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}

/// What recipes may say of the optimiser.
public struct OptimizerSettings: SettingsSection {
    /// `sgd` or `adamw`.
    public var kind: String
    /// SGD's momentum.
    public var momentum: Float?
    /// SGD with Nesterov's correction.
    public var nesterov: Bool?
    /// AdamW's shares.
    public var betas: [Float]?
    /// Weight decay of parameters that are not excluded.
    public var weightDecay: Double
    /// Groups of parameters without decay: `bias`, `normalization`, `prelu`, `head`.
    public var withoutDecay: [DecayGroup]
    /// The gradient's greatest Euclidean length over ``clipScope``; longer ones are scaled down.
    public var clipNorm: Double?
    /// What is measured and scaled where there is a ``clipNorm``.
    public var clipScope: ClipScope

    /// What a bound on the gradient's length covers.
    public enum ClipScope: String, Hashable, Sendable, Codable, CaseIterable {
        /// The network behind the embedding, without classifier and what a method trains, as the face field's codes:
        /// `clip_grad_norm_(backbone.parameters(), 5)` in InsightFace's train_v2.py, AdaDistill and QUD.
        case backbone
        /// Everything that is trained.
        case all
    }

    /// A group of parameters that weight decay may spare.
    public enum DecayGroup: String, Hashable, Sendable, Codable, CaseIterable {
        /// Biases of convolutions and fully connected layers.
        case bias
        /// Scales and shifts of normalisations.
        case normalization
        /// PReLU's slopes.
        case prelu
        /// The classifier.
        case head
    }

    /// The keys of a recipe.
    public enum CodingKeys: String, SettingsKey {
        case kind
        case momentum
        case nesterov
        case betas
        case weightDecay = "weight-decay"
        case withoutDecay = "without-decay"
        case clipNorm = "clip-norm"
        case clipScope = "clip-scope"

        /// What each is for.
        public var about: KeyDescription {
            let standard = OptimizerSettings()
            let share = KeyDescription.Kind.number(.from(0, below: 1))
            return switch self {
            case .kind: .init(.choice(OptimizerSettings.names), .standard(standard.kind), "The rule.", example: "adamw")
            case .momentum: .init(share, .without("0.9 for sgd"), "SGD's momentum.", example: "0.95")
            case .nesterov: .init(.flag, .without("false for sgd"), "SGD with Nesterov's correction.", example: "true")
            case .betas:
                .init(
                    .list(share, count: 2),
                    .without("[0.9, 0.999] for adamw"),
                    "AdamW's shares of the moments before.",
                    example: "[0.9, 0.98]"
                )
            case .weightDecay:
                .init(
                    .number(.atLeast(0)),
                    .standard(standard.weightDecay),
                    "Weight decay of parameters that are not excluded; frozen ones never decay.",
                    example: "0.0001"
                )
            case .withoutDecay:
                .init(
                    .list(.choice(DecayGroup.self)),
                    .written("[]"),
                    "Groups of parameters that do not decay.",
                    example: "[bias, normalization]"
                )
            case .clipNorm:
                .init(
                    .number(.above(0)),
                    .without("gradients are not clipped"),
                    "The gradient's greatest Euclidean length; longer ones are scaled down.",
                    example: "5"
                )
            case .clipScope:
                .init(
                    .choice(ClipScope.self),
                    .standard(standard.clipScope),
                    "What is measured and scaled where there is a `clip-norm`.",
                    example: "all"
                )
            }
        }
    }

    /// Creates settings; the default is SGD with momentum 0.9 and decay 5e-4, as InsightFace trains.
    public init(
        kind: String = "sgd",
        momentum: Float? = nil,
        nesterov: Bool? = nil,
        betas: [Float]? = nil,
        weightDecay: Double = 5e-4,
        withoutDecay: [DecayGroup] = [],
        clipNorm: Double? = nil,
        clipScope: ClipScope = .backbone
    ) {
        self.kind = kind
        self.momentum = momentum
        self.nesterov = nesterov
        self.betas = betas
        self.weightDecay = weightDecay
        self.withoutDecay = withoutDecay
        self.clipNorm = clipNorm
        self.clipScope = clipScope
    }

    /// Writes down what the rule has by default, and refuses what it does not have.
    public mutating func complete() throws(InputError) {
        _ = try optimizer()
        switch kind {
        case "sgd":
            momentum = momentum ?? Self.standardMomentum
            nesterov = nesterov ?? false
        case "adamw": betas = betas ?? Self.standardBetas
        default: break
        }
    }

    private static let standardMomentum: Float = 0.9
    private static let standardBetas: [Float] = [0.9, 0.999]

    private typealias Maker = @Sendable (OptimizerSettings) throws(InputError) -> any Optimizer

    /// One line each.
    private static let makers: [(name: String, make: Maker)] = [
        ("sgd", { settings throws(InputError) in try settings.sgd() }),
        ("adamw", { settings throws(InputError) in try settings.adamW() }),
    ]

    /// The names of all rules.
    public static var names: [String] { makers.map(\.name) }

    /// The rule.
    ///
    /// - Throws: `InputError`: `unknownName`, or `usage` for a setting out of range or one that the rule does not have.
    public func optimizer() throws(InputError) -> any Optimizer {
        guard weightDecay >= 0, weightDecay.isFinite, clipNorm.map({ $0 > 0 && $0.isFinite }) ?? true else {
            throw InputError(.usage, "weight-decay or clip-norm is out of range", place: "optimizer")
        }
        guard let maker = Self.makers.first(where: { $0.name == kind }) else {
            throw .unknownName(kind, kind: "optimizer", known: Self.names)
        }
        return try maker.make(self)
    }

    private func sgd() throws(InputError) -> any Optimizer {
        guard betas == nil else { throw InputError(.usage, "sgd has no betas", place: "optimizer") }
        let momentum = momentum ?? Self.standardMomentum
        guard (0..<1).contains(momentum) else {
            throw InputError(
                .usage,
                "momentum is out of range",
                place: "optimizer",
                expected: "0 ..< 1",
                found: "\(momentum)"
            )
        }
        return SGD(momentum: momentum, isNesterov: nesterov ?? false)
    }

    private func adamW() throws(InputError) -> any Optimizer {
        guard momentum == nil, nesterov == nil else {
            throw InputError(.usage, "adamw has no momentum", place: "optimizer", expected: "betas: [0.9, 0.999]")
        }
        let betas = betas ?? Self.standardBetas
        guard betas.count == 2, betas.allSatisfy({ (0..<1).contains($0) }) else {
            throw InputError(
                .usage,
                "betas are out of range",
                place: "optimizer",
                expected: "two in 0 ..< 1",
                found: "\(betas)"
            )
        }
        return AdamW(beta1: betas[0], beta2: betas[1])
    }
}
