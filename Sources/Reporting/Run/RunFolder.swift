public import ArtifactFiles
public import VerificationMetrics

/// The folder of a run, read back: the report and, where they are there, the scores that it was made from.
///
/// | file | content |
/// |---|---|
/// | `report.json` | the report; the folder is a run's only with it |
/// | `scores.npy` | float32 or float64 `[comparisons]`; −∞ where a template failed to enrol |
/// | `labels.npy` | uint8 `[comparisons]`; 1 genuine, 0 impostor |
/// | `comparisons.npy` | uint32 `[comparisons, 2]`; the templates' ids, when known |
/// | `subjects.csv` | `template,subject`; when known |
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
        let file = FileSystem.join(path, "report.json")
        guard FileSystem.exists(file) else {
            throw InputError(.missing, "not the folder of a finished run: it has no report.json", file: path)
        }
        self.path = path
        report = try VerificationReport(path: file)
    }

    /// What the comparisons of a run scored.
    public struct Scores: Sendable {
        /// One score per comparison.
        public var values: ScoreValues
        /// 1 genuine, 0 impostor.
        public var labels: [UInt8]
        /// Template ids, two per comparison; nil when unknown.
        public var templates: [UInt32]?
        /// The subject of each template that has one; nil when unknown.
        public var subjectNames: [UInt32: String]?
    }

    /// Reads the scores and checks that they are those of the report: same counts, same operating points.
    ///
    /// Where failures to enrol are excluded by the policy, their comparisons are left out here too.
    ///
    /// - Throws: `InputError` that names the file that is missing, damaged or does not belong to the report.
    public func scores() throws(InputError) -> Scores {
        var scores = Scores(
            values: try readValues(),
            labels: try readLabels(),
            templates: try readTemplates(),
            subjectNames: try readSubjects()
        )
        try checkLength(scores.labels.count, of: "labels.npy", like: scores.values.count)
        if let templates = scores.templates {
            try checkLength(templates.count / 2, of: "comparisons.npy", like: scores.values.count)
        }
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

extension VerificationReport {
    /// The pictures that the report names.
    var pictureNames: [String] {
        let pairs = (hardest?.impostor ?? []) + (hardest?.genuine ?? [])
        return pairs.flatMap { [$0.first.picture, $0.second.picture] }.compactMap { $0 }
            + (contactSheet ?? []).map(\.picture)
    }
}

extension RunFolder {
    private func readValues() throws(InputError) -> ScoreValues {
        let array = try NPYFile(path: file("scores.npy"))
        guard array.shape.count == 1 else {
            throw InputError(
                .mismatch,
                "not a list of scores",
                file: file("scores.npy"),
                expected: "one axis",
                found: "\(array.shape)"
            )
        }
        return array.elementType.isSinglePrecision ? .single(try array.floats()) : .double(try array.doubles())
    }

    private func readLabels() throws(InputError) -> [UInt8] {
        let integers = try NPYFile(path: file("labels.npy")).integers()
        if let row = integers.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            throw InputError(
                .malformed,
                "a label is neither 0 nor 1",
                file: file("labels.npy"),
                place: "row \(row)",
                found: "\(integers[row])"
            )
        }
        return integers.map { UInt8($0) }
    }

    private func readTemplates() throws(InputError) -> [UInt32]? {
        let file = file("comparisons.npy")
        guard FileSystem.exists(file) else { return nil }
        let array = try NPYFile(path: file)
        guard array.shape.count == 2, array.shape[1] == 2 else {
            throw InputError(.mismatch, "not pairs", file: file, expected: "[comparisons, 2]", found: "\(array.shape)")
        }
        let integers = try array.integers()
        if let place = integers.firstIndex(where: { UInt32(exactly: $0) == nil }) {
            throw InputError(
                .malformed,
                "a template id is out of range",
                file: file,
                place: "row \(place / 2)",
                found: "\(integers[place])"
            )
        }
        return integers.map { UInt32($0) }
    }

    private func readSubjects() throws(InputError) -> [UInt32: String]? {
        let file = file("subjects.csv")
        guard FileSystem.exists(file) else { return nil }
        let bytes = try MappedFile(path: file).withBytes { Array($0) }
        guard let text = String(validating: bytes, as: UTF8.self), let rows = CSVText.rows(text) else {
            throw InputError(.malformed, "not CSV in UTF-8", file: file)
        }
        var names: [UInt32: String] = [:]
        for (line, fields) in rows where !(line == 1 && fields.first == "template") {
            guard fields.count == 2, let template = UInt32(fields[0]) else {
                throw InputError(
                    .malformed,
                    "not a subject line",
                    file: file,
                    place: "line \(line)",
                    expected: "template,subject",
                    found: "'\(fields.joined(separator: ",").prefix(40))'"
                )
            }
            guard names.updateValue(fields[1], forKey: template) == nil else {
                throw InputError(.malformed, "template \(template) occurs twice", file: file, place: "line \(line)")
            }
        }
        return names
    }
}
