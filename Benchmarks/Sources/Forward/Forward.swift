// Forward passes on all cores: one JSON line per setting, medians of rounds.
//
//     Forward MODEL fp32|bf16 THREADS FACES ROUNDS [direct]
//
// FACES times THREADS are embedded per round, each thread taking the next 16; `direct` turns Winograd's transforms off. The
// same work by the peers: Benchmarks/peers/forward.py.

import Backbones
import Dispatch
import Foundation
import NeuralCompute
import NeuralGraph
import Synchronization

/// `@unchecked Sendable`: each worker is used by one thread at a time.
struct Workers: @unchecked Sendable {
    var all: [any InferenceWorker]
}

@main
struct Forward {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 6, let threads = Int(arguments[3]), threads > 0, let faces = Int(arguments[4]),
            let rounds = Int(arguments[5]), let precision = InferencePrecision(rawValue: arguments[2])
        else {
            FileHandle.standardError.write(Data("usage: Forward MODEL fp32|bf16 THREADS FACES ROUNDS [direct]\n".utf8))
            exit(2)
        }
        let backbone = try BackboneCatalogue.backbone(named: arguments[1])
        let configuration = backbone.defaultConfiguration
        let plan = try CPUDevice()
            .inferencePlan(
                graph: backbone.graph(configuration),
                weights: backbone.initialWeights(configuration, seed: 1),
                options: InferenceOptions(
                    usesWinograd: !arguments.contains("direct"),
                    precision: precision
                )
            )
        let workers = Workers(all: (0..<threads).map { _ in plan.makeWorker() })
        let size = plan.inputShape.count
        let batch = min(faces, 16)
        let input = (0..<batch * size).map { Float($0 % 251) / 125 - 1 }
        var rates: [Double] = []
        for round in 0...rounds {
            let next = Atomic<Int>(0)
            let start = ContinuousClock.now
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                var output = [Float](repeating: 0, count: batch * plan.outputShape.count)
                input.withUnsafeBufferPointer { input in
                    output.withUnsafeMutableBufferPointer { output in
                        while true {
                            let first = next.add(batch, ordering: .relaxed).oldValue
                            guard first < faces * threads else { return }
                            workers.all[thread].run(input, count: min(batch, faces * threads - first), output: output)
                        }
                    }
                }
            }
            let time = ContinuousClock.now - start
            let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
            // The first round warms up.
            if round > 0 { rates.append(Double(faces * threads) / seconds) }
        }
        rates.sort()
        let median = rates[rates.count / 2]
        print(
            """
            {"peer": "verifar", "model": "\(arguments[1])", "precision": "\(precision.rawValue)", \
            "threads": \(threads), "faces": \(faces), "images_per_second": \(median), "runs": \(rates)}
            """
        )
    }
}
