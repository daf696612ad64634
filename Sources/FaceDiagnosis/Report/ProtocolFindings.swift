internal import FaceProtocols

extension DoctorFinding {
    /// What the protocol's files say against each other, when that stops an evaluation.
    ///
    /// - Returns: One finding for each kind of error.
    static func findings(of reading: FindingList) -> [DoctorFinding] {
        var seen: Set<ProtocolFinding.Kind> = []
        return reading.findings.filter { $0.severity == .error && seen.insert($0.kind).inserted }
            .map { first in
                let count = reading.counts[first.kind] ?? 1
                return DoctorFinding(
                    .culprit,
                    check: "protocol-files",
                    title(of: first),
                    likelihood: 0.99,
                    evidence: [
                        "\(Words.count(count, "place")) of this kind (\(first.kind.rawValue))",
                        "first: " + Words.visible(first.description),
                    ],
                    remedy: remedy(for: first.kind)
                )
            }
    }

    private static func title(of finding: ProtocolFinding) -> String {
        switch finding.kind {
        case .imageOrder: "The landmark rows are not in the order of the image rows: they name other images."
        case .rowCount: "The landmark file and the image list have different numbers of rows."
        case .subjectDisagreement:
            "The labels of the comparisons contradict the subjects: template ids, pairs or subjects are mixed up."
        case .contradictoryLabel: "The comparisons contradict themselves."
        default: "The protocol's files have errors: \(Words.visible(finding.message))."
        }
    }

    private static func remedy(for kind: ProtocolFinding.Kind) -> String {
        switch kind {
        case .imageOrder, .rowCount:
            "Bring the landmark file into the order of the image list, line for line; `verifar protocol validate` shows "
                + "every line."
        default: "`verifar protocol validate` shows every line; take all files from one release."
        }
    }
}
