internal import ArtifactFiles
internal import VerificationMetrics

extension RunFolder {
    /// Refuses scores that did not make the report.
    func check(_ scores: ComparisonScores) throws(InputError) {
        let set: ScoreSet
        do {
            set = try ScoreSet(scores: scores.values, labels: scores.labels)
        } catch {
            throw InputError(.malformed, error.description, file: file("scores.npy"))
        }
        let counts = report.protocol
        for (label, found, expected) in [
            ("genuine", set.counts.genuine, counts.genuine), ("impostor", set.counts.impostor, counts.impostor),
        ] where found != expected {
            throw InputError(
                .mismatch,
                "not as many \(label) comparisons as report.json says",
                file: file("labels.npy"),
                expected: "\(expected)",
                found: "\(found)"
            )
        }
        for point in report.verification.operatingPoints {
            guard let reported = point.outcome.value, let target = try? FARTarget(point.farTarget),
                let found = set.operatingPoint(at: target).value
            else { continue }
            guard found.acceptedGenuine == reported.acceptedGenuine,
                found.acceptedImpostors == reported.acceptedImpostors
            else {
                throw InputError(
                    .mismatch,
                    "these scores did not make report.json: other counts are accepted at FAR \(target)",
                    file: file("scores.npy"),
                    expected: "\(reported.acceptedGenuine) genuine and \(reported.acceptedImpostors) impostor",
                    found: "\(found.acceptedGenuine) and \(found.acceptedImpostors)"
                )
            }
        }
    }
}
