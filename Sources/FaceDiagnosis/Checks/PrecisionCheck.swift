internal import ArtifactFiles
internal import FaceEvaluation
internal import NeuralCompute
internal import NeuralGraph

/// What bf16 costs.
package struct PrecisionCheck: DoctorCheck {
    package let name = "precision"
    package let question = "Does the precision of the arithmetic matter?"
    private static let bearableLoss = 0.02

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        let network = examination.network
        let precision = network.compute.options.precision
        let other: InferencePrecision = precision == .float32 ? .bfloat16 : .float32
        let plan: any InferencePlan
        do throws(InputError) {
            plan = try ComputeSettings(device: CPUDevice().name, options: InferenceOptions(precision: other))
                .plan(network.checkpoint)
        } catch {
            return DoctorCheckResult("\(other.rawValue) cannot be tried: \(error.problem)")
        }
        guard let mine = try examination.matrix(examination.user),
            let embeddings = examination.embeddings(examination.user, plan: plan)
        else { return DoctorCheckResult("not applicable: no usable output") }
        let theirs = SimilarityMatrix(
            embeddings.values,
            isPresent: embeddings.isEmbedded,
            subjects: examination.subjects
        )
        let gain = PairedGain(from: mine, to: theirs)
        let summary =
            "yours (\(precision.rawValue)): margin \(Words.number(gain.before)); \(other.rawValue): "
            + Words.number(gain.after)
        guard precision == .bfloat16, gain.relative > Self.bearableLoss,
            gain.isSure(among: 1, rate: SettingSearch.falseAlarmRate)
        else { return DoctorCheckResult(summary) }
        return DoctorCheckResult(
            summary,
            [
                DoctorFinding(
                    .culprit,
                    check: name,
                    "bf16 costs this network accuracy.",
                    likelihood: gain.likelihood,
                    evidence: ["margin \(Words.number(gain.before)) in bf16, \(Words.number(gain.after)) in fp32"],
                    remedy: "Compute in single precision.",
                    options: "--precision fp32"
                )
            ]
        )
    }
}
