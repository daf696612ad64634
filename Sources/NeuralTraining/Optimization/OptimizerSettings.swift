public import ArtifactFiles
public import NeuralCompute

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
        _ = try rule()
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

    private typealias Maker = @Sendable (OptimizerSettings) throws(InputError) -> UpdateRule

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
    public func rule() throws(InputError) -> UpdateRule {
        guard weightDecay >= 0, weightDecay.isFinite, clipNorm.map({ $0 > 0 && $0.isFinite }) ?? true else {
            throw InputError(.usage, "weight-decay or clip-norm is out of range", place: "optimizer")
        }
        guard let maker = Self.makers.first(where: { $0.name == kind }) else {
            throw .unknownName(kind, kind: "optimizer", known: Self.names)
        }
        return try maker.make(self)
    }

    private func sgd() throws(InputError) -> UpdateRule {
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
        return .sgd(momentum: momentum, nesterov: nesterov ?? false)
    }

    private func adamW() throws(InputError) -> UpdateRule {
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
        return .adamW(beta1: betas[0], beta2: betas[1], epsilon: 1e-8)
    }
}
