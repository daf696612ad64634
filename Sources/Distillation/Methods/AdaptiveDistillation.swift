public import ArtifactFiles
public import NeuralGraph
public import NeuralTraining
internal import SeededRandom

/// `adadistill`: a margin loss against class centres that follow the teacher's embeddings.
///
/// Boutros, Štruc and Damer, *AdaDistill: Adaptive Knowledge Distillation for Deep Face Recognition*, arXiv 2407.01332,
/// as in `AdaptiveAArcFace` / `AdaptiveACosFace` in utils/losses.py of fdbtrs/AdaDistill. Before the logits, for each face:
/// w_y ← α'w_y + (1 − α')f̂_t with α' = clip(cos(f_s, f_t) · clip(cos(w_y, f_t), 1e-6, 1), 1e-6, 1). Centres begin as
/// normal numbers with standard deviation 0.01, and get no gradient and no weight decay. It stands in place of the student's
/// own classification loss.
///
/// Order for repeated labels: faces are taken in the order of the batch, and each sees the centre that the one before it
/// left. Divergence: the published code computes all updates from the old centre and keeps whichever is written last.
public final class AdaptiveDistillation: DistillationMethod {
    /// What a recipe may say.
    public typealias Settings = FrozenMarginSettings

    /// The name in recipes.
    public static let name = "adadistill"
    private static let centresKey = "adadistill.centres"
    private let settings: Settings
    private let shape: [Int]
    // Memory that does not move: the tape reads it where it is until the step is over.
    private let centres: UnsafeMutableBufferPointer<Float>

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(
            settings.loss == .arcFace || settings.loss == .cosFace,
            "loss",
            expected: "arcface or cosface",
            found: settings.loss.rawValue
        )
        try Self.require(settings.scale > 0, "scale", expected: "above 0", found: settings.scale)
        self.settings = settings
        shape = [problem.classCount, problem.teacherDimensions]
        centres = .allocate(capacity: problem.classCount * problem.teacherDimensions)
        var generator = SeededGenerator(seed: problem.seed, stream: 0x4164_61)
        for index in centres.indices { centres.initializeElement(at: index, to: Float(0.01 * generator.normal())) }
    }

    deinit { centres.deallocate() }

    /// Embeddings of one length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .equalDimensions] }
    /// True.
    public var replacesClassificationLoss: Bool { true }
    /// The centres, `[classes, dimensions]`.
    public var state: [String: Tensor] { [Self.centresKey: Tensor(shape: shape, values: Array(centres))] }

    /// Puts the centres back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        let saved = try Self.saved(Self.centresKey, shape: shape, in: state)
        _ = centres.update(from: saved)
    }

    /// `adadistill`; moves the centres of the batch's classes first.
    public func terms(_ context: DistillationContext) throws(InputError) -> [LossTerm] {
        moveCentres(context)
        let weights = context.tape.constant(
            borrowing: UnsafeBufferPointer(centres),
            rows: shape[0],
            columns: shape[1],
            keeper: self
        )
        let head = ClassifierHead(kind: settings.kind, weights: weights)
        let value = settings.marginLoss.loss(head.responses(to: context.embeddings), head: head, labels: context.labels)
        return [LossTerm(Self.name, value)]
    }

    private func moveCentres(_ context: DistillationContext) {
        let teacher = context.teacherEmbeddings.normalizedRows().matrix
        let student = context.embeddings.detached.normalizedRows().matrix
        for (face, label) in context.labels.enumerated() {
            let (f, t) = (student.row(face), teacher.row(face))
            let centre = UnsafeMutableBufferPointer(rebasing: centres[label * shape[1]..<(label + 1) * shape[1]])
            let agreement = Self.dot(f, t)
            let norm = Self.dot(centre, centre).squareRoot()
            let nearness = min(max(Self.dot(centre, t) / max(norm, 1e-8), 1e-6), 1)
            let keep = Float(min(max(min(max(agreement, -1), 1) * nearness, 1e-6), 1))
            for (index, value) in t.enumerated() { centre[index] = keep * centre[index] + (1 - keep) * value }
        }
    }

    private static func dot(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Double {
        zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
}
