internal import ArtifactFiles
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
