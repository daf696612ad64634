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

    /// What may be concluded at one FAR, in words.
    static func verdict(_ measured: RunComparison.Measured) -> String {
        guard measured.resolved else { return "not resolved" }
        if measured.interval.low > 0 { return "B accepts more genuine" }
        if measured.interval.high < 0 { return "A accepts more genuine" }
        return "not told apart"
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
                .init(title: "p", alignment: .right), .init(title: "Finding", alignment: .left),
            ],
            rows: points.map { point in
                let rate = ReportTable.Cell(NumberText.rate(point.farTarget))
                guard let measured = point.outcome.value else {
                    return [rate] + (0..<5).map { _ in .init("–") } + [.init(point.outcome.reason ?? "undefined")]
                }
                let interval = measured.interval
                let hasSpread = !interval.has(.noVariation)
                return [
                    rate, .init(NumberText.percent(measured.firstTAR)), .init(NumberText.percent(measured.secondTAR)),
                    .init(NumberText.points(measured.difference)),
                    .init(
                        hasSpread
                            ? "[\(NumberText.points(interval.low)), \(NumberText.points(interval.high))]"
                            : "no interval"
                    ),
                    .init(Self.probability(measured.pValue, replicates: interval.replicates)),
                    .init(Self.verdict(measured)),
                ]
            },
            notes: notes
        )
    }

    private var notes: [String] {
        var notes = [
            "Each system has its own threshold at each FAR. Every resampling draws the same subjects for both and finds "
                + "both thresholds anew; the interval and p are of the difference. p is for one FAR at a time: of "
                + "several looked at, the smallest is flattered."
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

    /// A p-value, or the bound that so many replicates can show.
    static func probability(_ value: Double, replicates: Int) -> String {
        let smallest = 2 / Double(replicates + 1)
        if value <= smallest * 1.000001 { return "≤ \(NumberText.rate(smallest))" }
        return NumberText.fixed(value, decimals: value < 0.1 ? 3 : 2)
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
