public import ArtifactFiles
internal import VerificationMetrics

/// The folder of a run, read back: the report and, where they are there, the scores that it was made from.
///
/// | file | content |
/// |---|---|
/// | `report.json` | the report; the folder is a run's only with it |
/// | `scores.npy` | float32 or float64 `[comparisons]`; −∞ where a template failed to enrol |
/// | `labels.npy` | uint8 `[comparisons]`; 1 genuine, 0 impostor |
/// | `comparisons.npy` | uint32 `[comparisons, 2]`; the templates' ids, when known |
/// | `subjects.csv` | `template,subject`; when known |
/// | `folds.npy` | uint32 `[comparisons]`; the fold of each pair, of a protocol with folds |
/// | `pictures/` | JPEG files that the report names, unless it was made without |
public struct RunFolder: Sendable {
    /// Where it is.
    public let path: String
    /// The report.
    public let report: VerificationReport

    /// Reads the report of a run.
    ///
    /// - Throws: `InputError`: `missing` when the folder holds no report; else as ``VerificationReport/init(path:)``.
    public init(path: String) throws(InputError) {
        let file = FileSystem.join(path, Self.seal)
        guard FileSystem.exists(file) else {
            throw InputError(.missing, "not the folder of a finished run: it has no report.json", file: path)
        }
        self.path = path
        report = try VerificationReport(path: file)
    }

    /// Reads the scores and checks that they are those of the report: same counts, same operating points.
    ///
    /// Where failures to enrol are excluded by the policy, their comparisons are left out here too.
    ///
    /// - Throws: `InputError` that names the file that is missing, damaged or does not belong to the report.
    public func scores() throws(InputError) -> ComparisonScores {
        func known(_ name: String) -> String? { FileSystem.exists(file(name)) ? file(name) : nil }
        var scores = try ComparisonScores(
            scores: file("scores.npy"),
            labels: file("labels.npy"),
            comparisons: known("comparisons.npy"),
            subjects: known("subjects.csv")
        )
        if report.policy?.failures == "exclude" { scores.excludeRejected() }
        try check(scores)
        return scores
    }

    /// The pictures that the report names; those that are missing or no JPEG are left out.
    ///
    /// - Throws: `InputError` (`limitExceeded`) for a picture of more than a megabyte.
    public func pictures() throws(InputError) -> [String: [UInt8]] {
        var pictures: [String: [UInt8]] = [:]
        for name in Set(report.pictureNames) where VerificationReport.isPictureName(name) {
            let file = FileSystem.join(FileSystem.join(path, "pictures"), name)
            guard FileSystem.exists(file) else { continue }
            let mapped = try MappedFile(path: file)
            guard mapped.count <= 1 << 20 else {
                let size = "\(mapped.count)"
                throw InputError(.limitExceeded, "too large for a picture of a face", file: file, found: size)
            }
            pictures[name] = mapped.withBytes { Array($0) }
        }
        return pictures
    }

    func file(_ name: String) -> String { FileSystem.join(path, name) }
}

extension RunFolder {
    /// The file that makes a folder a finished run's; it is written last.
    public static let seal = "report.json"

    /// Everything that a run may leave in its folder, so that none of it stays beside the run that replaces it.
    public static let contents = [
        seal, "report.html", "report.md", "report.tex", "report.txt", "report.csv", "curve.csv", "folds.csv",
        "identification.csv", "roc.svg", "det.svg", "scores.svg", "cmc.svg", "dir.svg", "scores.npy", "labels.npy",
        "comparisons.npy", "folds.npy", "subjects.csv", "templates.npy", "failures.csv", "run.log", "pictures",
    ]

    /// Makes the folder of a run that is about to begin, and finds out whether it can be written.
    ///
    /// - Parameters:
    ///   - path: Made if it is not there.
    ///   - overwriting: Whether it may hold a finished run, which stays until the new one is whole.
    /// - Throws: `InputError` (`unwritable`): a finished run is there, or the folder cannot be written.
    public static func prepare(_ path: String, overwriting: Bool) throws(InputError) {
        let report = FileSystem.join(path, seal)
        if FileSystem.exists(report), !overwriting {
            throw InputError(
                .unwritable,
                "a finished run is here already",
                file: report,
                expected: "another --output, or --overwrite to replace that run"
            )
        }
        try FileSystem.createFolder(path)
        _ = try StagedFolder(in: path)
    }
}

// MARK: Scores that made the report

extension RunFolder {
    /// Refuses scores that did not make the report.
    private func check(_ scores: ComparisonScores) throws(InputError) {
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

    /// The pairs of a run over folds; nil for a protocol without.
    ///
    /// Every pair counts, rejected ones too, whatever the policy for failures. Where `folds.npy` is missing, folds are
    /// consecutive and of equal size; the accuracies that they give must then be those of the report.
    ///
    /// - Throws: `InputError` that names the file that is missing, damaged or does not belong to the report.
    func foldedScores() throws(InputError) -> FoldedScores? {
        guard let summary = report.folded else { return nil }
        let read = try ComparisonScores(
            scores: file("scores.npy"),
            labels: file("labels.npy"),
            comparisons: nil,
            subjects: nil
        )
        let scores = (0..<read.values.count).map { read.values[$0] }
        let labels = read.labels
        let folds: Folds
        let measured: FoldedVerification
        do {
            folds =
                FileSystem.exists(file("folds.npy"))
                ? try Folds(foldOfPair: try NPYFile(path: file("folds.npy")).integers().map { Int($0) })
                : try Folds(pairs: labels.count, folds: summary.folds)
            measured = try FoldedVerification(
                scores: scores,
                labels: labels,
                folds: folds,
                farTarget: FARTarget(summary.farTarget)
            )
        } catch let error as InputError {
            throw error
        } catch {
            throw InputError(.malformed, "\(error)", file: path)
        }
        let row = summary.rows.first { $0.rule == FoldedSummary.Row.exact && $0.flip == report.policy?.flip }
        if let row, measured.folds.map(\.accuracy) != row.foldAccuracies {
            throw InputError(
                .mismatch,
                "these scores and folds did not make report.json: the folds' accuracies differ",
                file: file("scores.npy")
            )
        }
        return FoldedScores(scores: scores, labels: labels, folds: folds, accuracy: measured.accuracy)
    }
}

/// The scores of a set of pairs with the fold of each, LFW's way.
struct FoldedScores {
    var scores: [Double]
    var labels: [UInt8]
    var folds: Folds
    /// By every threshold that the other folds' scores tell apart.
    var accuracy: MeanAndDeviation
}
