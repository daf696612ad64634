public import ArtifactFiles
public import Checkpoints
public import FaceImaging
public import NeuralCompute
public import NeuralGraph
public import NeuralTraining
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
    private let device: any Device
    private let engine: Engine

    private enum Engine {
        /// Embeddings alone.
        case embeddings(any BatchInference)
        /// Feature maps as well: they are only kept by a training plan.
        case features(any TrainingPlan)
    }

    /// Compiles a teacher.
    ///
    /// - Parameters:
    ///   - checkpoint: The network.
    ///   - preprocessing: What it wants to see.
    ///   - taps: Names of nodes whose values are wanted.
    ///   - batchSize: The most images that go through it at once, where there are taps.
    ///   - device: Where it runs.
    /// - Throws: `InputError` when the network cannot be compiled or has no such nodes.
    public init(
        _ checkpoint: ResolvedCheckpoint,
        preprocessing: FacePreprocessing,
        taps: [String] = [],
        batchSize: Int,
        device: any Device
    ) throws(InputError) {
        self.checkpoint = checkpoint
        self.preprocessing = preprocessing
        self.device = device
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
        engine =
            taps.isEmpty
            ? .embeddings(try device.batchInference(graph: graph, weights: weights))
            : .features(
                try device.trainingPlan(
                    graph: graph,
                    weights: weights,
                    options: TrainingOptions(batchSize: batchSize, taps: taps)
                )
            )
    }

    /// Runs the network on the batch's second view.
    public func output(of batch: TrainingBatch) -> TeacherOutput {
        output(of: batch.views[min(1, batch.views.count - 1)], count: batch.count)
    }

    /// Runs the network on preprocessed images.
    public func output(of images: any ImageValues, count: Int) -> TeacherOutput {
        switch engine {
        case .embeddings(let network): TeacherOutput(embeddings: network.output(of: images, count: count))
        case .features(let plan): features(plan, images, count)
        }
    }

    /// The network's embeddings in the host's memory, `[count, dimensions]`.
    public func embeddings(of images: any ImageValues, count: Int) -> Matrix {
        device.matrix(of: output(of: images, count: count).embeddings)
    }

    private func features(_ plan: any TrainingPlan, _ images: any ImageValues, _ count: Int) -> TeacherOutput {
        let found = TeacherOutput(
            embeddings: device.makeTensor(rows: count, columns: dimensions),
            taps: tapShapes.map { device.makeTensor(rows: count, columns: $0.count) }
        )
        for start in stride(from: 0, to: count, by: plan.batchSize) {
            let part = start..<min(count, start + plan.batchSize)
            plan.forward(images, range: part, mode: .evaluation)
            device.copy(0..<part.count, of: plan.output, to: found.embeddings, fromRow: start)
            for (tap, target) in found.taps.enumerated() {
                device.copy(0..<part.count, of: plan.features(at: tap), to: target, fromRow: start)
            }
        }
        return found
    }
}
