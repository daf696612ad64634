public import ArtifactFiles
internal import NeuralCompute
public import NeuralGraph
public import NeuralTraining

/// `ekd`: where pairs of the batch stand among thresholds of fixed false accept rates.
///
/// Huang et al., *Evaluation-Oriented Knowledge Distillation for Deep Face Recognition*, CVPR 2022, as `EKD` in
/// recognition/tasks/ekd/distillation/ekd.py of Tencent/TFace. The anchors are the similarities of impostor pairs at ranks
/// n / 10 … n / 1,000,000 of the batch's, for student and teacher, averaged over steps with momentum 0.01 from 0. A pair's
/// soft rank is Σ over anchors of sigmoid((cos − anchor) / 0.01); the loss is the mean squared difference of student's and
/// teacher's over genuine pairs (weight 0.02) and over the 2,000 impostor pairs that the student finds hardest (0.01).
///
/// A batch needs several faces of one class to have genuine pairs. Divergences: without pairs of a kind the term is 0 (NaN
/// in the published code); pairs of equal similarity keep the order of the batch; the sigmoid is not clamped at ±50.
public final class EvaluationOrientedDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// How many of the hardest impostor pairs take part.
        public var hardest: Int
        /// The width of the soft comparison.
        public var temperature: Float
        /// The weight of a step in the anchors.
        public var momentum: Float
        /// The factor of genuine pairs.
        public var genuineWeight: Float
        /// The factor of impostor pairs.
        public var impostorWeight: Float

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case hardest
            case temperature
            case momentum
            case genuineWeight = "genuine-weight"
            case impostorWeight = "impostor-weight"

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .hardest:
                    .init(
                        .integer(.atLeast(0)),
                        .standard(Settings().hardest),
                        "How many of the hardest impostor pairs take part.",
                        example: "1000"
                    )
                case .temperature:
                    .init(
                        .number(.above(0)),
                        .standard(Settings().temperature),
                        "The width of the soft comparison with the anchors.",
                        example: "0.02"
                    )
                case .momentum:
                    .init(
                        .number(.within(0...1)),
                        .standard(Settings().momentum),
                        "The weight of a step in the anchors.",
                        example: "0.1"
                    )
                case .genuineWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().genuineWeight),
                        "The factor of genuine pairs.",
                        example: "0.05"
                    )
                case .impostorWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().impostorWeight),
                        "The factor of impostor pairs.",
                        example: "0.05"
                    )
                }
            }
        }

        /// The published code's.
        public init(
            hardest: Int = 2000,
            temperature: Float = 0.01,
            momentum: Float = 0.01,
            genuineWeight: Float = 0.02,
            impostorWeight: Float = 0.01
        ) {
            self.hardest = hardest
            self.temperature = temperature
            self.momentum = momentum
            self.genuineWeight = genuineWeight
            self.impostorWeight = impostorWeight
        }
    }

    private typealias Pair = (row: Int, column: Int)

    /// The name in recipes.
    public static let name = "ekd"
    private static let ranks = [10, 100, 1000, 10000, 100_000, 1_000_000]
    private static let studentKey = "ekd.student-anchors"
    private static let teacherKey = "ekd.teacher-anchors"
    private let settings: Settings
    private var studentAnchors = [Float](repeating: 0, count: ranks.count)
    private var teacherAnchors = [Float](repeating: 0, count: ranks.count)

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.hardest > 0, "hardest", expected: "above 0", found: settings.hardest)
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((0...1).contains(settings.momentum), "momentum", expected: "0 … 1", found: settings.momentum)
        self.settings = settings
    }

    /// The teacher's embeddings, of any length.
    public var needs: DistillationNeeds { .teacherEmbeddings }

    /// The anchors.
    public var state: [String: Tensor] {
        [
            Self.studentKey: Tensor(shape: [Self.ranks.count], values: studentAnchors),
            Self.teacherKey: Tensor(shape: [Self.ranks.count], values: teacherAnchors),
        ]
    }

    /// Puts the anchors back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        let student = try Self.saved(Self.studentKey, shape: [Self.ranks.count], in: state)
        teacherAnchors = try Self.saved(Self.teacherKey, shape: [Self.ranks.count], in: state)
        studentAnchors = student
    }

    /// `ekd.genuine` and `ekd.impostor`; moves the anchors first.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let student = context.embeddings.normalizedRows()
        let teacher = context.teacherEmbeddings.normalizedRows()
        let studentCosines = student.times(transposed: student)
        let teacherCosines = teacher.times(transposed: teacher)
        var genuine: [Pair] = []
        var impostor: [Pair] = []
        for row in 0..<context.batchSize {
            for column in row + 1..<max(context.batchSize, row + 1) {
                if context.labels[row] == context.labels[column] {
                    genuine.append((row, column))
                } else {
                    impostor.append((row, column))
                }
            }
        }
        let scores = studentCosines.matrix
        // Stable: of two alike the earlier pair comes first.
        impostor = impostor.enumerated()
            .sorted {
                let (a, b) = (scores[$0.element.row, $0.element.column], scores[$1.element.row, $1.element.column])
                return a == b ? $0.offset < $1.offset : a > b
            }
            .map(\.element)
        moveAnchors(impostor, scores, teacherCosines.matrix)
        let hardest = Array(impostor.prefix(settings.hardest))
        return [
            LossTerm("ekd.genuine", loss(studentCosines, teacherCosines, genuine), weight: settings.genuineWeight),
            LossTerm("ekd.impostor", loss(studentCosines, teacherCosines, hardest), weight: settings.impostorWeight),
        ]
    }

    private func moveAnchors(_ sorted: [Pair], _ student: Matrix, _ teacher: Matrix) {
        guard !sorted.isEmpty else { return }
        let teacherScores = sorted.map { teacher[$0.row, $0.column] }.sorted(by: >)
        for (index, rank) in Self.ranks.enumerated() {
            let place = sorted.count / rank
            let pair = sorted[place]
            let rest = 1 - settings.momentum
            studentAnchors[index] = settings.momentum * student[pair.row, pair.column] + rest * studentAnchors[index]
            teacherAnchors[index] = settings.momentum * teacherScores[place] + rest * teacherAnchors[index]
        }
    }

    private func loss(_ student: TapeValue, _ teacher: TapeValue, _ pairs: [Pair]) -> TapeValue {
        guard !pairs.isEmpty else { return student.tape.constant(Matrix(rows: 1, columns: 1)) }
        return (softRanks(student, pairs, studentAnchors) - softRanks(teacher, pairs, teacherAnchors)).squared.mean
    }

    private func softRanks(_ cosines: TapeValue, _ pairs: [Pair], _ anchors: [Float]) -> TapeValue {
        let distances = cosines.elements(at: pairs) - cosines.tape.constant(Matrix(row: anchors))
        return (distances / settings.temperature).sigmoid.rowSums
    }
}
