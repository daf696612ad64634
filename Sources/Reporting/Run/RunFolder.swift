public import ArtifactFiles

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
                throw InputError(
                    .limitExceeded,
                    "too large for a picture of a face",
                    file: file,
                    found: "\(mapped.count)"
                )
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
        seal, "report.html", "report.md", "report.tex", "report.csv", "scores.npy", "labels.npy", "comparisons.npy",
        "folds.npy", "subjects.csv", "templates.npy", "failures.csv", "run.log", "pictures", "curve.csv", "folds.csv",
        "identification.csv",
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

extension VerificationReport {
    /// The pictures that the report names.
    var pictureNames: [String] {
        let pairs = (hardest?.impostor ?? []) + (hardest?.genuine ?? [])
        return pairs.flatMap { [$0.first.picture, $0.second.picture] }.compactMap { $0 }
            + (contactSheet ?? []).map(\.picture)
    }
}
