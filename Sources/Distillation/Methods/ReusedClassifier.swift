public import ArtifactFiles
internal import NeuralGraph
public import NeuralTraining

/// `simkd`: the teacher's features, behind a projector that stays, so that the teacher's classifier serves the student.
///
/// Chen et al., *Knowledge Distillation with the Reused Teacher Classifier*, arXiv 2203.14001, equation 4, as `-d 0 -c 0 -b 1`
/// of DefangChen/SimKD: the mean squared difference of projected and teacher's features, and nothing else. The projector is
/// the network's (`network.projector` in a recipe): it is trained with it, saved, evaluated and exported with it, and the
/// embedding that is deployed is the projected one. The teacher's classifier becomes the student's, frozen, where the recipe
/// names no other (`head.start-from`); verification needs none.
///
/// With `features: taps` the last feature maps are compared, as published, behind `projector: {behind: features}`; a
/// teacher's map that is larger is first averaged down to the student's extent (`adaptive_avg_pool2d`). Without a projector
/// it is the plain squared error of embeddings of one length, the "feature MSE" of published tables.
///
/// Divergences: the default compares embeddings, since a face network has layers of its own between its last feature map and
/// the embedding, which would have to be reused as well; a student's map that is larger than the teacher's is refused (it is
/// averaged before the projector in the published code).
public final class ReusedClassifier: DistillationMethod {
    /// What a recipe may say.
    public typealias Settings = SimilarityPreserving.Settings

    /// The name in recipes.
    public static let name = "simkd"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        self.settings = settings
        guard settings.features == .taps, let student = problem.studentTaps.last, let teacher = problem.teacherTaps.last
        else { return }
        let (s, t) = (student.extent, teacher.extent)
        guard student.channels == teacher.channels, s.height <= t.height, s.width <= t.width else {
            throw InputError(
                .mismatch,
                "the student's last feature map does not fit the teacher's",
                place: "method '\(Self.name)'",
                expected:
                    "\(teacher.channels) channels (network.projector: {length: \(teacher.channels), behind: features}), "
                    + "no larger than \(teacher)",
                found: "\(student)"
            )
        }
    }

    /// Feature maps, or embeddings of one length.
    public var needs: DistillationNeeds {
        settings.features == .taps ? .featureTaps : [.teacherEmbeddings, .equalDimensions]
    }
    /// True.
    public var replacesClassificationLoss: Bool { true }
    /// True.
    public var reusesTeacherClassifier: Bool { true }

    /// `simkd`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        var (student, teacher) = (context.embeddings, context.teacherEmbeddings)
        if settings.features == .taps, let own = context.studentTaps.last, let other = context.teacherTaps.last {
            (student, teacher) = (own.value, other.averaged(to: own.shape.extent))
        }
        return [LossTerm(Self.name, (student - teacher).squared.mean)]
    }
}
