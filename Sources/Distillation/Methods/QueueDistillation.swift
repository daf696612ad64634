public import ArtifactFiles
internal import NeuralCompute
public import NeuralGraph
public import NeuralTraining
internal import SeededRandom

/// `qud`: a face's own teacher embedding told from a queue of those of earlier faces.
///
/// InfoNCE of van den Oord et al., arXiv 1807.03748, with the queue of He et al., arXiv 1911.05722: −ln of the share of
/// e^(f̂_s·f̂_t/τ) beside the K embeddings of the queue, as `MoCo` in utils/buffer.py of jankolf/QUD with its
/// τ = 0.07 and K = 1024 (the paper, BMVC 2024, studies τ = 0.1 with that K). It is the only loss there: it stands in place
/// of the student's own classification loss, and knows no classes.
///
/// The queue begins with random unit vectors; after each step the batch's teacher embeddings take the place of the oldest.
/// K is a multiple of the batch size, as the code asserts, so that no entry outlives another by a part of a batch.
public final class QueueDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// τ.
        public var temperature: Float
        /// K.
        public var queueLength: Int

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case temperature
            case queueLength = "queue-length"

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .temperature:
                    .init(.number(.above(0)), .standard(Settings().temperature), "τ of InfoNCE.", example: "0.07")
                case .queueLength:
                    .init(
                        .integer(.within(1...4_194_304)),
                        .standard(Settings().queueLength),
                        "K: teacher embeddings that are kept as negatives.",
                        example: "1024"
                    )
                }
            }
        }

        /// The code's τ = 0.07 and K = 1024.
        public init(temperature: Float = 0.07, queueLength: Int = 1024) {
            self.temperature = temperature
            self.queueLength = queueLength
        }
    }

    /// The name in recipes.
    public static let name = "qud"
    private static let queueKey = "qud.queue"
    private static let positionKey = "qud.position"
    private let settings: Settings
    /// `[K, dimensions]`.
    private let queue: RowMemory
    private var position = 0

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require(
            (1...1 << 22).contains(settings.queueLength),
            "queue-length",
            expected: "1 … \(1 << 22)",
            found: settings.queueLength
        )
        if let batch = problem.batchSize, !settings.queueLength.isMultiple(of: batch) {
            let below = settings.queueLength / batch * batch
            let cure = (below > 0 ? "\(below) or " : "") + "\(below + batch)"
            throw InputError(
                .usage,
                "the queue does not hold whole batches",
                place: "method '\(Self.name)', key \"queue-length\"",
                expected: "a multiple of the batch size \(batch): \(cure)",
                found: "\(settings.queueLength)"
            )
        }
        self.settings = settings
        var generator = SeededGenerator(seed: problem.seed, stream: 0x7175_6575)
        let (length, dimensions) = (settings.queueLength, problem.teacherDimensions)
        var rows = Matrix(rows: length, columns: dimensions)
        for row in 0..<length {
            let vector = (0..<dimensions).map { _ in generator.normal() }
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for column in 0..<dimensions { rows[row, column] = Float(vector[column] / norm) }
        }
        queue = RowMemory(rows)
    }

    /// Embeddings of one length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .equalDimensions] }
    /// True.
    public var replacesClassificationLoss: Bool { true }

    /// The queue `[K, dimensions]`, and which entry is the oldest.
    public var state: [String: Tensor] {
        [
            Self.queueKey: queue.tensor,
            Self.positionKey: Tensor(shape: [1], values: [Float(position)]),
        ]
    }

    /// Puts the queue back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        let elements = try Self.saved(Self.queueKey, shape: queue.shape, in: state)
        let saved = try Self.saved(Self.positionKey, shape: [1], in: state)
        guard let position = Int(exactly: saved[0]), (0..<settings.queueLength).contains(position) else {
            throw InputError(
                .malformed,
                "a place outside of the queue",
                place: "state '\(Self.positionKey)'",
                expected: "0 … \(settings.queueLength - 1)",
                found: "\(saved[0])"
            )
        }
        queue.restore(elements)
        self.position = position
    }

    /// `qud`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let student = context.embeddings.normalizedRows()
        let own = (student * context.teacherEmbeddings.normalizedRows()).rowSums
        let others = student.times(transposed: context.tape.constant(queue.placed(on: context.tape.device)))
        let logits = own.beside(others) / settings.temperature
        return [LossTerm("qud", logits.crossEntropy(labels: [Int](repeating: 0, count: context.batchSize)))]
    }

    /// Puts the batch's teacher embeddings in place of the oldest.
    public func finishStep(_ context: LossContext) {
        let (device, length) = (context.tape.device, settings.queueLength)
        let teacher = context.teacherEmbeddings.normalizedRows().tensor
        let target = queue.placed(on: device)
        var next = max(0, teacher.rows - length)
        while next < teacher.rows {
            let count = min(teacher.rows - next, length - position)
            device.copy(next..<next + count, of: teacher, to: target, fromRow: position)
            position = (position + count) % length
            next += count
        }
    }
}
