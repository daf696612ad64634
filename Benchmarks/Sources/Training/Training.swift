// A training step on all cores: a network, ArcFace over 1,000 identities, SGD with momentum and weight decay; one JSON line.
//
//     Training MODEL BATCH THREADS SECONDS RUNS [DEVICE]
//
// The same work by PyTorch: Benchmarks/peers/training.py. A process measures one batch size, so that `peak_megabytes` is its
// own.

import Backbones
import Foundation
import NeuralCompute
import NeuralGraph
import NeuralTraining

/// A network and a classifier in training.
final class Workload {
    private static let identities = 1_000
    private let device: any Device
    private let plan: any TrainingPlan
    private let batch: Int
    private let images: [Float]
    private let labels: [Int]
    private let centres: DeviceTensor
    private let centreGradient: DeviceTensor
    private let trained: [(value: DeviceTensor, gradient: DeviceTensor, velocity: DeviceTensor)]
    private(set) var losses: [Float] = []

    init(model: String, batch: Int, threads: Int, device name: String) throws {
        let backbone = try BackboneCatalogue.backbone(named: model)
        let configuration = backbone.defaultConfiguration
        let device = try Devices.open(name, threads: threads)
        let plan = try device.trainingPlan(
            graph: backbone.graph(configuration),
            weights: backbone.initialWeights(configuration, seed: 1),
            options: TrainingOptions(batchSize: batch)
        )
        self.device = device
        self.plan = plan
        self.batch = batch
        var state: UInt64 = 1
        func uniform() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / 8_388_608 - 1
        }
        images = (0..<batch * plan.inputShape.count).map { _ in uniform() }
        labels = (0..<batch).map { _ in Int((uniform() + 1) * 499.99) }
        let (rows, columns) = (Self.identities, plan.outputShape.count)
        let elements = (0..<rows * columns).map { _ in 0.01 * uniform() }
        centres = device.tensor(Matrix(rows: rows, columns: columns, elements: elements))
        centreGradient = device.zeros(rows: rows, columns: columns)
        let parameters =
            plan.parameters.filter(\.specification.isTrainable).map { ($0.value, $0.gradient) }
            + [(centres, centreGradient)]
        trained = parameters.map { ($0, $1, device.zeros(rows: $0.rows, columns: $0.columns)) }
    }

    /// Forward, loss, backward, update.
    func step() {
        plan.forward(images, range: 0..<batch, mode: .training(randomSeed: 1))
        let tape = Tape(device: device)
        let embeddings = tape.leaf(plan.output)
        let head = ClassifierHead(kind: .cosine(scale: 64), weights: tape.leaf(centres, gradient: centreGradient))
        let loss = MarginLoss.arcFace(marginRadians: 0.5, gradient: .exact)
            .loss(head.unscaledLogits(of: embeddings), head: head, labels: labels)
        tape.backward(from: loss)
        losses.append(loss.scalar)
        plan.backward(outputGradient: tape.gradientTensor(of: embeddings), tapGradients: [:])
        let updates = trained.map {
            ParameterUpdate($0.value, gradient: $0.gradient, slots: [$0.velocity], weightDecay: 5e-4)
        }
        device.update(.sgd(momentum: 0.9, nesterov: false), updates, learningRate: 0.01, step: losses.count)
    }
}

@main
struct Training {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard (6...7).contains(arguments.count), let batch = Int(arguments[2]), let threads = Int(arguments[3]),
            let seconds = Double(arguments[4]), let runs = Int(arguments[5])
        else {
            FileHandle.standardError.write(Data("usage: Training MODEL BATCH THREADS SECONDS RUNS [DEVICE]\n".utf8))
            exit(2)
        }
        let workload = try Workload(
            model: arguments[1],
            batch: batch,
            threads: threads,
            device: arguments.count > 6 ? arguments[6] : "cpu"
        )
        // The first steps touch the memory for the first time.
        workload.step()
        _ = rate(workload, batch: batch, seconds: seconds / 5)
        let rates = (0..<runs).map { _ in rate(workload, batch: batch, seconds: seconds) }
        print(
            """
            {"peer": "verifar", "model": "\(arguments[1])", "batch": \(batch), "threads": \(threads), \
            "images_per_second": \(rates.sorted()[runs / 2]), "runs": \(rates), \
            "peak_megabytes": \(peakMegabytes()), "first_loss": \(workload.losses[0]), \
            "last_loss": \(workload.losses.last ?? 0)}
            """
        )
    }

    /// Faces per second of a spell.
    private static func rate(_ workload: Workload, batch: Int, seconds: Double) -> Double {
        let start = ContinuousClock.now
        var faces = 0
        var elapsed = 0.0
        while elapsed < seconds {
            workload.step()
            faces += batch
            elapsed = (ContinuousClock.now - start) / .seconds(1)
        }
        return Double(faces) / elapsed
    }

    private static func peakMegabytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return (line?.split(separator: " ").dropFirst().first).flatMap { Int($0) }.map { $0 / 1024 } ?? 0
    }
}
