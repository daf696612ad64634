public import ArtifactFiles
public import VerificationMetrics

/// A matched study: several trainings, each with several seeds, over one protocol, compared with a baseline.
public struct StudyTable: Hashable, Sendable {
    /// One training: its seeds' runs.
    public struct Group: Sendable {
        /// What the table calls it.
        public var name: String
        /// The runs.
        public var runs: [RunFolder]

        /// Creates a group.
        public init(name: String, runs: [RunFolder]) {
            self.name = name
            self.runs = runs
        }
    }

    /// One row.
    public struct Row: Hashable, Sendable {
        /// What the table calls it.
        public var name: String
        /// Runs behind it.
        public var runCount: Int
        /// One per FAR target; nil where there is no number.
        public var differences: [GroupDifference?]
    }

    /// What it is called.
    public let title: String
    /// The row that the others are compared with.
    public let baseline: String
    /// The FAR targets of the columns.
    public let targets: [FARTarget]
    /// The rows in order.
    public let rows: [Row]
    /// Genuine and impostor comparisons, subjects.
    public let protocolLine: String
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
    ) async throws(InputError) {
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
        protocolLine =
            "\(genuine) genuine and \(compared.labels.count - genuine) impostor comparisons of protocol "
            + "'\(first.report.protocol.name)'"
    }
}

extension StudyTable {
    /// The table in Markdown, with what the numbers mean.
    public var markdown: String {
        let level = NumberText.fixed(bootstrap.level * 100, decimals: 0)
        var text = "# \(title)\n\nTAR in percent, mean over seeds, with the \(level) % interval of "
        text +=
            "\(NumberText.count(bootstrap.replicates)) resamplings of subjects (\(intervalMethod); seeds stay as they are; few: fewer than \(FARResolution.enough) false accepts are allowed). \(protocolLine).\n\n"
        text +=
            "Δ against '\(baseline)' in points, with three two-sided p-values. **p, subjects**: these very networks on "
        text +=
            "other subjects; it says nothing of another training. **p, seeds**: other trainings on these subjects, a "
        text += "t-test over the seeds, paired in their order where both rows have as many (Welch's where not). "
        text +=
            "**p, both**: other trainings on other subjects, both variances added; what is said of a method rests on "
        text += "this one, and Δ's interval is of this kind (of subjects alone, marked *, where a row has one seed). "
        text += "No p is corrected for the number of rows and FARs.\n\n"
        let columns = targets.map { "TAR at \($0) | Δ | p: subjects | seeds | both" }
        text += "| | seeds | " + columns.joined(separator: " | ") + " |\n|---|--:|"
        text += String(repeating: "--:|--:|--:|--:|--:|", count: targets.count) + "\n"
        for row in rows {
            text += "| \(row.name) | \(row.runCount) | "
            text += row.differences.map { cell($0, isBaseline: row.name == baseline) }.joined(separator: " | ") + " |\n"
        }
        text += "\nEach seed's TAR:\n\n| | " + targets.map { "\($0)" }.joined(separator: " | ") + " |\n|---|"
        text += String(repeating: "---|", count: targets.count) + "\n"
        for row in rows {
            let cells = row.differences.map { $0.map { $0.tars.map(percent).joined(separator: ", ") } ?? "–" }
            text += "| \(row.name) | " + cells.joined(separator: " | ") + " |\n"
        }
        return text
    }

    /// One line per row and target; a finding that there is none of has empty fields.
    public var csv: String {
        var text = "row,seeds,far_target,mean_tar,low,high,difference,"
        text += ["subjects", "seeds", "both"].map { "p_\($0),low_\($0),high_\($0)" }.joined(separator: ",")
        text += ",resolved,resolution,interval_method\n"
        for row in rows {
            for case let difference? in row.differences {
                var fields = [
                    CSVText.field(row.name), "\(row.runCount)", "\(difference.farTarget)", "\(difference.meanTAR)",
                    "\(difference.interval.low)", "\(difference.interval.high)", "\(difference.difference)",
                ]
                for finding in [difference.overSubjects, difference.overSeeds, difference.overBoth] {
                    fields += finding.map { ["\($0.pValue)", "\($0.low)", "\($0.high)"] } ?? ["", "", ""]
                }
                fields += [
                    "\(difference.resolved)", difference.resolution.rawValue, difference.interval.method.rawValue,
                ]
                text += fields.joined(separator: ",") + "\n"
            }
        }
        return text
    }

    private func cell(_ difference: GroupDifference?, isBaseline: Bool) -> String {
        guard let difference else { return Array(repeating: "–", count: 5).joined(separator: " | ") }
        let mark = difference.resolution == .few ? " (few)" : ""
        let own =
            difference.resolution == .unresolved
            ? "not resolved (k < 1)"
            : "\(percent(difference.meanTAR)) "
                + "[\(percent(difference.interval.low)), \(percent(difference.interval.high))]\(mark)"
        guard !isBaseline, difference.resolved else { return own + " | – | – | – | –" }
        let shown = difference.overBoth ?? difference.overSubjects
        let ends = "[\(NumberText.points(shown.low)), \(NumberText.points(shown.high))]"
        let gap = "\(NumberText.points(difference.difference)) \(ends)\(difference.overBoth == nil ? "*" : "")"
        let values = [difference.overSubjects, difference.overSeeds, difference.overBoth]
            .map { $0.map { ComparisonTables.probability($0.pValue) } ?? "–" }
        return ([own, gap] + values).joined(separator: " | ")
    }

    private var intervalMethod: String {
        let intervals = rows.flatMap(\.differences).compactMap { $0.map { $0.interval.method } }
        return Set(intervals.map(\.description)).sorted().joined(separator: "; ")
    }

    private func percent(_ share: Double) -> String { NumberText.fixed(share * 100, decimals: 2) }
}
