public import ArtifactFiles
public import NeuralGraph

/// A named scalar on the tape and its weight in the loss.
public struct LossTerm {
    /// `kd`, `th-kd.teacher-head`: the name in the run's table.
    public var name: String
    /// Its value before weighting, `[1, 1]`.
    public var value: TapeValue
    /// The factor on it.
    public var weight: Float

    /// A term; of weight 1 unless told otherwise.
    public init(_ name: String, _ value: TapeValue, weight: Float = 1) {
        self.name = name
        self.value = value
        self.weight = weight
    }
}

extension Sequence<LossTerm> {
    /// The weighted sum, `[1, 1]`; nil if there are no terms.
    public var weightedSum: TapeValue? {
        var sum: TapeValue?
        for term in self {
            let part = term.weight == 1 ? term.value : term.weight * term.value
            sum = sum.map { $0 + part } ?? part
        }
        return sum
    }
}

/// Numbers of a loss's own that the optimiser trains.
public struct ExtraParameter: Sendable {
    /// The name, unique in a run: it begins with the loss's.
    public var name: String
    /// What it is for; decides on weight decay.
    public var role: ParameterSpecification.Role
    /// Its initial values, and its shape: on the tape the first axis is rows, the others are columns; one axis is a row.
    public var initial: Tensor

    /// A parameter.
    public init(_ name: String, role: ParameterSpecification.Role, initial: Tensor) {
        self.name = name
        self.role = role
        self.initial = initial
    }
}

/// A part of what training minimises: the student's classification loss, a distillation method.
///
/// A loss belongs to one run and one thread. Everything it does follows from its settings, its parameters, its state and
/// the context of the step, so that a resumed run goes on with the same bytes.
public protocol TrainingLoss: AnyObject {
    /// The name in recipes and logs; the names of its terms, parameters and state begin with it.
    var name: String { get }
    /// Parameters of its own, with initial values.
    var parameters: [ExtraParameter] { get }
    /// State that is neither trained nor a function of the step.
    var state: [String: Tensor] { get }
    /// Puts back what ``state`` gave.
    ///
    /// - Throws: `InputError` that names what is missing or misshapen.
    func restore(_ state: [String: Tensor]) throws(InputError)

    /// The parts of the loss, always the same names in the same order.
    func terms(_ context: LossContext) throws(InputError) -> [LossTerm]
    /// Called after the backward pass, when the step was sound: the time to move queues and memories on.
    func finishStep(_ context: LossContext)
}

extension TrainingLoss {
    /// None.
    public var parameters: [ExtraParameter] { [] }
    /// None.
    public var state: [String: Tensor] { [:] }
    /// Nothing to put back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {}
    /// Nothing to move on.
    public func finishStep(_ context: LossContext) {}
}

/// A loss and the factor on all its terms.
public struct WeightedLoss {
    /// The loss.
    public let loss: any TrainingLoss
    /// The factor.
    public let weight: Float

    /// A loss of weight 1, or of another.
    public init(_ loss: any TrainingLoss, weight: Float = 1) {
        self.loss = loss
        self.weight = weight
    }
}

/// The student's own classification loss: cross entropy of its classifier, with a margin or without.
public final class ClassificationLoss: TrainingLoss {
    private let settings: HeadSettings

    /// The loss of these settings.
    public init(_ settings: HeadSettings) { self.settings = settings }

    /// `arcface`, `softmax` and so on.
    public var name: String { settings.loss.rawValue }

    /// One term, over those samples of the batch that the classifier is shown.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let logits = try context.studentUnscaledLogits()
        let count = context.classifiedCount
        let loss = settings.marginLoss.loss(
            count == context.batchSize ? logits : logits.rows(Array(0..<count)),
            head: try context.studentClassifier(),
            labels: Array(context.headLabels.prefix(count))
        )
        return [LossTerm(name, loss)]
    }
}
