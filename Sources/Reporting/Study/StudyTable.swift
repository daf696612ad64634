public import ArtifactFiles
public import VerificationMetrics

/// A matched study: several trainings, each with several seeds, over one protocol, compared with a baseline.
public struct StudyTable: Sendable {
    /// One training: its seeds' runs.
    public struct Group: Sendable {
        public var name: String
        public var runs: [RunFolder]

        public init(name: String, runs: [RunFolder]) {
            self.name = name
            self.runs = runs
        }
    }

    /// One row.
    public struct Row: Sendable {
        public var name: String
        public var runCount: Int
        /// One per FAR target; nil where there is no number.
        public var differences: [GroupDifference?]
    }

    public let title: String
    /// The row that the others are compared with.
    public let baseline: String
    /// The FAR targets of the columns.
    public let targets: [FARTarget]
    public let rows: [Row]
    private let protocolName: String
    private let counts: (genuine: Int, impostor: Int)
    private let bootstrap: SubjectBootstrap

    /// Compares the groups.
    ///
    /// - Throws: `InputError` for folders that cannot be read, and (`mismatch`) for runs over different comparisons.
    public init(
        title: String,
        groups: [Group],
        baseline: String,
        targets: [FARTarget],
        bootstrap: SubjectBootstrap
    ) throws(InputError) {
        guard let place = groups.firstIndex(where: { $0.name == baseline }), let first = groups[place].runs.first else {
            throw .unknownName(baseline, kind: "row", known: groups.map(\.name))
        }
        var scores: [[ScoreValues]] = []
        var compared: ComparedRuns?
        for group in groups {
            var values: [ScoreValues] = []
            for run in group.runs {
                let runs = try ComparedRuns(first, run)
                compared = compared ?? runs
                values.append(runs.secondScores)
            }
            scores.append(values)
        }
        guard let compared else { throw InputError(.missing, "a study has at least one run") }
        let found: [[Outcome<GroupDifference>]]
        do {
            found = try bootstrap.compareGroups(
                scores,
                baseline: place,
                labels: compared.labels,
                subjects: compared.subjects,
                targets: targets
            )
        } catch {
            throw InputError(.malformed, "\(error)", file: first.path)
        }
        rows = zip(groups, found).map { Row(name: $0.name, runCount: $0.runs.count, differences: $1.map(\.value)) }
        self.title = title
        self.baseline = baseline
        self.targets = targets
        self.bootstrap = bootstrap
        let genuine = compared.labels.count { $0 == 1 }
        counts = (genuine, compared.labels.count - genuine)
        protocolName = first.report.protocol.name
    }
}

extension StudyTable {
    /// The study as a document.
    ///
    /// - Parameter name: What its files are called, without an ending.
    public func document(name: String = "study") -> ReportDocument {
        var document = ReportDocument(name: name, title: title)
        let level = PointText.levelText(bootstrap.level)
        let methods = PointText.methods(rows.flatMap(\.differences).compactMap { $0?.interval }) ?? "none"
        document.lead =
            "TAR in percent, mean over seeds, with the \(level) % interval of \(NumberText.count(bootstrap.replicates)) "
            + "resamplings of subjects (\(methods); seeds stay as they are; few: fewer than \(FARResolution.enough) false "
            + "accepts are allowed). \(counts.genuine) genuine and \(counts.impostor) impostor comparisons of protocol "
            + "'\(protocolName)'."
        let meaning =
            "Δ against '\(baseline)' in points, with three two-sided p-values. p, subjects: these very networks on other "
            + "subjects; it says nothing of another training. p, seeds: other trainings on these subjects, a t-test over the "
            + "seeds, paired in their order where both rows have as many (Welch's where not). p, both: other trainings on "
            + "other subjects, both variances added; what is said of a method rests on this one, and Δ's interval is of this "
            + "kind (of subjects alone, marked *, where a row has one seed). No p is corrected for the number of rows and "
            + "FARs."
        let seeds = ReportTable(
            "seeds",
            caption: "Each seed's TAR",
            columns: [.left("")] + targets.map { .left("\($0)") },
            rows: rows.map { row in
                [.init(row.name)]
                    + row.differences.map { found in
                        .init(found.map { $0.tars.map(NumberText.percent).joined(separator: ", ") } ?? "–")
                    }
            }
        )
        document.sections = [ReportSection("", [.paragraph(meaning), .table(table), .table(seeds)])]
        document.data = [data(name)]
        return document
    }

    private var table: ReportTable {
        ReportTable(
            "study",
            columns: [.left(""), .right("seeds")]
                + targets.flatMap { ["TAR at \($0)", "Δ", "p: subjects", "seeds", "both"].map { .right($0) } },
            rows: rows.map { row in
                [.init(row.name), .init("\(row.runCount)")]
                    + row.differences.flatMap { cells($0, isBaseline: row.name == baseline) }
            }
        )
    }

    private func cells(_ difference: GroupDifference?, isBaseline: Bool) -> [ReportTable.Cell] {
        guard let difference else { return ["–", "–", "–", "–", "–"] }
        let few = difference.resolution == .few ? " (few)" : ""
        let interval = PointText.intervalText(.success(difference.interval))
        let own =
            PointText.resolutionMark(difference.resolution, allowed: 0).flatMap { difference.resolved ? nil : $0 }
            ?? "\(NumberText.percent(difference.meanTAR)) \(interval)\(few)"
        guard !isBaseline, difference.resolved else { return [.init(own), "–", "–", "–", "–"] }
        let shown = difference.overBoth ?? difference.overSubjects
        let ends = "[\(NumberText.points(shown.low)), \(NumberText.points(shown.high))]"
        let gap = "\(NumberText.points(difference.difference)) \(ends)\(difference.overBoth == nil ? "*" : "")"
        let found = [difference.overSubjects, difference.overSeeds, difference.overBoth]
        return [.init(own), .init(gap)] + found.map { .init($0.map { NumberText.probability($0.pValue) } ?? "–") }
    }

    /// One line per row and target; a finding that there is none of has empty fields.
    private func data(_ name: String) -> DataTable {
        var table = DataTable(
            name,
            columns: ["row", "seeds", "far_target", "mean_tar", "low", "high", "difference"]
                + ["subjects", "seeds", "both"].flatMap { ["p_\($0)", "low_\($0)", "high_\($0)"] }
                + ["resolved", "resolution", "interval_method"]
        )
        for row in rows {
            for case let difference? in row.differences {
                let interval = difference.interval
                let numbers = [difference.meanTAR, interval.low, interval.high, difference.difference]
                let findings = [difference.overSubjects, difference.overSeeds, difference.overBoth]
                    .flatMap { [$0?.pValue, $0?.low, $0?.high] }
                table.rows.append(
                    [row.name, "\(row.runCount)", "\(difference.farTarget)"] + numbers.map { "\($0)" }
                        + findings.map { DataTable.field($0) }
                        + ["\(difference.resolved)", difference.resolution.rawValue, interval.method.rawValue]
                )
            }
        }
        return table
    }
}
