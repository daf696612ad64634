internal import ArtifactFiles
public import Reporting
internal import VerificationMetrics

/// The scores of any system, from their files to a report.
public struct ScoreEvaluation: Sendable {
    /// One score for each comparison.
    public var scores: String
    /// One label for each comparison; the scores' file when nil.
    public var labels: String?
    /// The columns of a table, or the entries of an `.npz`.
    public var scoreColumn: String?
    public var labelColumn: String?
    /// Whether less is more alike.
    public var areDistances = false
    /// Template ids, `[comparisons, 2]`.
    public var comparisons: String?
    /// Lines of `template,subject`; without it genuine comparisons join templates.
    public var subjects: String?
    public var metrics = VerificationMeasurement.Options()
    /// What the report calls the system; the scores' file name when nil.
    public var name: String?
    /// Whether a run that the folder holds is replaced.
    public var overwrites = false
    /// What the report says of how it was made.
    public var seed: UInt64 = 1
    public var threads = 1

    public init(scores: String, labels: String? = nil) {
        self.scores = scores
        self.labels = labels
    }

    /// Measures, and writes a run folder where one is given.
    ///
    /// - Throws: `InputError` and `MetricsError` for files that cannot be read or do not fit each other.
    @discardableResult
    public func run(writingTo folder: String? = nil) async throws -> VerificationReport {
        if let folder { try RunFolder.prepare(folder, overwriting: overwrites) }
        let read = try ComparisonScores(
            scores: scores,
            labels: labels ?? scores,
            comparisons: comparisons,
            subjects: subjects,
            columns: (scoreColumn, labelColumn),
            areDistances: areDistances
        )
        let compared = try read.comparisonSubjects()
        var options = metrics
        if areDistances { options.thresholds = options.thresholds.map { -$0 } }
        let measurement = try VerificationMeasurement(
            scores: read.values,
            labels: read.labels,
            subjects: compared,
            options: options
        )
        let report = try report(measurement, read, compared)
        guard let folder else { return report }
        let staged = try StagedFolder(in: folder)
        try read.write(to: staged.path)
        try report.document().write(VerificationReport.forms, to: staged.path)
        try staged.commit(seal: RunFolder.seal, removing: RunFolder.contents)
        return report
    }

    private func report(
        _ measurement: VerificationMeasurement,
        _ read: ComparisonScores,
        _ compared: ComparisonSubjects?
    ) throws(InputError) -> VerificationReport {
        let counts = measurement.counts
        var summary = ProtocolSummary(
            name: FileSystem.lastComponent(labels ?? scores),
            genuine: counts.genuine,
            impostor: counts.impostor
        )
        summary.rejectedGenuine = counts.rejectedGenuine
        summary.rejectedImpostor = counts.rejectedImpostor
        summary.subjects = compared?.subjectCount
        summary.impostorSubjectPairs = compared?.impostorPairCount(labels: read.labels)
        summary.subjectOrigin = compared.map { _ in subjects == nil ? "implied" : "stated" }
        summary.sha256 = read.templates.map { _ in "\(read.digest())" }
        if areDistances {
            summary.description = "The scores are distances times −1: the threshold −0.8 accepts distances up to 0.8."
        }
        var report = VerificationReport(
            name: name ?? FileSystem.lastComponent(scores),
            protocol: summary,
            measured: measurement
        )
        report.inputs = read.inputs
        for (role, path) in [("comparisons", comparisons), ("subjects", subjects)] {
            guard let path else { continue }
            let digest = try ContentDigest(ofFile: path)
            report.inputs.append(RunInput(role: role, file: FileSystem.lastComponent(path), sha256: "\(digest)"))
        }
        report.environment = RunEnvironment.summary(threads: threads, seed: seed)
        return report
    }
}
