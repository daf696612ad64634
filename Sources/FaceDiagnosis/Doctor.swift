internal import FaceImaging

/// Runs every check and ranks what they find.
package enum Doctor {
    /// Examines a network on labelled faces.
    ///
    /// - Parameters:
    ///   - examination: Network, setting and sample.
    ///   - subject: What the report says of the inputs.
    ///   - earlier: What was found before there was anything to examine: in the protocol's files, in the options.
    /// - Returns: The report.
    /// - Throws: What a check throws; a finding is no error.
    package static func run(
        _ examination: Examination,
        subject: DoctorReport.Subject,
        earlier: [DoctorFinding] = []
    ) throws -> DoctorReport {
        examination.findings = earlier
        var report = DoctorReport(subject: subject)
        report.sample = DoctorReport.Sample(examination)
        var isSearched = false
        for check in DoctorChecks.all {
            // Nothing else can be said of faces that are not there.
            guard check is PictureCheck || examination.hasCrops else { break }
            if !isSearched, check is any SettingFactor {
                isSearched = true
                try examination.searchSettings(DoctorChecks.factors)
            }
            examination.report(check.name)
            let result = try check.run(examination)
            examination.findings += result.findings
            report.checks.append(.init(name: check.name, question: check.question, summary: result.summary))
        }
        if examination.hasCrops {
            report.separation = try examination.separation(examination.user)
            report.bestSeparation = try examination.separation(examination.search.best)
            report.trials = examination.search.trials.map { DoctorReport.Trial($0) }
        }
        report.findings = ranked(examination.findings)
        report.isHealthy = report.culprits.isEmpty
        let best = examination.search.best.preprocessing
        if best != examination.user.preprocessing, report.findings.contains(where: \.blamesSetting) {
            report.suggestedOptions = best.commandLineOptions
        }
        return report
    }

    /// Culprits before warnings, each by likelihood; among equals in the order of the checks.
    package static func ranked(_ findings: [DoctorFinding]) -> [DoctorFinding] {
        func rank(_ finding: DoctorFinding) -> Int { DoctorFinding.Kind.allCases.firstIndex(of: finding.kind) ?? 0 }
        return findings.enumerated()
            .sorted { left, right in
                (rank(left.element), -left.element.likelihood, left.offset)
                    < (rank(right.element), -right.element.likelihood, right.offset)
            }
            .map(\.element)
    }
}

extension DoctorFinding {
    /// Whether a setting of the preprocessing is to blame.
    var blamesSetting: Bool { kind == .culprit && DoctorChecks.factors.contains { $0.name == check } }
}

extension Examination {
    /// Whether any face of the sample could be aligned.
    var hasCrops: Bool { aligned(user).isPresent.contains(true) }
}
