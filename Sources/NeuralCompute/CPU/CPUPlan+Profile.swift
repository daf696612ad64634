internal import CKernels
public import NeuralGraph

/// Where the time of a forward pass goes.
public struct InferenceProfile: Sendable {
    /// One step of the plan.
    public struct Step: Sendable {
        /// The node's name.
        public var name: String
        /// How it is computed.
        public var kernel: String
        /// The output's shape.
        public var shape: ActivationShape
        /// Multiply-accumulates of one face, by definition; a Winograd step really does fewer.
        public var multiplyAccumulates: Int
        /// Seconds per face.
        public var seconds: Double
        /// Operations (two per multiply-accumulate) per second.
        public var operationsPerSecond: Double {
            seconds > 0 ? 2 * Double(multiplyAccumulates) / seconds : 0
        }
    }

    /// The steps in order.
    public var steps: [Step]
    /// The rate of the dense kernel on a product that stays in the first-level cache: what one core can reach.
    public var peakOperationsPerSecond: Double
    /// Seconds per face in all.
    public var seconds: Double { steps.reduce(0) { $0 + $1.seconds } }
}

/// A plan that can tell where its time goes.
public protocol ProfilingPlan: InferencePlan {
    /// Times every step on the calling thread.
    ///
    /// - Parameter passes: Passes to average over, after one that is not counted.
    func profile(passes: Int) -> InferenceProfile
}

extension CPUPlan: ProfilingPlan {
    func profile(passes: Int) -> InferenceProfile {
        let memory = AlignedMemory(byteCount: placement.size)
        let tasks = CPUTaskList(plan: self, memory: memory, faces: facesPerPass)
        let saved = vf_denormals_flush()
        defer { vf_denormals_restore(saved) }
        tasks.run()
        var seconds = [Double](repeating: 0, count: program.steps.count)
        for _ in 0..<max(1, passes) { tasks.run(timing: &seconds) }
        let faces = Double(max(1, passes) * facesPerPass)
        return InferenceProfile(
            steps: zip(program.steps, seconds)
                .map { step, time in
                    InferenceProfile.Step(
                        name: step.name,
                        kernel: step.kernelName,
                        shape: program.layouts[step.output.index].shape,
                        multiplyAccumulates: step.multiplyAccumulates,
                        seconds: time / faces
                    )
                },
            peakOperationsPerSecond: Self.peak()
        )
    }

    /// The best of several short products of 112 rows, 128 deep, one panel wide.
    private static func peak() -> Double {
        let (rows, depth, columns) = (112, 128, vf_panel_width())
        let vectors = [Float](repeating: 0.5, count: columns * depth)
        let product = vectors.withUnsafeBufferPointer {
            InnerProducts(vectors: $0, count: columns, dimensions: depth)
        }
        let input = [Float](repeating: 0.5, count: rows * depth)
        var output = [Float](repeating: 0, count: rows * columns)
        var best = Double.infinity
        for _ in 0..<200 {
            let start = ContinuousClock.now
            input.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    for _ in 0..<20 { product.multiply(rows: input, rowCount: rows, output: output) }
                }
            }
            let time = ContinuousClock.now - start
            best = min(best, Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds))
        }
        return 20 * 2 * Double(rows * depth * columns) / best
    }
}

extension CPUStep {
    fileprivate var kernelName: String {
        switch kernel {
        case .dense(let groups, let geometry):
            "dense \(geometry.kernel.height)x\(geometry.kernel.width)" + (groups.count > 1 ? " in groups" : "")
        case .depthwise(let convolution, let weights):
            (weights.isPaired ? "paired " : "depthwise ") + "\(convolution.kernel.height)x\(convolution.kernel.width)"
        case .winograd: "winograd 3x3"
        case .copy: "copy"
        case .generic: "plain loops"
        }
    }
}

extension ValueLayout {
    fileprivate var shape: ActivationShape { .spatial(height: height, width: width, channels: channels) }
}
