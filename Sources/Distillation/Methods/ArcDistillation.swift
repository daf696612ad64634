public import ArtifactFiles
public import NeuralTraining

/// `arc-distill`: a margin loss of the student's embeddings against the teacher's frozen class centres only.
///
/// The ArcDistill that Boutros, Štruc and Damer, *AdaDistill*, arXiv 2407.01332, compare with, as train_AMLDistill.py
/// of fdbtrs/AdaDistill: centres are the teacher's and never move. It stands in place of the student's own classification
/// loss. A teacher whose classifier is linear is refused: its bias and the lengths of its weights would be lost.
public final class ArcDistillation: DistillationMethod {
    /// What a recipe may say.
    public typealias Settings = FrozenMarginSettings

    /// The name in recipes.
    public static let name = "arc-distill"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(
            settings.loss != .softmax,
            "loss",
            expected: "a loss of cosines",
            found: settings.loss.rawValue
        )
        try Self.require(settings.scale > 0, "scale", expected: "above 0", found: settings.scale)
        try problem.requireCentres(of: Self.name)
        self.settings = settings
    }

    /// The teacher's classifier, on embeddings of its length.
    public var needs: DistillationNeeds { [.teacherClassifier, .equalDimensions] }
    /// True.
    public var replacesClassificationLoss: Bool { true }

    /// `arc-distill`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let centres = ClassifierHead(kind: settings.kind, weights: try context.teacherClassifier().weights)
        let cosines = centres.unscaledLogits(of: context.embeddings)
        return [LossTerm(Self.name, settings.marginLoss.loss(cosines, head: centres, labels: context.headLabels))]
    }
}
