public import ArtifactFiles
internal import CKernels
public import NeuralGraph

/// The fast backend: fp32, fused, one face at a time through the network on each worker's core.
public struct CPUBackend: ComputeBackend {
    /// Creates the backend.
    public init() {}

    /// The reference name.
    public var name: String { "cpu" }

    /// Compiles a graph; see ``ComputeBackend``.
    public func inferencePlan(
        graph: Graph,
        weights: Weights,
        options: InferenceOptions
    ) throws(InputError) -> any InferencePlan {
        try weights.check(against: graph)
        if options.precision == .bfloat16, vf_has_bf16() == 0 {
            throw InputError(
                .unsupported,
                "this CPU (or the level that VERIFAR_ISA asks for) does not multiply bf16",
                expected: "AVX-512 BF16, or --precision fp32"
            )
        }
        let rewritten = try graph.rewrittenForInference(weights)
        var compiler = CPUCompiler(
            graph: rewritten.graph,
            weights: rewritten.weights,
            usesWinograd: options.usesWinograd && options.precision == .float32,
            precision: options.precision
        )
        let program = try compiler.compile()
        return CPUPlan(program: program, facesPerPass: options.facesPerPass ?? program.suggestedFacesPerPass)
    }

    /// Compiles a graph for training; see ``ComputeBackend``.
    public func trainingPlan(
        graph: Graph,
        weights: Weights,
        options: TrainingOptions
    ) throws(InputError) -> any TrainingPlan {
        try weights.check(against: graph)
        return try CPUTrainingPlan(graph: graph, weights: weights, options: options)
    }
}
