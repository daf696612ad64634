public import ArtifactFiles
public import NeuralGraph
public import SeededRandom

/// Feature maps of a batch on the tape.
public struct FeatureMaps {
    /// `[batch, height × width × channels]`, channels last.
    public var value: TapeValue
    /// One image's shape.
    public var shape: ActivationShape

    /// Feature maps.
    public init(_ value: TapeValue, shape: ActivationShape) {
        precondition(value.columns == shape.count, "\(value.columns) numbers for \(shape)")
        self.value = value
        self.shape = shape
    }
}

/// What a loss sees of one step.
///
/// Products with class weights are formed once and shared by all losses of the step, and only if one of them asks.
public final class LossContext {
    /// Where expressions are recorded.
    public let tape: Tape
    /// Steps done before.
    public let step: Int
    /// Epochs done before, with their fraction.
    public let epoch: Double
    /// The samples' classes in the data set.
    public let labels: [Int]
    /// The samples' classes as rows of the heads below: the same, unless the heads hold a sample of the classes.
    public let headLabels: [Int]
    /// How many of the first samples the classification loss sees.
    public let classifiedCount: Int
    /// The samples' indices in the data set.
    public let samples: [Int]
    /// The student's embeddings, `[batch, dimensions]`, projected if there is a projector.
    public let embeddings: TapeValue
    /// The student's classifier.
    public let studentHead: ClassifierHead?
    /// The student's embeddings that its classifier takes, without a projector.
    public let headEmbeddings: TapeValue
    /// The teacher's classifier, a constant.
    public let teacherHead: ClassifierHead?
    /// The student's feature maps.
    public let studentTaps: [FeatureMaps]
    /// The teacher's, constants, pair by pair.
    public let teacherTaps: [FeatureMaps]
    /// The losses' own parameters on the tape, by name.
    public let parameters: [String: TapeValue]
    private let teacher: TapeValue?
    private let seed: UInt64
    private var shared: [Shared: TapeValue] = [:]

    private enum Shared: Hashable {
        case student
        case teacher
        case teacherHeadOnStudent
    }

    /// A step.
    ///
    /// - Parameters:
    ///   - step: Steps done before.
    ///   - epoch: Epochs done before, with their fraction.
    ///   - seed: The step's seed: a function of run and step.
    ///   - labels: The samples' classes in the data set.
    ///   - headLabels: The samples' classes as rows of the heads; `labels` if nil.
    ///   - classifiedCount: How many of the first samples the classification loss sees; all if nil.
    ///   - samples: The samples' indices in the data set.
    ///   - embeddings: The student's embeddings.
    ///   - headEmbeddings: What the student's classifier takes; `embeddings` if nil.
    ///   - teacherEmbeddings: The teacher's embeddings; no gradient goes there. Nil without a teacher.
    ///   - studentHead: The student's classifier.
    ///   - teacherHead: The teacher's; no gradient goes there.
    ///   - studentTaps: The student's feature maps.
    ///   - teacherTaps: The teacher's; no gradient goes there.
    ///   - parameters: The losses' own parameters.
    public init(
        step: Int,
        epoch: Double,
        seed: UInt64,
        labels: [Int],
        headLabels: [Int]? = nil,
        classifiedCount: Int? = nil,
        samples: [Int] = [],
        embeddings: TapeValue,
        headEmbeddings: TapeValue? = nil,
        teacherEmbeddings: TapeValue? = nil,
        studentHead: ClassifierHead? = nil,
        teacherHead: ClassifierHead? = nil,
        studentTaps: [FeatureMaps] = [],
        teacherTaps: [FeatureMaps] = [],
        parameters: [String: TapeValue] = [:]
    ) {
        precondition(labels.count == embeddings.rows && (teacherEmbeddings?.rows ?? labels.count) == labels.count)
        tape = embeddings.tape
        self.step = step
        self.epoch = epoch
        self.seed = seed
        self.labels = labels
        self.headLabels = headLabels ?? labels
        self.classifiedCount = classifiedCount ?? labels.count
        self.samples = samples
        self.embeddings = embeddings
        self.headEmbeddings = headEmbeddings ?? embeddings
        teacher = teacherEmbeddings?.detached
        self.studentHead = studentHead
        self.teacherHead = teacherHead?.frozen
        self.studentTaps = studentTaps
        self.teacherTaps = teacherTaps.map { FeatureMaps($0.value.detached, shape: $0.shape) }
        self.parameters = parameters
    }

    /// The number of samples.
    public var batchSize: Int { embeddings.rows }

    /// The teacher's embeddings of the same images, a constant.
    public var teacherEmbeddings: TapeValue {
        guard let teacher else { preconditionFailure("a loss that needs a teacher in a run without one") }
        return teacher
    }

    /// A random source of this step.
    ///
    /// - Parameter stream: A number of the loss's own.
    public func generator(stream: UInt64) -> SeededGenerator { SeededGenerator(seed: seed, stream: stream) }

    /// One of the losses' own parameters.
    ///
    /// - Throws: `InputError` (`missing`) if the trainer did not give it.
    public func parameter(_ name: String) throws(InputError) -> TapeValue {
        guard let value = parameters[name] else {
            throw InputError(.missing, "a parameter of the method was not given", place: "parameter '\(name)'")
        }
        return value
    }

    /// The student's classifier.
    ///
    /// - Throws: `InputError` (`missing`) if there is none.
    public func studentClassifier() throws(InputError) -> ClassifierHead {
        guard let studentHead else { throw InputError(.missing, "the student has no classifier") }
        return studentHead
    }

    /// The teacher's classifier.
    ///
    /// - Throws: `InputError` (`missing`) if there is none.
    public func teacherClassifier() throws(InputError) -> ClassifierHead {
        guard let teacherHead else { throw InputError(.missing, "the teacher has no classifier") }
        return teacherHead
    }

    /// The student's logits before margin and scale, `[batch, classes]`.
    ///
    /// - Throws: `InputError` (`missing`) if there is no classifier.
    public func studentUnscaledLogits() throws(InputError) -> TapeValue {
        let head = try studentClassifier()
        return share(.student) { head.unscaledLogits(of: headEmbeddings) }
    }

    /// The student's logits without a margin, `[batch, classes]`.
    ///
    /// - Parameter scale: Takes the place of a cosine head's own scale.
    /// - Throws: `InputError` (`missing`) if there is no classifier.
    public func studentLogits(scale: Float? = nil) throws(InputError) -> TapeValue {
        try studentClassifier().logits(fromUnscaled: studentUnscaledLogits(), scale: scale)
    }

    /// The teacher's logits without a margin, `[batch, classes]`.
    ///
    /// - Parameter scale: Takes the place of a cosine head's own scale.
    /// - Throws: `InputError` (`missing`) if there is no classifier.
    public func teacherLogits(scale: Float? = nil) throws(InputError) -> TapeValue {
        let head = try teacherClassifier()
        return head.logits(fromUnscaled: share(.teacher) { head.unscaledLogits(of: teacherEmbeddings) }, scale: scale)
    }

    /// z_TH before its scale: the teacher's classifier on the student's embeddings.
    ///
    /// - Throws: `InputError` (`missing`) if there is no classifier.
    public func teacherHeadUnscaledLogits() throws(InputError) -> TapeValue {
        let head = try teacherClassifier()
        return share(.teacherHeadOnStudent) { head.unscaledLogits(of: embeddings) }
    }

    private func share(_ key: Shared, _ compute: () -> TapeValue) -> TapeValue {
        if let known = shared[key] { return known }
        let value = compute()
        shared[key] = value
        return value
    }
}
