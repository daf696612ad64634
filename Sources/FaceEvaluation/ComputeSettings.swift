public import ArtifactFiles
public import Checkpoints
public import NeuralCompute

/// What computes a network, and how; nothing here changes a result beyond rounding.
public struct ComputeSettings: Hashable, Sendable {
    /// One of ``Devices/all``, by its name.
    public var device: String
    /// Precision, batch size and transforms.
    public var options: InferenceOptions

    /// Creates settings.
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
