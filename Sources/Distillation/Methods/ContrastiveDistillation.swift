public import ArtifactFiles
internal import NeuralCompute
public import NeuralGraph
public import NeuralTraining
internal import SeededRandom

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `crd`: a sample's student and teacher embeddings told from those of other samples, kept in two memories.
///
/// Tian, Krishnan and Isola, *Contrastive Representation Distillation*, arXiv 1910.10699, equations 17 to 19, as
/// RepDistiller's crd/criterion.py and crd/memory.py, also in HeadSharingKD: linear maps of both embeddings to 128 numbers,
/// normalised; K = 16,384 negatives; τ = 0.07; the constants Z from the first batch; memories with momentum 0.5, updated
/// after the step. `crdth` and `kdeth` of HeadSharingKD are this or `l2e` beside `th-kd`.
///
/// A second number of a sample in one batch sees the memory as the first left it. Divergences: negatives are drawn with
/// replacement from the samples of other classes (the published `exact` mode draws without where there are enough).
public final class ContrastiveDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// Length of the compared embeddings.
        public var dimensions: Int
        /// K.
        public var negatives: Int
        /// τ.
        public var temperature: Float
        /// The weight of what a memory held.
        public var momentum: Float

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case dimensions
            case negatives
            case temperature
            case momentum

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .dimensions:
                    .init(
                        .integer(.atLeast(1)),
                        .standard(Settings().dimensions),
                        "Length of the compared embeddings.",
                        example: "64"
                    )
                case .negatives:
                    .init(
                        .integer(.atLeast(1)),
                        .standard(Settings().negatives),
                        "K: negatives of other classes.",
                        example: "4096"
                    )
                case .temperature:
                    .init(.number(.above(0)), .standard(Settings().temperature), "τ of the comparison.", example: "0.1")
                case .momentum:
                    .init(
                        .number(.within(0...1)),
                        .standard(Settings().momentum),
                        "The weight of what a memory held.",
                        example: "0.9"
                    )
                }
            }
        }

        /// The published code's.
        public init(dimensions: Int = 128, negatives: Int = 16384, temperature: Float = 0.07, momentum: Float = 0.5) {
            self.dimensions = dimensions
            self.negatives = negatives
            self.temperature = temperature
            self.momentum = momentum
        }
    }

    /// The name in recipes.
    public static let name = "crd"
    private static let studentKey = "crd.student-memory"
    private static let teacherKey = "crd.teacher-memory"
    private static let constantsKey = "crd.constants"
    private static let epsilon: Float = 1e-7
    /// The two linear maps.
    public let parameters: [ExtraParameter]
    private let settings: Settings
    private let sampleLabels: [Int]
    /// The last known embedding of every sample.
    private let (studentMemory, teacherMemory): (RowMemory, RowMemory)
    /// Z of student and teacher scores; negative until the first batch.
    private var constants: [Float] = [-1, -1]
    /// The batch's normalised maps of student and teacher, between the loss and the end of the step.
    private var pending: (student: Matrix, teacher: Matrix)?

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.dimensions > 0, "dimensions", expected: "above 0", found: settings.dimensions)
        try Self.require(settings.negatives > 0, "negatives", expected: "above 0", found: settings.negatives)
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((0...1).contains(settings.momentum), "momentum", expected: "0 … 1", found: settings.momentum)
        if let first = problem.sampleLabels.first, problem.sampleLabels.allSatisfy({ $0 == first }) {
            throw InputError(
                .unsupported,
                "the method needs negatives",
                place: "method 'crd'",
                found: "one class alone"
            )
        }
        self.settings = settings
        sampleLabels = problem.sampleLabels
        var generator = SeededGenerator(seed: problem.seed, stream: 0x637264)
        let count = problem.sampleLabels.count
        parameters =
            Self.linear("crd.student", problem.studentDimensions, settings.dimensions, &generator)
            + Self.linear("crd.teacher", problem.teacherDimensions, settings.dimensions, &generator)
        // Uniform within ±1/√(dimensions / 3), as the published code.
        let bound = 1 / (Float(settings.dimensions) / 3).squareRoot()
        func memory() -> RowMemory {
            RowMemory(Matrix(Tensor(uniform: [count, settings.dimensions], bound: bound, &generator)))
        }
        studentMemory = memory()
        teacherMemory = memory()
    }

    private static func linear(
        _ prefix: String,
        _ from: Int,
        _ to: Int,
        _ generator: inout SeededGenerator
    ) -> [ExtraParameter] {
        let bound = 1 / Float(from).squareRoot()
        return [
            ExtraParameter(
                prefix + ".weight",
                role: .linearWeight,
                initial: Tensor(uniform: [to, from], bound: bound, &generator)
            ),
            ExtraParameter(prefix + ".bias", role: .bias, initial: Tensor(uniform: [to], bound: bound, &generator)),
        ]
    }

    /// Embeddings of any lengths, and the samples' numbers.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .sampleNumbers] }

    /// Both memories `[samples, dimensions]`, and Z.
    public var state: [String: Tensor] {
        [
            Self.studentKey: studentMemory.tensor, Self.teacherKey: teacherMemory.tensor,
            Self.constantsKey: Tensor(shape: [2], values: constants),
        ]
    }

    /// Puts the memories back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        let student = try Self.saved(Self.studentKey, shape: studentMemory.shape, in: state)
        let teacher = try Self.saved(Self.teacherKey, shape: teacherMemory.shape, in: state)
        constants = try Self.saved(Self.constantsKey, shape: [2], in: state)
        studentMemory.restore(student)
        teacherMemory.restore(teacher)
    }

    /// `crd.student` (student embeddings against the teacher's memory) and `crd.teacher` (the other way).
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let student = try map(context.embeddings, "crd.student", context)
        let teacher = try map(context.teacherEmbeddings, "crd.teacher", context)
        pending = (student.matrix, teacher.matrix)
        let candidates = drawCandidates(context)
        return [
            LossTerm("crd.student", loss(student, teacherMemory, candidates, constant: 0)),
            LossTerm("crd.teacher", loss(teacher, studentMemory, candidates, constant: 1)),
        ]
    }

    /// Moves the memories of the batch's samples.
    public func finishStep(_ context: LossContext) {
        guard let pending else { return }
        move(studentMemory, to: pending.student, context)
        move(teacherMemory, to: pending.teacher, context)
        self.pending = nil
    }

    /// Moves the batch's samples towards their embeddings and normalises them, in order.
    private func move(_ memory: RowMemory, to embeddings: Matrix, _ context: LossContext) {
        let momentum = settings.momentum
        memory.update(context.samples, on: context.tape.device) { position, row in
            let moved = zip(row, embeddings.row(position)).map { $0 * momentum + $1 * (1 - momentum) }
            let norm = Float(moved.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
            return moved.map { $0 / norm }
        }
    }

    private func map(
        _ embeddings: TapeValue,
        _ prefix: String,
        _ context: LossContext
    ) throws(InputError) -> TapeValue {
        let weight = try context.parameter(prefix + ".weight")
        return (embeddings.times(transposed: weight) + (try context.parameter(prefix + ".bias"))).normalizedRows()
    }

    /// For each face its own number and K of samples of other classes, `[batch, K + 1]`.
    private func drawCandidates(_ context: LossContext) -> [Int] {
        var generator = context.generator(stream: 0x637264)
        var candidates: [Int] = []
        candidates.reserveCapacity(context.batchSize * (settings.negatives + 1))
        for (sample, label) in zip(context.samples, context.labels) {
            candidates.append(sample)
            for _ in 0..<settings.negatives {
                var other = generator.index(below: sampleLabels.count)
                while sampleLabels[other] == label { other = generator.index(below: sampleLabels.count) }
                candidates.append(other)
            }
        }
        return candidates
    }

    /// Equation 18: −(ln h(positive) + Σ ln(1 − h(negative))) / B with h = P / (P + K/N), P = e^(v·m/τ) / Z.
    private func loss(
        _ embeddings: TapeValue,
        _ memory: RowMemory,
        _ candidates: [Int],
        constant: Int
    ) -> TapeValue {
        let products = embeddings.products(withRows: candidates, of: memory.placed(on: embeddings.tape.device))
        let scores = (products / settings.temperature).exponential
        if constants[constant] < 0 { constants[constant] = scores.mean.scalar * Float(sampleLabels.count) }
        let shares = scores / constants[constant]
        let noise = Float(settings.negatives) / Float(sampleLabels.count)
        let total = (shares + (noise + Self.epsilon)).logarithm
        let positive = shares.elements(inColumns: [Int](repeating: 0, count: embeddings.rows)).logarithm
        // ln h = ln P − ln(P + K/N + ε) at the positive, ln(1 − h) = ln(K/N) − ln(P + K/N + ε) elsewhere.
        let negatives = Float(embeddings.rows * settings.negatives) * Float(log(Double(noise)))
        return (total.sum - positive.sum - negatives) / Float(embeddings.rows)
    }
}
