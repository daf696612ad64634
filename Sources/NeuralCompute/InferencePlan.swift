public import ArtifactFiles
internal import Dispatch
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

/// A compiled network: it knows every shape, and its workers allocate nothing per face.
public protocol InferencePlan: Sendable {
    /// One face's input.
    var inputShape: ActivationShape { get }
    /// One face's output.
    var outputShape: ActivationShape { get }
    /// How many faces a worker takes through the network together.
    var facesPerPass: Int { get }

    /// What kept the plan from computing; nil where nothing did. Outputs since then are not to be used.
    var failure: InputError? { get }

    /// Makes a worker with buffers of its own. Each worker belongs to one thread at a time.
    func makeWorker() -> any InferenceWorker
}

extension InferencePlan {
    /// Nil.
    public var failure: InputError? { nil }
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

/// A compiled network that takes a batch at once and leaves its output on the device.
public protocol BatchInference: AnyObject {
    /// The output of the first `count` images, `[count, outputShape.count]`.
    func output(of images: any ImageValues, count: Int) -> DeviceTensor
}

/// Batches dealt out to one worker per thread, for devices whose memory is the host's.
final class HostBatchInference: BatchInference {
    private let device: any Device
    private let outputLength: Int
    private let inputLength: Int
    private let workers: [any InferenceWorker]

    init(_ plan: any InferencePlan, device: any Device, threads: Int) {
        self.device = device
        outputLength = plan.outputShape.count
        inputLength = plan.inputShape.count
        workers = (0..<max(1, threads)).map { _ in plan.makeWorker() }
    }

    func output(of images: any ImageValues, count: Int) -> DeviceTensor {
        let output = [Float](unsafeUninitializedCapacity: count * outputLength) { output, initialized in
            images.withUnsafeBufferPointer { images in
                run(images, count: count, UnsafeMutableBufferPointer(rebasing: output[..<(count * outputLength)]))
            }
            initialized = count * outputLength
        }
        return device.tensor(Matrix(rows: count, columns: outputLength, elements: output))
    }

    private func run(_ images: UnsafeBufferPointer<Float>, count: Int, _ output: UnsafeMutableBufferPointer<Float>) {
        let share = (count + workers.count - 1) / workers.count
        let (inputLength, outputLength) = (inputLength, outputLength)
        // Every worker has images, and rows of the output, of its own.
        nonisolated(unsafe) let (images, output, workers) = (images, output, workers)
        DispatchQueue.concurrentPerform(iterations: workers.count) { thread in
            let range = min(count, thread * share)..<min(count, (thread + 1) * share)
            guard !range.isEmpty else { return }
            workers[thread]
                .run(
                    UnsafeBufferPointer(
                        rebasing: images[range.lowerBound * inputLength..<range.upperBound * inputLength]
                    ),
                    count: range.count,
                    output: UnsafeMutableBufferPointer(
                        rebasing: output[range.lowerBound * outputLength..<range.upperBound * outputLength]
                    )
                )
        }
    }
}
