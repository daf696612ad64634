/// Whether the pictures can be read and aligned.
package struct PictureCheck: DoctorCheck {
    package let name = "pictures"
    package let question = "Can the pictures be read and aligned?"
    private static let bearableShare = 0.05

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        let aligned = examination.aligned(examination.user)
        let failures = aligned.failures
        let summary = "\(aligned.count - failures.count) of \(aligned.count) faces aligned"
        guard let first = failures.first else { return DoctorCheckResult(summary) }
        var counts: [String: Int] = [:]
        for failure in failures { counts[failure.reason, default: 0] += 1 }
        let reasons = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key): \($0.value)" }
        let share = Double(failures.count) / Double(aligned.count)
        let isBad = share > Self.bearableShare
        let finding = DoctorFinding(
            isBad ? .culprit : .warning,
            check: name,
            failures.count == aligned.count
                ? "Not one picture gives a face."
                : "\(failures.count) of \(aligned.count) pictures give no face; what is missing counts against the network.",
            likelihood: min(0.99, 0.6 + share),
            evidence: [reasons.joined(separator: ", "), "first: " + Words.visible(first.detail)],
            remedy: remedy(for: first.reason, examination)
        )
        return DoctorCheckResult(summary + " (\(reasons.joined(separator: ", ")))", [finding])
    }

    private func remedy(for reason: String, _ examination: Examination) -> String {
        switch reason {
        case "missing-file": "Check --data and the image folder: the protocol names files that are not there."
        case "wrong-size":
            "These pictures are taken for aligned faces and have another size: align them first, or use a protocol with "
                + "landmarks."
        case "outside-picture", "degenerate-landmarks", "non-finite-landmarks":
            "Check the landmark file: its points do not lie in these pictures."
        default: "Replace the damaged files; `verifar evaluate` lists all of them in failures.csv."
        }
    }
}
