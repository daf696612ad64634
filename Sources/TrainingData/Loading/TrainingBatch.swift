public import ArtifactFiles

/// The pictures of one step, ready for a network.
public struct TrainingBatch: Sendable {
    /// The step, from 0.
    public var step: Int
    /// The epoch that the step belongs to.
    public var epoch: Int
    /// The number of pictures.
    public var count: Int
    /// `[count, height, width, 3]`, preprocessed: the first of ``views``.
    public var faces: FaceValues { views[0] }
    /// The same pictures for each preprocessing of the loader, in its order.
    public var views: [FaceValues]
    /// The views mirrored left to right, where an ``EvaluationSweep`` was asked for them.
    public var mirroredViews: [FaceValues]
    /// Classes.
    public var labels: [Int]
    /// Indices into the source; of a replaced sample, what replaced it.
    public var samples: [Int]
    /// Which pictures are mirrored.
    public var flipped: [Bool]
    /// How many of the first pictures the classifier's loss sees; all of them without it.
    public var classifiedCount: Int?
    /// Samples of this batch that could not be read.
    public var failures: [SampleFailure]
}

/// A sample that could not be read.
public struct SampleFailure: Hashable, Sendable {
    /// Its index in the source.
    public var sample: Int
    /// Its file or record.
    public var name: String
    /// Why.
    public var error: InputError
    /// What stands in for it; nil where it is left out, and where it was itself tried in the place of another.
    public var replacement: Int?
}

/// What happens to samples that cannot be read.
public enum FailedSamples: Hashable, Sendable {
    /// The nearest readable sample in the source's order takes the place, one of the same class where there is one.
    case replaced(limit: Int)
    /// They are left out, and the batch is smaller.
    case omitted(limit: Int)

    /// How many different samples may fail.
    public var limit: Int {
        switch self {
        case .replaced(let limit), .omitted(let limit): limit
        }
    }
}
