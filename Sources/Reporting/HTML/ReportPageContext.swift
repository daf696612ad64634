internal import Foundation
internal import Plotting
internal import VerificationMetrics

/// Fills the template of `report.html`.
struct ReportPageContext {
    let document: ReportDocument
    let tables: ReportTables
    private var report: VerificationReport { document.report }

    init(_ document: ReportDocument) {
        self.document = document
        tables = ReportTables(report: document.report)
    }

    func context() -> PageContext {
        var page = PageContext(["name": report.name, "summary": tables.summarySentence])
        page.set("warnings", tables.warnings.map { PageContext(["warning": $0]) })
        page.set("tiles", tables.hasComparisons ? headline.map(tile) : [])
        page.set(
            "operatingPoints",
            tables.hasComparisons ? PageContext(tables.operatingPoints, style: "stack") : nil
        )
        page.set("overall", tables.hasComparisons ? PageContext(tables.overall) : nil)
        page.set("thresholds", tables.thresholds.map { PageContext($0, style: "stack") })
        page.set("folded", tables.folded.map { PageContext($0, style: "stack") })
        setIdentification(&page)
        setFigures(&page)
        page.set("modes", tables.modes.map { PageContext($0, style: "stack") })
        page.set("hardest", report.hardest.map(hardest))
        setContactSheet(&page)
        page.set("checkpoint", PageContext(tables.checkpoint))
        page.set("preprocessing", PageContext(tables.preprocessing))
        page.set("policy", report.policy.flatMap { PageContext(Self.policy($0)) })
        page.set("protocol", PageContext(tables.protocolFacts))
        page.set("failures", failures)
        page.set("definitions", PageContext(PolicyWords.definitions.map { ReportFact($0.term, $0.meaning) }))
        page.set("inputs", PageContext(tables.inputs))
        page.set("timing", PageContext(tables.timing))
        page.set("environment", PageContext(tables.environment))
        return page
    }

    private static func policy(_ policy: PolicySummary) -> [ReportFact] {
        PolicyWords.entries(policy).map { ReportFact("\($0.term): \($0.value)", $0.meaning) }
    }

    // MARK: Headline

    /// 1e-4, 1e-5 and 1e-6 where they were measured, or else the three smallest targets; the largest first.
    private var headline: [ReportedPoint] {
        let points = report.verification.operatingPoints
        let usual = points.filter { [1e-4, 1e-5, 1e-6].contains($0.farTarget) }
        return Array((usual.isEmpty ? Array(points.prefix(3)) : usual).reversed())
    }

    private func tile(_ point: ReportedPoint) -> PageContext {
        let rate = NumberText.rate(point.farTarget)
        let oneIn = NumberText.count(Int(min(1 / point.farTarget, 1e15).rounded()))
        var context = PageContext(["title": "TAR at FAR \(rate)", "meaning": "one impostor in \(oneIn) accepted"])
        var lines: [String] = []
        let counts = report.protocol
        switch point.outcome {
        case .undefined:
            context.set("resolved", false)
            context.set("tar", "Undefined")
            lines.append((point.outcome.reason ?? "") + ".")
        case .value(let measured):
            context.set("resolved", measured.resolved)
            let percent = NumberText.percent(measured.tar)
            context.set("tar", measured.resolved ? percent : "Not resolved by this protocol")
            context.set("interval", PointText.intervalText(measured.interval))
            if measured.resolved, let method = PointText.methods([measured.interval.value].compactMap { $0 }) {
                lines.append("interval: \(method)")
            }
            if measured.resolution == .few {
                lines.append("few: rests on \(measured.allowedImpostors) allowed false accepts")
            }
            if !measured.resolved {
                let allowed = NumberText.fixed(point.farTarget * Double(counts.impostor), decimals: 2)
                lines.append("It would allow \(allowed) false accepts.")
                lines.append("At zero false accepts: \(percent) %")
            }
            lines.append(
                "\(NumberText.count(measured.acceptedGenuine)) of \(NumberText.count(counts.genuine)) genuine accepted"
            )
            lines.append(
                "\(NumberText.count(measured.acceptedImpostors)) of \(NumberText.count(counts.impostor)) "
                    + "impostors accepted"
            )
        }
        context.set("lines", lines.map { PageContext(["line": $0]) })
        return context
    }

    // MARK: Figures

    private func setFigures(_ page: inout PageContext) {
        let figures = ReportFigures(report: report)
        let (roc, det, scores) = (figures.roc, figures.det, figures.scores)
        func figure(_ svg: String, _ caption: String) -> PageContext {
            var context = PageContext(["caption": caption])
            context.set("svg", Markup(trusted: svg))
            return context
        }
        let intervals = report.verification.operatingPoints.compactMap { $0.outcome.value?.interval.value }
        let level = intervals.first.map { PointText.levelText($0.level) } ?? "95"
        let method = PointText.methods(intervals).map { " (\($0))" } ?? ""
        let band = report.curves.band.count > 1 ? " The band is its \(level) % interval at each FAR\(method)." : ""
        page.set("hasCurves", roc != nil || det != nil)
        page.set("roc", roc.map { figure($0.svg(), "ROC. Dots are the operating points, in percent." + band) })
        page.set(
            "det",
            det.map { figure($0.svg(), "DET, on normal-deviate axes. The broken line is where both errors are alike.") }
        )
        page.set("hasScores", scores != nil)
        page.set(
            "scores",
            scores.map { figure($0.svg(), "Each class is shown in percent of its own scores: their numbers differ.") }
        )
        page.set(
            "explorer",
            ThresholdStates(report: report)
                .map { states in
                    var context = PageContext()
                    context.set("states", Markup(trusted: states.json))
                    return context
                }
        )
    }

    private func setIdentification(_ page: inout PageContext) {
        guard let table = tables.identification else { return }
        let figures = ReportFigures(report: report)
        func figure(_ svg: String, _ caption: String) -> PageContext {
            var context = PageContext(["caption": caption])
            context.set("svg", Markup(trusted: svg))
            return context
        }
        page.set("identification", PageContext(table, style: "stack below"))
        let plots = [
            figures.cmc.map { figure($0.svg(), "CMC: how often the mate is among the first candidates.") },
            figures.dir.map { figure($0.svg(), "DIR: how often the mate is found at rank 1 and passes, over FPIR.") },
        ]
        page.set("searchCurves", plots.compactMap { $0 })
    }

    // MARK: Pictures

    private func source(_ picture: String?) -> Markup? {
        guard let picture, let bytes = document.pictures[picture], bytes.starts(with: [0xff, 0xd8, 0xff]) else {
            return nil
        }
        return Markup(trusted: "data:image/jpeg;base64," + Data(bytes).base64EncodedString())
    }

    private func hardest(_ pairs: HardestPairs) -> PageContext {
        var context = PageContext()
        context.set("impostor", pairs.impostor.map(pair))
        context.set("genuine", pairs.genuine.map(pair))
        return context
    }

    private func pair(_ comparison: HardestPairs.Comparison) -> PageContext {
        var context = PageContext([
            "score": NumberText.score(comparison.score), "comparison": NumberText.count(comparison.comparison),
        ])
        context.set("sides", [comparison.first, comparison.second].map(side))
        return context
    }

    private func side(_ side: HardestPairs.Side) -> PageContext {
        let count = side.imageCount ?? side.images.count
        let shown = side.images.prefix(2).map { VisibleText.line($0, limit: 32) }.joined(separator: ", ")
        var context = PageContext([
            "template": VisibleText.line(side.template, limit: 40),
            "subject": VisibleText.line(side.subject ?? "", limit: 40),
            "images": count > 2 ? "\(shown), … (\(NumberText.count(count)) images)" : shown,
            "allImages": side.images.prefix(20).joined(separator: ", "),
            "alt": "a face of template \(side.template)",
        ])
        context.set("hasSubject", side.subject != nil)
        let source = source(side.picture)
        context.set("hasPicture", source != nil)
        context.set("source", source ?? Markup(trusted: ""))
        return context
    }

    private func setContactSheet(_ page: inout PageContext) {
        let faces = (report.contactSheet ?? [])
            .compactMap { face -> PageContext? in
                guard let source = source(face.picture) else { return nil }
                var context = PageContext([
                    "image": face.image, "short": VisibleText.line(VisibleText.lastComponent(face.image), limit: 24),
                ])
                context.set("source", source)
                return context
            }
        var sheet = PageContext()
        sheet.set("faces", faces)
        page.set("sheet", faces.isEmpty ? nil : sheet)
    }

    // MARK: Failures

    private var failures: PageContext? {
        let findings = report.protocol.findings ?? []
        let failures = report.failures.flatMap { $0.total > 0 ? $0 : nil }
        guard failures != nil || !findings.isEmpty else { return nil }
        var context = PageContext()
        context.set(
            "reasons",
            failures.flatMap { failures in
                var list = PageContext(failures.reasons.map { ReportFact($0.reason, NumberText.count($0.count)) })
                list?.set("title", "\(NumberText.count(failures.total)) images failed")
                return list
            }
        )
        context.set(
            "examples",
            failures.flatMap { failures in
                var list = PageContext(failures.examples.map { ReportFact($0.image, $0.reason) })
                list?.set("title", "The first \(failures.examples.count); failures.csv has all")
                return list
            }
        )
        var list = PageContext()
        list.set("lines", findings.map { PageContext(["line": $0]) })
        context.set("findings", findings.isEmpty ? nil : list)
        return context
    }
}
