public import ArtifactFiles
public import NeuralGraph
public import NeuralTraining
internal import TrainingData

/// The terms that a teacher adds to a training's loss.
public final class DistillationLoss: AuxiliaryLoss {
    /// A teacher's class weights.
    public struct TeacherClassifier: Sendable {
        /// What a logit is.
        public var kind: ClassifierHead.Kind
        /// `[classes, dimensions]`.
        public var weights: Tensor
        /// `[classes]`, of linear classifiers.
        public var bias: Tensor?

        /// Creates a classifier.
        public init(kind: ClassifierHead.Kind, weights: Tensor, bias: Tensor?) {
            self.kind = kind
            self.weights = weights
            self.bias = bias
        }
    }

    /// Arrays that the methods train.
    public let arrays: [TrainedArray]
    /// Nodes of the student whose values are needed.
    public let tapNames: [String]
    private let methods: MethodCombination
    private let teacher: any TeacherFeatures
    private let classifier: TeacherClassifier?
    private let projector: EmbeddingProjector?
    private let stepsPerEpoch: Double
    private var context: DistillationContext?

    /// Creates the loss.
    ///
    /// - Parameters:
    ///   - methods: The methods with their weights.
    ///   - teacher: Where the teacher's embeddings come from.
    ///   - classifier: The teacher's class weights.
    ///   - projector: From the student's embeddings to the teacher's length.
    ///   - tapNames: Nodes of the student that pair with the teacher's taps.
    ///   - stepsPerEpoch: Steps of an epoch.
    public init(
        methods: MethodCombination,
        teacher: any TeacherFeatures,
        classifier: TeacherClassifier?,
        projector: EmbeddingProjector?,
        tapNames: [String],
        stepsPerEpoch: Double
    ) {
        self.methods = methods
        self.teacher = teacher
        self.classifier = classifier
        self.projector = projector
        self.tapNames = tapNames
        self.stepsPerEpoch = stepsPerEpoch
        arrays = (methods.parameters + [projector?.parameter].compactMap { $0 })
            .map { parameter in
                TrainedArray(
                    name: parameter.name,
                    shape: parameter.initial.shape,
                    values: parameter.initial.values,
                    group: OptimizerSettings.DecayGroup(parameter.role)
                )
            }
    }

    /// The methods' state.
    public var state: [String: Tensor] {
        get throws(InputError) { methods.state }
    }

    /// Puts back what ``state`` gave.
    public func restore(_ state: [String: Tensor]) throws(InputError) { try methods.restore(state) }

    /// The methods' terms.
    public func terms(_ step: AuxiliaryStep) throws(InputError) -> [LossTerm] {
        let tape = step.tape
        let output = try teacher.output(of: step.step.batch)
        let count = step.step.batch.count
        let parameters = Dictionary(
            uniqueKeysWithValues: arrays.map { array in
                let rows = array.shape.count > 1 ? array.shape[0] : 1
                let columns = array.values.count / max(1, rows)
                let leaf = tape.leaf(borrowing: array.values, gradient: array.gradient, rows: rows, columns: columns)
                return (array.name, leaf)
            }
        )
        let projected = parameters[EmbeddingProjector.parameterName]
            .flatMap { weight in projector?.project(step.embeddings, weight: weight) }
        let constant = { (values: [Float]) in
            tape.constant(Matrix(rows: count, columns: values.count / max(1, count), elements: values))
        }
        let context = DistillationContext(
            step: step.step.index,
            epoch: Double(step.step.index) / max(1, stepsPerEpoch),
            seed: step.step.randomSeed,
            labels: step.step.batch.labels,
            headLabels: step.labels,
            samples: step.step.batch.samples,
            embeddings: projected ?? step.embeddings,
            headEmbeddings: step.embeddings,
            teacherEmbeddings: constant(output.embeddings),
            studentHead: step.head,
            teacherHead: teacherHead(on: tape, classes: step.sampledClasses),
            studentTaps: zip(step.taps, step.step.taps).map { FeatureMaps($0, shape: $1.shape) },
            teacherTaps: zip(output.taps, teacher.tapShapes).map { FeatureMaps(constant($0), shape: $1) },
            parameters: parameters
        )
        self.context = context
        return try methods.terms(context)
    }

    /// Moves queues and memories on.
    public func didDifferentiate(_ step: AuxiliaryStep) throws(InputError) {
        if let context { methods.finishStep(context) }
        context = nil
    }

    private func teacherHead(on tape: Tape, classes: [Int]?) -> ClassifierHead? {
        guard let classifier else { return nil }
        let dimensions = classifier.weights.shape[1]
        let rows = classes ?? Array(0..<classifier.weights.shape[0])
        var values = classifier.weights.values
        var bias = classifier.bias?.values
        if classes != nil {
            values = rows.flatMap { classifier.weights.values[$0 * dimensions..<($0 + 1) * dimensions] }
            bias = bias.map { bias in rows.map { bias[$0] } }
        }
        return ClassifierHead(
            kind: classifier.kind,
            weights: tape.constant(Matrix(rows: rows.count, columns: dimensions, elements: values)),
            bias: bias.map { tape.constant(Matrix(row: $0)) }
        )
    }
}

extension OptimizerSettings.DecayGroup {
    /// What weight decay may spare a parameter of this role as.
    init?(_ role: ParameterSpecification.Role) {
        switch role {
        case .bias: self = .bias
        case .normalizationScale, .normalizationShift: self = .normalization
        case .preluSlope: self = .prelu
        default: return nil
        }
    }
}
