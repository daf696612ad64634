public import ArtifactFiles
internal import NeuralCompute
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
    /// `[classes, dimensions]`.
    private let centres: RowMemory

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
        var generator = SeededGenerator(seed: problem.seed, stream: 0x4164_61)
        let (rows, columns) = (problem.classCount, problem.teacherDimensions)
        let elements = (0..<rows * columns).map { _ in Float(0.01 * generator.normal()) }
        centres = RowMemory(Matrix(rows: rows, columns: columns, elements: elements))
    }

    /// Embeddings of one length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .equalDimensions] }
    /// True.
    public var replacesClassificationLoss: Bool { true }
    /// The centres, `[classes, dimensions]`.
    public var state: [String: Tensor] { [Self.centresKey: centres.tensor] }

    /// Puts the centres back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        centres.restore(try Self.saved(Self.centresKey, shape: centres.shape, in: state))
    }

    /// `adadistill`; moves the centres of the batch's classes first.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        moveCentres(context)
        let weights = context.tape.constant(centres.placed(on: context.tape.device))
        let head = ClassifierHead(kind: settings.kind, weights: weights)
        let logits = head.unscaledLogits(of: context.embeddings)
        return [LossTerm(Self.name, settings.marginLoss.loss(logits, head: head, labels: context.labels))]
    }

    private func moveCentres(_ context: LossContext) {
        let teacher = context.teacherEmbeddings.normalizedRows().matrix
        let student = context.embeddings.detached.normalizedRows().matrix
        centres.update(context.labels, on: context.tape.device) { position, centre in
            let (f, t) = (student.row(position), teacher.row(position))
            let agreement = Self.dot(f, t)
            let norm = Self.dot(centre, centre).squareRoot()
            let nearness = min(max(Self.dot(centre, t) / max(norm, 1e-8), 1e-6), 1)
            let keep = Float(min(max(min(max(agreement, -1), 1) * nearness, 1e-6), 1))
            return zip(centre, t).map { keep * $0 + (1 - keep) * $1 }
        }
    }

    private static func dot(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Double {
        zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
}
