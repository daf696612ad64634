internal import VerificationMetrics

/// The tables and sentences of a comparison, the same for every form it is written in.
struct ComparisonTables {
    let comparison: RunComparison

    var title: String { "\(comparison.second.name) against \(comparison.first.name)" }

    var summarySentence: String {
        let counts = comparison.protocol
        var text = "A is \(VisibleText.line(comparison.first.name)), B is \(VisibleText.line(comparison.second.name)); "
        text += "both on \(VisibleText.line(counts.name)) with \(NumberText.count(counts.genuine)) genuine and "
        return text + "\(NumberText.count(counts.impostor)) impostor comparisons."
    }

    /// What may be concluded at one FAR, in words: what the p-values say, and nothing else.
    static func verdict(_ measured: RunComparison.Measured) -> String {
        guard measured.resolved, let adjusted = measured.adjustedPValue else { return "not resolved" }
        let limit = 1 - measured.interval.level + 1e-12
        guard measured.pValue <= limit else { return "not told apart" }
        let better = "\(measured.difference > 0 ? "B" : "A") accepts more genuine"
        return adjusted <= limit ? better : better + ", were this FAR the only one"
    }

    var differences: ReportTable {
        let points = comparison.differences
        let level = points.compactMap(\.outcome.value?.interval.level).first ?? 0.95
        return ReportTable(
            caption: "True-accept rates and their difference, B less A, in points of percent",
            columns: [
                .init(title: "FAR", alignment: .right), .init(title: "A: TAR %", alignment: .right),
                .init(title: "B: TAR %", alignment: .right), .init(title: "Difference", alignment: .right),
                .init(title: "\(PointText.levelText(level)) % interval", alignment: .left, isSmall: true),
                .init(title: "p", alignment: .right), .init(title: "p, Holm", alignment: .right),
                .init(title: "p, linearised", alignment: .right), .init(title: "Finding", alignment: .left),
            ],
            rows: points.map { point in
                let rate = ReportTable.Cell(NumberText.rate(point.farTarget))
                guard let measured = point.outcome.value else {
                    return [rate] + (0..<7).map { _ in .init("–") } + [.init(point.outcome.reason ?? "undefined")]
                }
                let interval = measured.interval
                let hasSpread = !interval.has(.noVariation)
                let isResolved = measured.resolved
                return [
                    rate, .init(NumberText.percent(measured.firstTAR)), .init(NumberText.percent(measured.secondTAR)),
                    .init(NumberText.points(measured.difference)),
                    .init(
                        !isResolved
                            ? "–"
                            : hasSpread
                                ? "[\(NumberText.points(interval.low)), \(NumberText.points(interval.high))]"
                                : "no interval"
                    ),
                    .init(isResolved ? Self.probability(measured.pValue) : "–"),
                    .init(measured.adjustedPValue.map { Self.probability($0) } ?? "–"),
                    .init(measured.linearisedPValue.map { Self.probability($0) } ?? "–"),
                    .init(Self.verdict(measured) + few(point.farTarget)),
                ]
            },
            notes: notes
        )
    }

    /// What stands behind a finding whose threshold rests on a handful of comparisons.
    private func few(_ farTarget: Double) -> String {
        // A little above, so that 1e-4 of 10,000 is 1.
        let allowed = Int(farTarget * Double(comparison.protocol.impostor) * (1 + 1e-12))
        return FARResolution(allowedImpostors: allowed) == .few ? " (few: k = \(allowed))" : ""
    }

    private var notes: [String] {
        let measured = comparison.differences.compactMap(\.outcome.value)
        let resolved = measured.count(where: \.resolved)
        let replicates = measured.first?.interval.replicates ?? 0
        var notes = [
            "Each system has its own threshold at each FAR. p holds the difference, in standard errors that allow for shared "
                + "subjects, against \(NumberText.count(replicates)) resamplings that draw the same subjects for both and "
                + "find both thresholds anew; the interval leaves out zero exactly where p is small enough. Holm: p "
                + "corrected for the \(resolved) resolved FARs looked at; the finding follows it. Linearised: the same "
                + "without resampling, by Student's t, a second opinion."
        ]
        let impostors = comparison.protocol.impostor
        for point in comparison.differences where point.outcome.value?.resolved == false {
            let allowed = NumberText.fixed(point.farTarget * Double(impostors), decimals: 2)
            notes.append(
                "FAR \(NumberText.rate(point.farTarget)) is not resolved by this protocol: it allows \(allowed) of "
                    + "\(NumberText.count(impostors)) impostor comparisons; rates there are at zero false accepts."
            )
        }
        return notes
    }

    /// A p-value.
    static func probability(_ value: Double) -> String {
        if value < 0.001 { return "< 0.001" }
        return NumberText.fixed(value, decimals: value < 0.1 ? 3 : 2)
    }

    /// The accuracies over folds and their difference; nil for a protocol without folds.
    var folded: ReportTable? {
        comparison.folded.map { folded in
            func accuracy(_ spread: FoldedSummary.Spread) -> ReportTable.Cell {
                .init("\(NumberText.percent(spread.mean)) ± \(NumberText.percent(spread.standardDeviation))")
            }
            let finding =
                folded.pValue > 1 - folded.level + 1e-12
                ? "not told apart" : "\(folded.difference > 0 ? "B" : "A") decides more pairs rightly"
            return ReportTable(
                caption: "Accuracy over \(folded.folds) folds of \(NumberText.count(folded.pairs)) pairs, in percent",
                columns: [
                    .init(title: "A", alignment: .right), .init(title: "B", alignment: .right),
                    .init(title: "Difference", alignment: .right),
                    .init(
                        title: "\(PointText.levelText(folded.level)) % interval",
                        alignment: .left,
                        isSmall: true
                    ),
                    .init(title: "p, folds", alignment: .right), .init(title: "Only B right", alignment: .right),
                    .init(title: "Only A right", alignment: .right), .init(title: "p, pairs", alignment: .right),
                    .init(title: "Finding", alignment: .left),
                ],
                rows: [
                    [
                        accuracy(folded.firstAccuracy), accuracy(folded.secondAccuracy),
                        .init(NumberText.points(folded.difference)),
                        .init("[\(NumberText.points(folded.low)), \(NumberText.points(folded.high))]"),
                        .init(Self.probability(folded.pValue)), .init(NumberText.count(folded.gained)),
                        .init(NumberText.count(folded.lost)), .init(Self.probability(folded.pairPValue)),
                        .init(finding),
                    ]
                ],
                notes: [
                    "Each fold is decided by the threshold that is best on the others, of every one that the scores tell "
                        + "apart. p over folds is a paired t-test, and the finding follows it; p over pairs is McNemar's "
                        + "exact test, which takes pairs as independent."
                ]
            )
        }
    }

    var flipCounts: ReportTable {
        ReportTable(
            caption: "Comparisons on which the two decide differently",
            columns: [
                .init(title: "FAR", alignment: .right), .init(title: "Genuine, only B accepts", alignment: .right),
                .init(title: "Genuine, only A accepts", alignment: .right),
                .init(title: "Impostor, only B accepts", alignment: .right),
                .init(title: "Impostor, only A accepts", alignment: .right),
            ],
            rows: comparison.differences.compactMap { point in
                point.outcome.value.map { measured in
                    [
                        .init(NumberText.rate(point.farTarget)), .init(NumberText.count(measured.genuineGained)),
                        .init(NumberText.count(measured.genuineLost)),
                        .init(NumberText.count(measured.impostorsGained)),
                        .init(NumberText.count(measured.impostorsLost)),
                    ]
                }
            },
            notes: []
        )
    }

    /// The flipped comparisons with the widest change, by kind; kinds without any are left out.
    var examples: [ReportTable] {
        guard let flips = comparison.flips else { return [] }
        let kinds = [
            ("Genuine, only B accepts", flips.genuineGained), ("Genuine, only A accepts", flips.genuineLost),
            ("Impostor, only B accepts", flips.impostorsGained), ("Impostor, only A accepts", flips.impostorsLost),
        ]
        return kinds.filter { !$0.1.isEmpty }
            .map { title, flips in
                ReportTable(
                    caption: title,
                    columns: [
                        .init(title: "Comparison", alignment: .right), .init(title: "Templates", alignment: .left),
                        .init(title: "A: score", alignment: .right),
                        .init(title: "above threshold", alignment: .right, isSmall: true),
                        .init(title: "B: score", alignment: .right),
                        .init(title: "above threshold", alignment: .right, isSmall: true),
                    ],
                    rows: flips.map { flip in
                        [
                            .init(NumberText.count(flip.comparison)),
                            .init(flip.templates.map { "\($0)" }.joined(separator: ", ")),
                            .init(NumberText.score(flip.firstScore)), .init(Self.margin(flip.firstMargin)),
                            .init(NumberText.score(flip.secondScore)), .init(Self.margin(flip.secondMargin)),
                        ]
                    },
                    notes: []
                )
            }
    }

    private static func margin(_ value: Double) -> String {
        (value >= 0 ? "+" : "") + NumberText.fixed(value, decimals: 2) + " σ"
    }

    var systems: [(title: String, facts: [ReportFact])] {
        [("A", comparison.first), ("B", comparison.second)]
            .map { title, system in
                var facts = [ReportFact("Name", VisibleText.line(system.name))]
                if let text = system.architecture { facts.append(ReportFact("Architecture", VisibleText.line(text))) }
                if let text = system.sha256 { facts.append(ReportFact("SHA-256", VisibleText.line(text))) }
                if let policy = system.policy { facts.append(ReportFact("Policy", PolicyWords.line(policy))) }
                return (title, facts)
            }
    }
}
