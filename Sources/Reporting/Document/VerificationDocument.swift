internal import ArtifactFiles
internal import Plotting
internal import VerificationMetrics

extension VerificationReport {
    /// The report as a document.
    ///
    /// - Parameter pictures: JPEG files by the names that the report calls them; empty to show none.
    public func document(pictures: [String: [UInt8]] = [:]) -> ReportDocument {
        var document = ReportDocument(name: "report", title: name)
        document.windowTitle = "\(name): verification report"
        document.lead = summarySentence
        document.warnings = warnings
        // A protocol of searches alone has no comparisons to speak of.
        let hasComparisons = self.protocol.genuine + self.protocol.impostor > 0 || identification == nil
        var head: [ReportBlock] = hasComparisons ? [.tiles(tiles), .table(operatingPointTable)] : []
        if let table = thresholdTable { head.append(.table(table)) }
        if hasComparisons { head.append(.facts(overallFacts)) }
        document.sections = [ReportSection("", head)]
        document.sections += foldSections + identificationSections + figureSections + modeSections
        document.pictures = pictures.filter { $1.starts(with: [0xff, 0xd8, 0xff]) }
        document.sections += faceSections
        let subjects = [
            ("Network", networkFacts), ("Preprocessing", preprocessingFacts), ("Policy", policy?.facts ?? []),
            ("Protocol", protocolFacts),
        ]
        document.sections.append(ReportSection("What was evaluated", [.columns(subjects)]))
        document.sections += failureSections
        let run = [("Inputs", inputFacts), ("Timing", timingFacts), ("Environment", environmentFacts)]
        document.sections += [
            ReportSection("What the words mean", isDetail: true, [.facts(PolicySummary.definitions)]),
            ReportSection("The run", isDetail: true, [.columns(run)]),
        ]
        document.data = dataTables
        document.json = { () throws(InputError) in try jsonText() }
        return document
    }

    // MARK: Head

    /// What was evaluated on what, in a sentence.
    private var summarySentence: String {
        let counts = self.protocol
        var text = checkpoint.map { "\($0.architecture) on " } ?? ""
        text += "\(counts.name): \(NumberText.count(counts.genuine)) genuine and "
        text += "\(NumberText.count(counts.impostor)) impostor comparisons"
        if let templates = counts.templates { text += " of \(NumberText.count(templates)) templates" }
        if let images = counts.images { text += " from \(NumberText.count(images)) images" }
        guard let description = counts.description else { return text + "." }
        return text + ". " + description + (description.hasSuffix(".") ? "" : ".")
    }

    private var warnings: [String] {
        let untrained = "The network is untrained: these numbers show that the tool runs, nothing else."
        return (checkpoint?.isTrained == false ? [untrained] : [])
            + [verification.inversionWarning].compactMap { $0 } + (checkpoint?.notes ?? [])
    }

    /// 1e-4, 1e-5 and 1e-6 where they were measured, or else the three smallest targets; the largest first.
    private var tiles: [ReportTile] {
        let points = verification.operatingPoints
        let usual = points.filter { [1e-4, 1e-5, 1e-6].contains($0.farTarget) }
        return (usual.isEmpty ? Array(points.prefix(3)) : usual).reversed().map(tile)
    }

    private func tile(_ point: AtFAR<ReportedPoint>) -> ReportTile {
        let counts = self.protocol
        let oneIn = NumberText.count(Int(min(1 / point.farTarget, 1e15).rounded()))
        var tile = ReportTile(
            title: "TAR at FAR \(NumberText.rate(point.farTarget))",
            meaning: "one impostor in \(oneIn) accepted",
            value: "Undefined",
            lines: []
        )
        guard let measured = point.outcome.value else {
            tile.lines = ["\(point.outcome.undefinedReason?.description ?? "")."]
            return tile
        }
        let tar = NumberText.percent(measured.tar)
        if measured.resolved {
            tile.value = tar
            tile.interval = PointText.intervalText(measured.interval)
            let method = PointText.methods([measured.interval.value].compactMap { $0 })
            tile.lines += method.map { ["interval: \($0)"] } ?? []
        } else {
            tile.value = "Not resolved by this protocol"
        }
        if measured.resolution == .few {
            tile.lines.append("few: rests on \(measured.allowedImpostors) allowed false accepts")
        }
        if !measured.resolved {
            let allowed = NumberText.fixed(point.farTarget * Double(counts.impostor), decimals: 2)
            tile.lines += ["It would allow \(allowed) false accepts.", "At zero false accepts: \(tar) %"]
        }
        let (genuine, impostors) = (measured.acceptedGenuine, measured.acceptedImpostors)
        tile.lines += [
            "\(NumberText.count(genuine)) of \(NumberText.count(counts.genuine)) genuine accepted",
            "\(NumberText.count(impostors)) of \(NumberText.count(counts.impostor)) impostors accepted",
        ]
        return tile
    }

    private var operatingPointTable: ReportTable {
        let points = verification.operatingPoints
        let intervals = points.compactMap { $0.outcome.value?.interval.value }
        return ReportTable(
            "operating-points",
            caption: "True-accept rate at fixed false-accept rates",
            columns: [
                .right("FAR"), .right("TAR %"), .left(PointText.intervalTitle(intervals), isSmall: true),
                .right("False accepts"), .right("allowed", isSmall: true), .right("Genuine accepted"),
                .right("Threshold"), .right("Nearest: TAR %"), .right("at FAR", isSmall: true),
            ],
            rows: points.map { point in
                let nearest = verification.nearestFAR.first { $0.farTarget == point.farTarget }?.outcome.value
                return [.init(NumberText.rate(point.farTarget))] + Self.cells(point)
                    + [
                        .init(nearest.map { NumberText.percent($0.tar) } ?? "–"),
                        .init(nearest.map { NumberText.rate($0.far) } ?? "–"),
                    ]
            },
            notes: points.compactMap { PointText.resolutionSentence($0, impostors: self.protocol.impostor) }
                + PointText.intervalNotes(points)
        )
    }

    private static func cells(_ point: AtFAR<ReportedPoint>) -> [ReportTable.Cell] {
        guard let measured = point.outcome.value else {
            return ["undefined", .init(point.outcome.undefinedReason?.description ?? ""), "–", "–", "–", "–"]
        }
        let tar = NumberText.percent(measured.tar)
        let few = measured.resolution == .few ? " (few)" : ""
        return [
            .init(measured.resolved ? tar : "not resolved"),
            .init(measured.resolved ? PointText.intervalText(measured.interval) : "\(tar) at zero false accepts"),
            .init(NumberText.count(measured.acceptedImpostors)),
            .init(NumberText.count(measured.allowedImpostors) + few),
            .init(NumberText.count(measured.acceptedGenuine)),
            .init(measured.threshold.value.map { NumberText.score($0) } ?? "–"),
        ]
    }

    /// Whether some comparison was rejected because a template failed to enrol.
    var hasRejections: Bool {
        (self.protocol.rejectedGenuine ?? 0) + (self.protocol.rejectedImpostor ?? 0) > 0
    }

    /// FMR and FNMR at given thresholds; nil where none was given.
    private var thresholdTable: ReportTable? {
        guard let points = verification.thresholds, !points.isEmpty else { return nil }
        let isGeneralised = hasRejections && policy?.failures != "exclude"
        func cell(_ rate: Outcome<MeasuredRate>) -> ReportTable.Cell {
            guard let found = rate.value else { return .init("undefined", detail: rate.undefinedReason?.description) }
            let interval = found.interval.value.map(PointText.smallRange) ?? "no interval"
            return .init(NumberText.smallPercent(found.rate), detail: interval)
        }
        let intervals = points.flatMap { [$0.fmr, $0.fnmr] }.compactMap { $0.value?.interval.value }
        return ReportTable(
            "thresholds",
            caption: "Error rates at given thresholds",
            columns: [.right("Threshold"), .right("FMR %"), .right("FNMR %")]
                + (isGeneralised ? [.right("FAR %"), .right("FRR %")] : [])
                + [.right("False accepts"), .right("Genuine accepted")],
            rows: points.map { point in
                [.init(NumberText.shortest(point.threshold)), cell(point.fmr), cell(point.fnmr)]
                    + (isGeneralised ? [cell(point.far), cell(point.frr)] : [])
                    + [
                        .init(NumberText.count(point.acceptedImpostors)),
                        .init(NumberText.count(point.acceptedGenuine)),
                    ]
            },
            notes: ["These thresholds were given: nothing was chosen on these scores."]
                + (PointText.methods(intervals).map { ["Intervals: \($0)."] } ?? [])
        )
    }

    /// Numbers that do not depend on a FAR.
    private var overallFacts: [ReportFact] {
        func number(_ value: Outcome<Double>, _ interval: Outcome<Interval>?, _ text: (Double) -> String) -> String {
            guard let found = value.value else { return PointText.undefined(value.undefinedReason) }
            return text(found) + (interval?.value.map { " [\(text($0.low)), \(text($0.high))]" } ?? "")
        }
        func scores(_ value: Outcome<ScoreSummary>) -> String {
            guard let scores = value.value else { return PointText.undefined(value.undefinedReason) }
            let spread = scores.standardDeviation.map { " ± \(NumberText.score($0))" } ?? ""
            return "\(NumberText.score(scores.mean))\(spread), "
                + "from \(NumberText.score(scores.minimum)) to \(NumberText.score(scores.maximum))"
        }
        let results = verification
        let range = results.eerInterval?.value.map { " " + PointText.smallRange($0) } ?? ""
        let rate = results.eer.value.map { NumberText.percent($0) + " %" + range }
        return [
            ReportFact("Equal error rate", rate ?? PointText.undefined(results.eer.undefinedReason)),
            ReportFact(
                "Area under the ROC curve",
                number(results.auc, results.aucInterval) { NumberText.fixed($0, decimals: 6) }
            ),
            ReportFact(
                "d′ (distance of the class means)",
                number(results.dPrime, nil) { NumberText.fixed($0, decimals: 3) }
            ),
            ReportFact("Genuine scores, mean ± deviation", scores(results.genuineScores)),
            ReportFact("Impostor scores, mean ± deviation", scores(results.impostorScores)),
        ]
    }

    // MARK: Folds, galleries, policies

    private var foldSections: [ReportSection] {
        guard let folded else { return [] }
        let names = ["sum": "Accuracy-Flip", "off": "Accuracy"]
        let rows = folded.rows.map { row -> [ReportTable.Cell] in
            let isGrid = row.rule == FoldedSummary.Row.grid
            return [
                .init(row.flip), .init(isGrid ? names[row.flip] ?? "–" : "–"),
                .init(isGrid ? "InsightFace's grid" : "exact"), .init(PointText.spread(row.accuracy)),
                Self.tarCell(row),
                .init(row.far.value.map(PointText.spread) ?? PointText.undefined(row.far.undefinedReason)),
            ]
        }
        let pairs = NumberText.count(folded.pairs)
        let table = ReportTable(
            "folds",
            caption: "Accuracy over \(folded.folds) folds of \(pairs) pairs, mean ± standard deviation",
            columns: [
                .left("Flip"), .left("InsightFace calls it"), .left("Thresholds"), .right("Accuracy %"),
                .right("TAR % at FAR \(NumberText.rate(folded.farTarget))"), .right("FAR % reached"),
            ],
            rows: rows,
            notes: [
                "Published accuracies are mostly “Accuracy-Flip”: the embeddings of face and mirror image added. “Accuracy” "
                    + "is without flip. The two are often confused.",
                "A fold's threshold is chosen on the other folds: among all that the scores tell apart (exact), or among "
                    + "squared distances 0, 0.01, … 3.99 as InsightFace's script does.",
                "The threshold of a fold's TAR is that of the other folds' impostors. Not resolved: at that FAR they allow not "
                    + "even one; few: fewer than \(FARResolution.enough).",
            ]
        )
        return [ReportSection("Folds", [.table(table)])]
    }

    /// The TAR of a row whose thresholds rest on enough impostors of the other folds.
    private static func tarCell(_ row: FoldedSummary.Row) -> ReportTable.Cell {
        guard let tar = row.tar.value else { return .init(PointText.undefined(row.tar.undefinedReason)) }
        let text = PointText.spread(tar)
        return switch row.allowedImpostors.map(FARResolution.init(allowedImpostors:)) {
        case .unresolved: .init("not resolved", detail: "\(text) at zero false accepts")
        case .few: .init(text + " (few)")
        case .resolved, nil: .init(text)
        }
    }

    private var identificationSections: [ReportSection] {
        guard let results = identification else { return [] }
        func cell(_ outcome: Outcome<MeasuredRate>, _ resolution: FARResolution) -> ReportTable.Cell {
            guard let rate = outcome.value else {
                return .init("undefined", detail: outcome.undefinedReason?.description)
            }
            let (percent, interval) = (NumberText.percent(rate.rate), PointText.intervalText(rate.interval))
            return switch resolution {
            case .unresolved: .init("(\(percent))", detail: "not resolved (k < 1)")
            case .few: .init(percent + " (few)", detail: interval)
            case .resolved: .init(percent, detail: interval)
            }
        }
        func cells(
            _ ranks: [IdentificationSummary.RankRate],
            _ openSet: [IdentificationSummary.OpenSetRate]
        ) -> [ReportTable.Cell] {
            ranks.map { cell($0.outcome, .resolved) } + openSet.map { cell($0.outcome, $0.resolution) }
        }
        let average = results.average
        let rates = (average.ranks.map(\.outcome) + average.openSet.map(\.outcome))
            .compactMap { $0.value?.interval.value }
        var table = ReportTable(
            "identification",
            caption: "1:N identification, each gallery apart and averaged",
            columns: [.left("Gallery"), .right("Subjects"), .right("Mated probes"), .right("Others")]
                + average.ranks.map { .right("Rank-\($0.rank) %") }
                + average.openSet.map { .right("TPIR % at FPIR \(NumberText.rate($0.fpirTarget))") },
            rows: results.galleries.map { gallery in
                let counts = [gallery.subjects, gallery.mated, gallery.unmated]
                return [.init(gallery.name)] + counts.map { .init(NumberText.count($0)) }
                    + cells(gallery.ranks, gallery.openSet)
            } + [["average", "", "", ""] + cells(average.ranks, average.openSet)],
            notes: [
                "Rank-k: mated probes whose mate is among the k best gallery subjects; ties count against the system.",
                "TPIR: mated probes whose mate is at rank 1 and passes the threshold at which at most that share of the "
                    + "probes without a mate raises any candidate (FPIR).",
                "In brackets: 95 % intervals (\(PointText.methods(rates) ?? "none were drawn")) from resampled probe "
                    + "subjects; in parentheses: the FPIR allows not even one probe, so the rate is that at zero; few: it "
                    + "allows fewer than \(FARResolution.enough).",
            ]
        )
        table.setsDetailsBelow = true
        let figures = ReportFigures(report: self)
        let plots = [
            figures.cmc.map { ReportFigure($0, "CMC: how often the mate is among the first candidates.") },
            figures.dir.map {
                ReportFigure($0, "DIR: how often the mate is found at rank 1 and passes, over FPIR.")
            },
        ]
        return [ReportSection("Identification", [.table(table), .figures(plots.compactMap { $0 })])]
    }

    private var figureSections: [ReportSection] {
        let figures = ReportFigures(report: self)
        let intervals = verification.operatingPoints.compactMap { $0.outcome.value?.interval.value }
        let level = intervals.first.map { PointText.levelText($0.level) } ?? "95"
        let method = PointText.methods(intervals).map { " (\($0))" } ?? ""
        let band = curves.band.count > 1 ? " The band is its \(level) % interval at each FAR\(method)." : ""
        let curves = [
            figures.roc.map { ReportFigure($0, "ROC. Dots are the operating points, in percent." + band) },
            figures.det.map {
                ReportFigure($0, "DET, on normal-deviate axes. The broken line is where both errors are alike.")
            },
        ]
        let scores = figures.scores.map {
            ReportFigure($0, "Each class is shown in percent of its own scores: their numbers differ.")
        }
        return [
            ReportSection("Curves", [.figures(curves.compactMap { $0 })]),
            ReportSection(
                "Scores and threshold",
                scores.map { [.figures([$0], explorer: ThresholdStates(report: self))] } ?? []
            ),
        ]
    }

    /// TAR under each policy, one column per FAR.
    private var modeSections: [ReportSection] {
        guard let modes, let first = modes.first else { return [] }
        let targets = first.operatingPoints.map(\.farTarget)
        func cell(_ mode: ModeResult, _ target: Double) -> ReportTable.Cell {
            guard let point = mode.operatingPoints.first(where: { $0.farTarget == target }) else { return "–" }
            guard let measured = point.outcome.value else { return "undefined" }
            let nearest = mode.nearestFAR.first { $0.farTarget == target }?.outcome.value
            let tar = NumberText.percent(measured.tar)
            return .init(
                measured.resolved ? tar + (measured.resolution == .few ? " (few)" : "") : "(\(tar))",
                detail: nearest.map { NumberText.percent($0.tar) }
            )
        }
        let table = ReportTable(
            "policies",
            caption: "TAR % under every policy, from the same embeddings",
            columns: [.left("Policy")] + targets.map { .right("FAR \(NumberText.rate($0))") },
            rows: modes.map { mode in [.init(mode.policy.line)] + targets.map { cell(mode, $0) } },
            notes: [
                "Small: TAR at the nearest FAR. In parentheses: not resolved by this protocol, at zero false accepts. "
                    + "Few: fewer than \(FARResolution.enough) false accepts are allowed."
            ]
        )
        return [ReportSection("Every policy", [.table(table)])]
    }

    // MARK: Faces and failures

    private var faceSections: [ReportSection] {
        var sections: [ReportSection] = []
        if let hardest {
            let remark =
                "A label error or a wrong alignment shows here first. Comparisons are numbered from 0, as in scores.npy."
            let blocks: [ReportBlock] = [
                .paragraph(remark), .heading("Impostors with the highest scores"), .comparisons(hardest.impostor),
                .heading("Genuine comparisons with the lowest scores"), .comparisons(hardest.genuine),
            ]
            sections.append(ReportSection("Where it is most wrong", isDetail: true, blocks))
        }
        let note = "A sample of what the network sees: eyes, nose and mouth should stand in the same places."
        let faces = ReportBlock.faces(contactSheet ?? [], note: note)
        return sections + [ReportSection("Aligned faces", isDetail: true, [faces])]
    }

    private var failureSections: [ReportSection] {
        var blocks: [ReportBlock] = []
        if let failures, failures.total > 0 {
            blocks = [
                .heading("\(NumberText.count(failures.total)) images failed"),
                .facts(failures.reasons.map { ReportFact($0.reason, NumberText.count($0.count)) }),
            ]
            if !failures.examples.isEmpty {
                blocks += [
                    .heading("The first \(failures.examples.count); failures.csv has all"),
                    .facts(failures.examples.map { ReportFact($0.image, $0.reason) }),
                ]
            }
        }
        if let findings = self.protocol.findings, !findings.isEmpty {
            blocks += [.heading("What the protocol's validation found"), .list(findings)]
        }
        return blocks.isEmpty ? [] : [ReportSection("Failures and findings", isDetail: true, blocks)]
    }
}
