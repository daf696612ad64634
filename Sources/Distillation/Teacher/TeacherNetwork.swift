public import ArtifactFiles
public import Checkpoints
internal import Dispatch
public import FaceImaging
internal import NeuralCompute
public import NeuralGraph
public import TrainingData

/// A frozen network that sees every batch: running statistics, no dropout.
public final class TeacherNetwork: TeacherFeatures {
    /// The checkpoint.
    public let checkpoint: ResolvedCheckpoint
    /// What it wants to see.
    public let preprocessing: FacePreprocessing?
    /// Length of an embedding.
    public let dimensions: Int
    /// Shapes of the tapped values.
    public let tapShapes: [ActivationShape]
    private let engine: Engine

    private enum Engine {
        /// Embeddings alone: the inference plan, one worker per thread.
        case embeddings([any InferenceWorker])
        /// Feature maps as well: they are only kept by a training plan.
        case features(any TrainingPlan)
    }

    /// Compiles a teacher.
    ///
    /// - Parameters:
    ///   - checkpoint: The network.
    ///   - preprocessing: What it wants to see.
    ///   - taps: Names of nodes whose values are wanted.
    ///   - batchSize: The most faces that go through it at once.
    ///   - threads: Threads to use.
    /// - Throws: `InputError` when the network cannot be compiled or has no such nodes.
    public init(
        _ checkpoint: ResolvedCheckpoint,
        preprocessing: FacePreprocessing,
        taps: [String],
        batchSize: Int,
        threads: Int
    ) throws(InputError) {
        self.checkpoint = checkpoint
        self.preprocessing = preprocessing
        let (graph, weights) = (checkpoint.graph, checkpoint.weights)
        dimensions = graph.shape(of: graph.output).count
        var shapes: [ActivationShape] = []
        for tap in taps {
            guard let value = graph.value(named: tap) else {
                throw InputError(.missing, "the teacher has no such node", place: "tap '\(tap)'")
            }
            shapes.append(graph.shape(of: value))
        }
        tapShapes = shapes
        let backend = ComputeBackends.all[0]
        if taps.isEmpty {
            let plan = try backend.inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
            engine = .embeddings((0..<threads).map { _ in plan.makeWorker() })
        } else {
            let options = TrainingOptions(batchSize: batchSize, threads: threads, taps: taps)
            engine = .features(try backend.trainingPlan(graph: graph, weights: weights, options: options))
        }
    }

    /// Runs the network on the batch's second view.
    public func output(of batch: TrainingBatch) throws(InputError) -> TeacherOutput {
        batch.views[min(1, batch.views.count - 1)].withUnsafeBufferPointer { output(faces: $0, count: batch.count) }
    }

    /// Runs the network.
    ///
    /// - Parameters:
    ///   - faces: `[count, height, width, 3]`, preprocessed.
    ///   - count: How many faces there are.
    public func output(faces: UnsafeBufferPointer<Float>, count: Int) -> TeacherOutput {
        switch engine {
        case .embeddings(let workers): TeacherOutput(embeddings: embeddings(workers, faces, count), taps: [])
        case .features(let plan): features(plan, faces, count)
        }
    }

    private func embeddings(
        _ workers: [any InferenceWorker],
        _ faces: UnsafeBufferPointer<Float>,
        _ count: Int
    ) -> [Float] {
        let (dimensions, faceLength) = (dimensions, faces.count / max(1, count))
        return [Float](unsafeUninitializedCapacity: count * dimensions) { result, initialized in
            // Every worker has faces, and rows of the result, of its own.
            nonisolated(unsafe) let (result, faces, workers) = (result, faces, workers)
            let share = (count + workers.count - 1) / workers.count
            DispatchQueue.concurrentPerform(iterations: workers.count) { thread in
                let range = min(count, thread * share)..<min(count, (thread + 1) * share)
                guard !range.isEmpty else { return }
                workers[thread]
                    .run(
                        UnsafeBufferPointer(
                            rebasing: faces[range.lowerBound * faceLength..<range.upperBound * faceLength]
                        ),
                        count: range.count,
                        output: UnsafeMutableBufferPointer(
                            rebasing: result[range.lowerBound * dimensions..<range.upperBound * dimensions]
                        )
                    )
            }
            initialized = count * dimensions
        }
    }

    private func features(
        _ plan: any TrainingPlan,
        _ faces: UnsafeBufferPointer<Float>,
        _ count: Int
    ) -> TeacherOutput {
        var found = TeacherOutput(embeddings: [], taps: tapShapes.map { _ in [] })
        let faceLength = faces.count / max(1, count)
        for start in stride(from: 0, to: count, by: plan.batchSize) {
            let part = min(plan.batchSize, count - start)
            plan.forward(
                UnsafeBufferPointer(rebasing: faces[start * faceLength..<(start + part) * faceLength]),
                count: part,
                mode: .evaluation
            )
            found.embeddings += plan.output.prefix(part * dimensions)
            for (tap, shape) in tapShapes.enumerated() {
                found.taps[tap] += plan.features(at: tap).prefix(part * shape.count)
            }
        }
        return found
    }
}
