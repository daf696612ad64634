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
            found = try await bootstrap.compareGroups(
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
        var text =
            "# \(title)\n\nTAR in percent, mean over seeds, with the "
        text += "\(NumberText.fixed(bootstrap.level * 100, decimals: 0)) % interval of "
        text += "\(bootstrap.replicates) resamplings of subjects (\(intervalMethod); seeds stay as they are; "
        text += "few: fewer than "
        text += "\(FARResolution.enough) false accepts are allowed); Δ against '\(baseline)', "
        text += "paired over the same subjects, with a two-sided p-value. \(protocolLine).\n\n"
        let columns = targets.map { "TAR at \($0) | Δ at \($0) (p)" }
        text += "| | seeds | " + columns.joined(separator: " | ") + " |\n|---|--:|"
        text += String(repeating: "--:|--:|", count: targets.count) + "\n"
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

    /// One line per row and target.
    public var csv: String {
        var text = "row,seeds,far_target,mean_tar,low,high,difference,difference_low,difference_high,p_value,resolved\n"
        for row in rows {
            for case let difference? in row.differences {
                let fields = [
                    CSVText.field(row.name), "\(row.runCount)", "\(difference.farTarget)", "\(difference.meanTAR)",
                    "\(difference.interval.low)", "\(difference.interval.high)", "\(difference.difference)",
                    "\(difference.differenceInterval.low)", "\(difference.differenceInterval.high)",
                    "\(difference.pValue)", "\(difference.resolved)",
                ]
                text += fields.joined(separator: ",") + "\n"
            }
        }
        return text
    }

    private func cell(_ difference: GroupDifference?, isBaseline: Bool) -> String {
        guard let difference else { return "– | –" }
        let mark = difference.resolution == .few ? " (few)" : ""
        let own =
            difference.resolution == .unresolved
            ? "not resolved (k < 1)"
            : "\(percent(difference.meanTAR)) "
                + "[\(percent(difference.interval.low)), \(percent(difference.interval.high))]\(mark)"
        guard !isBaseline, difference.resolved else { return own + " | –" }
        let sign = difference.difference >= 0 ? "+" : "−"
        let p = difference.pValue < 0.001 ? "p < 0.001" : "p = " + NumberText.fixed(difference.pValue, decimals: 3)
        return own + " | \(sign)\(percent(abs(difference.difference))) (\(p))"
    }

    private var intervalMethod: String {
        let intervals = rows.flatMap(\.differences).compactMap { $0.map { $0.interval.method } }
        return Set(intervals.map(\.description)).sorted().joined(separator: "; ")
    }

    private func percent(_ share: Double) -> String { NumberText.fixed(share * 100, decimals: 2) }
}
