public import ArtifactFiles
public import Checkpoints
public import NeuralCompute

/// What computes a network, and how; nothing here changes a result beyond rounding.
public struct ComputeSettings: Hashable, Sendable {
    /// One of ``ComputeBackends/all``.
    public var backend: String
    /// Precision, batch size and transforms.
    public var options: InferenceOptions

    /// Creates settings.
    public init(backend: String = "cpu", options: InferenceOptions = InferenceOptions()) {
        self.backend = backend
        self.options = options
    }

    /// Compiles a network.
    ///
    /// - Throws: `InputError` for an unknown backend, or a network that it cannot compute.
    public func plan(_ checkpoint: ResolvedCheckpoint) throws(InputError) -> any InferencePlan {
        try ComputeBackends.backend(named: backend)
            .inferencePlan(graph: checkpoint.graph, weights: checkpoint.weights, options: options)
    }
}
