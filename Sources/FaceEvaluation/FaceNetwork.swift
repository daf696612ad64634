public import ArtifactFiles
public import Checkpoints
public import NeuralCompute

/// What computes a network, and how; nothing here changes a result beyond rounding.
public struct ComputeSettings: Hashable, Sendable {
    /// One of ``Devices/all``, by its name.
    public var device: String
    /// Precision, batch size and transforms.
    public var options: InferenceOptions

    public init(device: String = "cpu", options: InferenceOptions = InferenceOptions()) {
        self.device = device
        self.options = options
    }

    /// Compiles a network.
    ///
    /// - Throws: `InputError` for an unknown device, or a network that it cannot compute.
    public func plan(_ checkpoint: ResolvedCheckpoint) throws(InputError) -> any InferencePlan {
        try Devices.open(device, threads: 1)
            .inferencePlan(graph: checkpoint.graph, weights: checkpoint.weights, options: options)
    }
}

/// A network ready to embed faces: a checkpoint, the preprocessing that it gets, and its compiled form.
public struct FaceNetwork: Sendable {
    /// The checkpoint's file; empty for a network that is in memory alone.
    public let file: String
    public let checkpoint: ResolvedCheckpoint
    /// What is done to a face before it, and who says so.
    public let choice: PreprocessingChoice
    public let compute: ComputeSettings
    public let plan: any InferencePlan

    /// Reads and compiles a checkpoint.
    ///
    /// - Parameters:
    ///   - file: The checkpoint.
    ///   - architecture: What it is; recognised from its parameters when nil.
    ///   - preprocessing: What stands in place of the checkpoint's own preprocessing.
    ///   - compute: How it is computed.
    /// - Throws: `InputError` for a file that cannot be read or computed, or a preprocessing that does not fit it.
    public init(
        file: String,
        architecture: String? = nil,
        preprocessing: PreprocessingOverrides = PreprocessingOverrides(),
        compute: ComputeSettings = ComputeSettings()
    ) throws(InputError) {
        let checkpoint = try CheckpointReader.read(path: file, architecture: architecture)
        try self.init(
            checkpoint,
            file: file,
            choice: try PreprocessingChoice(preprocessing, checkpoint: checkpoint),
            compute: compute
        )
    }

    /// Compiles a network that is in memory.
    ///
    /// - Throws: `InputError` where it cannot be computed.
    public init(
        _ checkpoint: ResolvedCheckpoint,
        file: String = "",
        choice: PreprocessingChoice,
        compute: ComputeSettings = ComputeSettings()
    ) throws(InputError) {
        self.file = file
        self.checkpoint = checkpoint
        self.choice = choice
        self.compute = compute
        plan = try compute.plan(checkpoint)
    }
}
