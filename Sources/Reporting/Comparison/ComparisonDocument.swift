internal import ArtifactFiles
internal import Plotting
internal import VerificationMetrics

extension RunComparison {
    /// The comparison as a document.
    public func document() -> ReportDocument {
        let counts = self.protocol
        var document = ReportDocument(name: "compare", title: "\(second.name) against \(first.name)")
        document.lead =
            "A is \(first.name), B is \(second.name); both on \(counts.name) with \(NumberText.count(counts.genuine)) "
            + "genuine and \(NumberText.count(counts.impostor)) impostor comparisons."
        let caption = "Whiskers are intervals of one FAR each. Where one crosses zero, the two are not told apart."
        let figures = [differenceFigure.map { ReportFigure($0, caption) }].compactMap { $0 }
        let tables = [foldedTable, differenceTable].compactMap { $0 }
        document.sections = [
            ReportSection("", tables.map { .table($0) } + [.figures(figures)]),
            ReportSection("Which comparisons flipped", isDetail: true, [.table(flipTable)] + flipBlocks),
            ReportSection("How the scores agree", isDetail: true, [.figures(agreementFigures)]),
            ReportSection("The systems", isDetail: true, [.columns([("A", facts(first)), ("B", facts(second))])]),
        ]
        document.json = { () throws(InputError) in try JSONText.of(self) }
        return document
    }

    // MARK: Tables

    private var differenceTable: ReportTable {
        let intervals = differences.compactMap { $0.outcome.value?.interval }
        return ReportTable(
            "differences",
            caption: "True-accept rates and their difference, B less A, in points of percent",
            columns: [
                .right("FAR"), .right("A: TAR %"), .right("B: TAR %"), .right("Difference"),
                .left("\(PointText.levelText(intervals.first?.level ?? 0.95)) % interval", isSmall: true), .right("p"),
                .right("p, Holm"), .right("p, linearised"), .left("Finding"),
            ],
            rows: differences.map { point in
                let rate = ReportTable.Cell(NumberText.rate(point.farTarget))
                guard let measured = point.outcome.value else {
                    let reason = point.outcome.undefinedReason?.description ?? "undefined"
                    return [rate] + (0..<7).map { _ in "–" } + [.init(reason)]
                }
                let interval = measured.interval
                let range =
                    interval.caveats.contains(.noVariation)
                    ? "no interval" : "[\(NumberText.points(interval.low)), \(NumberText.points(interval.high))]"
                func probability(_ value: Double?) -> ReportTable.Cell {
                    .init(value.map(NumberText.probability) ?? "–")
                }
                return [
                    rate, .init(NumberText.percent(measured.firstTAR)), .init(NumberText.percent(measured.secondTAR)),
                    .init(NumberText.points(measured.difference)), .init(measured.resolved ? range : "–"),
                    probability(measured.resolved ? measured.pValue : nil), probability(measured.adjustedPValue),
                    probability(measured.linearisedPValue),
                    .init(Self.verdict(measured) + fewRemark(point.farTarget)),
                ]
            },
            notes: notes
        )
    }

    /// What may be concluded at one FAR, in words: what the p-values say, and nothing else.
    private static func verdict(_ measured: Measured) -> String {
        guard measured.resolved, let adjusted = measured.adjustedPValue else { return "not resolved" }
        let limit = 1 - measured.interval.level + 1e-12
        guard measured.pValue <= limit else { return "not told apart" }
        let better = "\(measured.difference > 0 ? "B" : "A") accepts more genuine"
        return adjusted <= limit ? better : better + ", were this FAR the only one"
    }

    /// What stands behind a finding whose threshold rests on a handful of comparisons.
    private func fewRemark(_ farTarget: Double) -> String {
        let allowed = (try? FARTarget(farTarget))?.allowedImpostors(of: self.protocol.impostor) ?? 0
        return FARResolution(allowedImpostors: allowed) == .few ? " (few: k = \(allowed))" : ""
    }

    private var notes: [String] {
        let measured = differences.compactMap(\.outcome.value)
        let replicates = measured.first?.interval.replicates ?? 0
        return [
            "Each system has its own threshold at each FAR. p holds the difference, in standard errors that allow for shared "
                + "subjects, against \(NumberText.count(replicates)) resamplings that draw the same subjects for both and "
                + "find both thresholds anew; the interval leaves out zero exactly where p is small enough. Holm: p "
                + "corrected for the \(measured.count(where: \.resolved)) resolved FARs looked at; the finding follows it. "
                + "Linearised: the same without resampling, by Student's t, a second opinion."
        ]
            + differences.filter { $0.outcome.value?.resolved == false }
            .map { point in
                PointText.unresolvedSentence(point.farTarget, impostors: self.protocol.impostor)
                    + "; rates there are at zero false accepts."
            }
    }

    /// The accuracies over folds and their difference; nil for a protocol without folds.
    private var foldedTable: ReportTable? {
        guard let folded else { return nil }
        let better = "\(folded.difference > 0 ? "B" : "A") decides more pairs rightly"
        let columns: [ReportTable.Column] = [
            .right("A"), .right("B"), .right("Difference"),
            .left("\(PointText.levelText(folded.level)) % interval", isSmall: true), .right("p, folds"),
            .right("Only B right"), .right("Only A right"), .right("p, pairs"), .left("Finding"),
        ]
        let row = [
            PointText.spread(folded.firstAccuracy), PointText.spread(folded.secondAccuracy),
            NumberText.points(folded.difference),
            "[\(NumberText.points(folded.low)), \(NumberText.points(folded.high))]",
            NumberText.probability(folded.pValue), NumberText.count(folded.gained), NumberText.count(folded.lost),
            NumberText.probability(folded.pairPValue),
            folded.pValue > 1 - folded.level + 1e-12 ? "not told apart" : better,
        ]
        return ReportTable(
            "folds",
            caption: "Accuracy over \(folded.folds) folds of \(NumberText.count(folded.pairs)) pairs, in percent",
            columns: columns,
            rows: [row.map { .init($0) }],
            notes: [
                "Each fold is decided by the threshold that is best on the others, of every one that the scores tell "
                    + "apart. p over folds is a paired t-test, and the finding follows it; p over pairs is McNemar's "
                    + "exact test, which takes pairs as independent."
            ]
        )
    }

    private static let flipKinds = [
        "Genuine, only B accepts", "Genuine, only A accepts", "Impostor, only B accepts", "Impostor, only A accepts",
    ]

    private var flipTable: ReportTable {
        ReportTable(
            "flips",
            caption: "Comparisons on which the two decide differently",
            columns: [.right("FAR")] + Self.flipKinds.map { .right($0) },
            rows: differences.compactMap { point in
                point.outcome.value.map { found in
                    let counts = [found.genuineGained, found.genuineLost, found.impostorsGained, found.impostorsLost]
                    return [.init(NumberText.rate(point.farTarget))] + counts.map { .init(NumberText.count($0)) }
                }
            }
        )
    }

    /// The flipped comparisons with the widest change, by kind; kinds without any are left out.
    private var flipBlocks: [ReportBlock] {
        guard let flips else { return [] }
        let kinds = [flips.genuineGained, flips.genuineLost, flips.impostorsGained, flips.impostorsLost]
        guard kinds.contains(where: { !$0.isEmpty }) else { return [] }
        func margin(_ value: Double) -> String {
            (value >= 0 ? "+" : "") + NumberText.fixed(value, decimals: 2) + " σ"
        }
        let tables = zip(Self.flipKinds, kinds).filter { !$1.isEmpty }
            .map { title, flips in
                ReportTable(
                    "flipped",
                    caption: title,
                    columns: [
                        .right("Comparison"), .left("Templates"), .right("A: score"),
                        .right("above threshold", isSmall: true), .right("B: score"),
                        .right("above threshold", isSmall: true),
                    ],
                    rows: flips.map { flip in
                        [
                            NumberText.count(flip.comparison),
                            flip.templates.map { "\($0)" }.joined(separator: ", "), NumberText.score(flip.firstScore),
                            margin(flip.firstMargin), NumberText.score(flip.secondScore), margin(flip.secondMargin),
                        ]
                        .map { .init($0) }
                    }
                )
            }
        return [
            .heading("The widest changes at FAR \(NumberText.rate(flips.farTarget))"),
            .paragraph(
                "Distances from the threshold are in standard deviations of each system's impostor scores; comparisons are "
                    + "numbered from 0."
            ),
        ] + tables.map { .table($0) }
    }

    private func facts(_ system: System) -> [ReportFact] {
        [
            ("Name", system.name), ("Architecture", system.architecture), ("SHA-256", system.sha256),
            ("Policy", system.policy?.line),
        ]
        .compactMap { label, value in value.map { ReportFact(label, $0) } }
    }

    // MARK: Figures

    /// ΔTAR with its interval over FAR; nil where nothing is resolved.
    private var differenceFigure: Plot? {
        var points: [(rate: Double, measured: Measured)] = []
        for point in differences {
            if let measured = point.outcome.value, measured.resolved { points.append((point.farTarget, measured)) }
        }
        guard let first = points.first?.rate, let last = points.last?.rate else { return nil }
        let ends =
            points.flatMap { [$0.measured.interval.low, $0.measured.interval.high, $0.measured.difference] }
            .map { 100 * $0 } + [0]
        let (low, high) = (ends.min() ?? -1, ends.max() ?? 1)
        let room = max((high - low) * 0.08, 0.05)
        return Plot(
            id: "differences",
            title: "Difference of the true-accept rates",
            summary: "TAR of B less TAR of A in points of percent, with its interval, at each false-accept rate.",
            horizontal: .log(from: first / 2, to: min(last * 4, 1), title: "FAR: share of impostors accepted"),
            vertical: .roundedLinear(from: low - room, to: high + room, title: "TAR of B less A, points"),
            marks: [.horizontalRule(at: 0)]
                + points.map { rate, measured in
                    .dot(
                        PlotPoint(rate, measured.difference * 100),
                        interval: (measured.interval.low * 100)...(measured.interval.high * 100),
                        label: NumberText.points(measured.difference),
                        level: .beside
                    )
                }
        )
    }

    private var agreementFigures: [ReportFigure] {
        [("genuine", agreement.genuine.value, PlotInk.primary), ("impostor", agreement.impostor.value, .secondary)]
            .compactMap { name, grid, ink in
                guard let grid, let plot = plot(grid, name, ink) else { return nil }
                let correlation = NumberText.fixed(grid.correlation, decimals: 3)
                return ReportFigure(
                    plot,
                    "Each \(name) comparison's two scores; darker squares hold more. Correlation \(correlation)."
                )
            }
    }

    /// Pairs of scores of one class, with both thresholds.
    private func plot(_ grid: Grid, _ name: String, _ ink: PlotInk) -> Plot? {
        guard grid.firstRange.count == 2, grid.secondRange.count == 2, grid.columns > 0,
            grid.counts.count == grid.columns * grid.columns
        else { return nil }
        func isInside(_ value: Double, _ range: [Double]) -> Bool { value > range[0] && value < range[1] }
        var marks: [PlotMark] = [.density(counts: grid.counts, columns: grid.columns, ink: ink)]
        if let flips, let found = differences.first(where: { $0.farTarget == flips.farTarget })?.outcome.value {
            if let threshold = found.firstThreshold.value, isInside(threshold, grid.firstRange) {
                marks.append(.verticalRule(at: threshold, label: "A accepts →", ink: .ink))
            }
            if let threshold = found.secondThreshold.value, isInside(threshold, grid.secondRange) {
                marks.append(.horizontalRule(at: threshold, label: "B accepts ↑", ink: .ink))
            }
        }
        return Plot(
            id: "agreement-\(name)",
            title: "Scores of the \(name) comparisons",
            summary: "Score of A against score of B for each \(name) comparison; darker squares hold more.",
            horizontal: .linear(from: grid.firstRange[0], to: grid.firstRange[1], title: "Score of A"),
            vertical: .linear(from: grid.secondRange[0], to: grid.secondRange[1], title: "Score of B"),
            marks: marks,
            height: 400
        )
    }
}
