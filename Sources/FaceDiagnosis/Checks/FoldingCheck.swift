internal import Checkpoints
internal import FaceEvaluation
internal import NeuralCompute
internal import NeuralGraph

/// Whether the rewritten network (normalisation folded, operations fused) computes what the checkpoint says.
package struct FoldingCheck: DoctorCheck {
    package let name = "folding"
    package let question = "Does the folded, fused network agree with the plain one, computed in double precision?"
    /// The reference device takes about a nanosecond for each.
    private static let mostOperations = 3_000_000_000
    private static let mostFaces = 3

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        let network = examination.network
        let affordable = Self.mostOperations / max(1, network.checkpoint.graph.multiplyAccumulateCount)
        guard affordable > 0 else {
            return DoctorCheckResult("skipped: the plain form takes too long for a network of this size")
        }
        let inputs = NetworkInputs(examination, count: min(Self.mostFaces, affordable))
        guard inputs.count > 0 else { return DoctorCheckResult("not applicable: no crops") }
        let reference = try ComputeSettings(device: ReferenceDevice().name).plan(network.checkpoint)
        let all = 0..<inputs.count
        let cosine = NetworkInputs.lowestCosine(
            inputs.run(network.plan, faces: all),
            inputs.run(reference, faces: all),
            dimensions: network.plan.outputShape.count
        )
        let summary = "lowest cosine of \(Words.count(inputs.count, "face")): \(Words.number(cosine, 6))"
        // Single precision keeps five nines; bf16 three.
        guard !(cosine >= (network.compute.options.precision == .float32 ? 0.9999 : 0.99)) else {
            return DoctorCheckResult(summary)
        }
        return DoctorCheckResult(
            summary,
            [
                DoctorFinding(
                    .culprit,
                    check: name,
                    "The network as it is computed is not the network of the checkpoint.",
                    likelihood: 0.93,
                    evidence: ["\(summary) between the folded plan and the plain graph"],
                    remedy: "Compute it plainly, and report this with the checkpoint.",
                    options: "--device reference"
                )
            ]
        )
    }
}
