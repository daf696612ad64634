public import ArtifactFiles
public import FaceImaging

/// What a ``BatchLoader`` makes of a source's pictures, and how.
public struct LoaderSettings: Sendable {
    /// Random changes.
    public var augmentation: Augmentation
    /// One or several: a student's, and a teacher's where that differs.
    ///
    /// All see the same augmented picture.
    public var preprocessings: [FacePreprocessing]
    /// Whether a picture of another size than a preprocessing's is resized to it, bilinearly.
    public var resizes = false
    /// Names all draws of the augmentation.
    public var seed: UInt64
    /// Threads that read ahead; 0: everything happens in ``BatchLoader/next()``.
    public var threads: Int
    /// Batches that are made ahead: memory is bounded by these and those in use.
    public var batchesAhead = 3
    /// What happens to samples that cannot be read.
    public var failedSamples = FailedSamples.replaced(limit: 100)
    /// Whether every view is made mirrored too.
    var includesMirrored = false

    /// Settings; what is not given here keeps its default.
    public init(augmentation: Augmentation, preprocessings: [FacePreprocessing], seed: UInt64, threads: Int) {
        self.augmentation = augmentation
        self.preprocessings = preprocessings
        self.seed = seed
        self.threads = threads
    }

    /// - Throws: ``InputError`` when pictures of this size do not go through.
    func validate(pictureSize: PictureSize) throws(InputError) {
        guard !preprocessings.isEmpty, (0...1024).contains(threads), batchesAhead >= 1 else {
            throw InputError(
                .usage,
                "loader settings out of range",
                expected: "a preprocessing, 0 … 1024 threads, 1 or more batches ahead",
                found: "\(preprocessings.count) preprocessings, \(threads) threads, \(batchesAhead) batches ahead"
            )
        }
        let augmented = try augmentation.size(after: pictureSize)
        for preprocessing in preprocessings {
            try preprocessing.validate()
            guard resizes || PictureSize(preprocessing) == augmented else {
                throw InputError(
                    .mismatch,
                    "the data's pictures do not have the size of the network's input",
                    expected: "\(PictureSize(preprocessing))",
                    found: "\(augmented)"
                )
            }
        }
    }
}

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
