public import ArtifactFiles
public import NeuralGraph

/// The precision of stored activations and weights; sums are single precision or better in any case.
public enum InferencePrecision: String, Hashable, Sendable, CaseIterable {
    /// Single precision, the reference.
    case float32 = "fp32"
    /// bfloat16, where the CPU multiplies it: about twice as fast, cosines to fp32 of 0.999 and better.
    case bfloat16 = "bf16"
}

/// How an inference plan computes.
public struct InferenceOptions: Hashable, Sendable {
    /// The number of faces a worker takes through the network together; a plan may choose when nil.
    ///
    /// It changes speed and memory only: a face's result does not depend on its company.
    public var facesPerPass: Int?
    /// Whether 3×3 convolutions may be computed by Winograd's transforms, where that is faster.
    public var usesWinograd: Bool
    /// The precision of stored numbers.
    public var precision: InferencePrecision

    /// Creates options.
    public init(
        facesPerPass: Int? = nil,
        usesWinograd: Bool = true,
        precision: InferencePrecision = .float32
    ) {
        self.facesPerPass = facesPerPass
        self.usesWinograd = usesWinograd
        self.precision = precision
    }
}

/// Something that runs graphs: a CPU, later a GPU.
///
/// Nothing above this module touches device memory: faces and embeddings cross the boundary as host arrays.
public protocol ComputeBackend: Sendable {
    /// The name users choose it by.
    var name: String { get }

    /// Compiles a graph for inference.
    ///
    /// - Parameters:
    ///   - graph: The network as it was read.
    ///   - weights: Its parameters.
    ///   - options: How to compute.
    /// - Returns: A plan that any number of workers run at once.
    /// - Throws: ``InputError`` that names a missing or misshapen parameter.
    func inferencePlan(
        graph: Graph,
        weights: Weights,
        options: InferenceOptions
    ) throws(InputError) -> any InferencePlan

    /// Compiles a graph for training.
    ///
    /// - Parameters:
    ///   - graph: The network as it was read or built, not rewritten for inference.
    ///   - weights: Its parameters at the start.
    ///   - options: How to compute.
    /// - Throws: ``InputError`` that names a missing or misshapen parameter or an unknown tap, or says that this backend
    ///   does not train.
    func trainingPlan(
        graph: Graph,
        weights: Weights,
        options: TrainingOptions
    ) throws(InputError) -> any TrainingPlan
}

/// A compiled network: it knows every shape, and its workers allocate nothing per face.
public protocol InferencePlan: Sendable {
    /// One face's input.
    var inputShape: ActivationShape { get }
    /// One face's output.
    var outputShape: ActivationShape { get }
    /// How many faces a worker takes through the network together.
    var facesPerPass: Int { get }

    /// Makes a worker with buffers of its own. Each worker belongs to one thread at a time.
    func makeWorker() -> any InferenceWorker
}

/// One thread's means of running a plan.
public protocol InferenceWorker: AnyObject {
    /// Runs the network.
    ///
    /// - Parameters:
    ///   - faces: `[count, height, width, channels]`, preprocessed.
    ///   - count: How many faces there are.
    ///   - output: Receives `[count, outputShape.count]`.
    func run(_ faces: UnsafeBufferPointer<Float>, count: Int, output: UnsafeMutableBufferPointer<Float>)
}

/// The backends that exist.
public enum ComputeBackends {
    /// One line each; the first is the default.
    public static let all: [any ComputeBackend] = [CPUBackend(), ReferenceBackend()]

    /// The backend of a name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known ones.
    public static func backend(named name: String) throws(InputError) -> any ComputeBackend {
        guard let backend = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "backend", known: all.map(\.name))
        }
        return backend
    }
}
