/// The samples of one step.
public struct PlannedBatch: Hashable, Sendable {
    /// The step, from 0.
    public var step: Int
    /// The epoch that the step belongs to, from 0.
    public var epoch: Int
    /// Augmentation is drawn anew in every round: the epoch where each sample comes once in it, else the step.
    public var round: Int
    /// Indices into the source.
    public var samples: [Int]
    /// How many of the first samples the classifier's loss sees; all of them without it.
    public var classifiedCount: Int?

    /// A plan of one step.
    public init(step: Int, epoch: Int, round: Int, samples: [Int], classifiedCount: Int? = nil) {
        self.classifiedCount = classifiedCount
        self.step = step
        self.epoch = epoch
        self.round = round
        self.samples = samples
    }
}

/// Which samples a step sees: a pure function of the step, so that resuming needs the step's number alone.
public protocol TrainingSampler: Sendable {
    /// One line for logs.
    var summary: String { get }
    /// Most samples of a step.
    var batchSize: Int { get }
    /// Steps of one epoch; above 0.
    var stepsPerEpoch: Int { get }
    /// The samples of a step.
    ///
    /// - Parameter step: From 0, without end.
    func batch(at step: Int) -> PlannedBatch
}
