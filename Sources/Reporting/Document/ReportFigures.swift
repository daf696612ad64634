internal import Plotting
internal import VerificationMetrics

/// The plots of a report.
struct ReportFigures {
    let report: VerificationReport

    private var genuineCount: Double { Double(max(report.protocol.genuine, 1)) }
    private var impostorCount: Double { Double(max(report.protocol.impostor, 1)) }

    /// Where FAR axes begin: the smallest target, or what one impostor is when there is none.
    private var lowestFAR: Double {
        let target = report.verification.operatingPoints.map(\.farTarget).min() ?? 1
        return max(min(target, 0.1), 1e-9)
    }

    /// ROC: TAR over the logarithm of FAR, with the interval as a band; nil when a class is empty.
    var roc: Plot? {
        guard let curve = report.curves.roc.value, !curve.thresholds.isEmpty else { return nil }
        let oneImpostor = 1 / impostorCount
        var points: [PlotPoint] = []
        for index in curve.thresholds.indices {
            let tar = 100 * Double(curve.acceptedGenuine[index]) / genuineCount
            // What is accepted without a false accept holds up to the FAR of one.
            if curve.acceptedImpostors[index] == 0 {
                points = [PlotPoint(oneImpostor, tar)]
            } else {
                points.append(PlotPoint(Double(curve.acceptedImpostors[index]) / impostorCount, tar))
            }
        }
        let shown = points.filter { $0.x >= lowestFAR }
        let band = report.curves.band
        let lowest = min(
            shown.first?.y ?? 0,
            points.last { $0.x <= lowestFAR }?.y ?? 100,
            band.map { $0.low * 100 }.min() ?? 100
        )
        var marks: [PlotMark] = []
        if oneImpostor > lowestFAR * 1.01 {
            marks.append(.region(from: lowestFAR, to: oneImpostor, label: "not resolved: less than one false accept"))
        }
        if band.count > 1 {
            let (lower, upper) = (
                band.map { PlotPoint($0.far, $0.low * 100) }, band.map { PlotPoint($0.far, $0.high * 100) }
            )
            marks.append(.band(lower: lower, upper: upper))
        }
        // The part left of the axis is cut, not drawn along its edge.
        let before = points.last { $0.x < lowestFAR }.map { [PlotPoint(lowestFAR, $0.y)] } ?? []
        marks.append(.curve(before + shown, isStepped: true))
        for point in report.verification.operatingPoints {
            guard let measured = point.outcome.value, measured.resolved else { continue }
            marks.append(
                .dot(
                    PlotPoint(point.farTarget, measured.tar * 100),
                    label: NumberText.percent(measured.tar),
                    anchor: point.farTarget > 0.4 ? .end : .start
                )
            )
        }
        return Plot(
            id: "roc",
            title: "ROC curve",
            summary: "True-accept rate in percent over the false-accept rate on a logarithmic axis.",
            horizontal: .log(from: lowestFAR, to: 1, title: "FAR: share of impostors accepted"),
            vertical: .roundedLinear(from: min(lowest, 98), to: 100, title: "TAR: genuine accepted, %"),
            marks: marks
        )
    }

    /// DET: miss rate over FAR, both on normal-deviate axes; nil when a class is empty or nothing can be shown.
    var det: Plot? {
        guard let curve = report.curves.roc.value else { return nil }
        var points: [PlotPoint] = []
        for (impostors, genuine) in zip(curve.acceptedImpostors, curve.acceptedGenuine) {
            let (far, miss) = (Double(impostors) / impostorCount, 1 - Double(genuine) / genuineCount)
            if far > 0 && far < 0.5 && miss > 0 && miss < 1 { points.append(PlotPoint(far, miss)) }
        }
        guard let first = points.first, points.count > 1 else { return nil }
        let lowFAR = max(lowestFAR, Self.decimalBelow(1 / impostorCount))
        let lowMiss = max(Self.decimalBelow(1 / genuineCount), 1e-6)
        let highMiss = [0.1, 0.2, 0.4, 0.6, 0.8, 0.95].first { $0 >= first.y * 1.2 } ?? 0.99
        let diagonal = [max(lowFAR, lowMiss), min(0.4, highMiss)].map { PlotPoint($0, $0) }
        var marks: [PlotMark] = [
            .curve(diagonal, ink: .muted, isDashed: true), .curve(points, isStepped: true),
        ]
        if let eer = report.verification.eer.value, eer > lowFAR, eer < 0.4 {
            marks.append(
                .dot(
                    PlotPoint(eer, eer),
                    label: "equal error rate \(NumberText.percent(eer)) %",
                    anchor: eer > 0.08 ? .end : .start,
                    level: .above
                )
            )
        }
        return Plot(
            id: "det",
            title: "DET curve",
            summary: "Miss rate over false-accept rate, both in percent on normal-deviate axes.",
            horizontal: .probit(from: lowFAR, to: 0.5, title: "FAR: impostors accepted, %") { normalDeviate($0) },
            vertical: .probit(from: lowMiss, to: highMiss, title: "Genuine missed (1 − TAR), %") { normalDeviate($0) },
            marks: marks
        )
    }

    /// 1, 2 or 5 times a power of ten, at or below a rate.
    private static func decimalBelow(_ rate: Double) -> Double {
        let (_, exponent) = NumberText.scientific(rate)
        return [5, 2, 1].compactMap { Double("\($0)e\(exponent)") }.first { $0 <= rate } ?? rate
    }

    /// Where the scores of both classes lie; nil when they have no spread.
    var scores: Plot? {
        guard let histogram = report.curves.histogram.value else { return nil }
        let bins = histogram.genuine.count
        let width = (histogram.high - histogram.low) / Double(bins)
        let edges = (0...bins).map { histogram.low + width * Double($0) }
        func shares(_ counts: [Int]) -> [Double] {
            let total = Double(max(counts.reduce(0, +), 1))
            return counts.map { 100 * Double($0) / total }
        }
        let impostor = shares(histogram.impostor)
        let genuine = shares(histogram.genuine)
        let highest = max(impostor.max() ?? 1, genuine.max() ?? 1)
        var marks: [PlotMark] = [
            .histogram(edges: edges, values: impostor, ink: .secondary),
            .histogram(edges: edges, values: genuine, ink: .primary),
        ]
        marks += Self.peakLabels([("impostor", impostor, .secondary), ("genuine", genuine, .primary)], edges: edges)
        let headline = report.verification.operatingPoints.first { $0.outcome.value?.resolved == true }
        if let point = headline, let threshold = point.outcome.value?.threshold.value {
            marks.append(.verticalRule(at: threshold, label: "threshold at FAR \(NumberText.rate(point.farTarget))"))
        }
        return Plot(
            id: "scores",
            title: "Score distributions",
            summary: "Share of the genuine and of the impostor scores in each of \(bins) equal bins.",
            horizontal: .linear(from: histogram.low, to: histogram.high, title: "Score", tickCount: 6),
            vertical: .roundedLinear(from: 0, to: highest * 1.12, title: "Share of the class per bin, %"),
            marks: marks
        )
    }

    /// Names above the peaks, apart from each other where the peaks are close.
    private static func peakLabels(
        _ classes: [(name: String, values: [Double], ink: PlotInk)],
        edges: [Double]
    ) -> [PlotMark] {
        var peaks: [(name: String, ink: PlotInk, point: PlotPoint)] = []
        for (name, values, ink) in classes {
            guard let peak = values.max(), peak > 0, let bin = values.firstIndex(of: peak) else { continue }
            peaks.append((name, ink, PlotPoint((edges[bin] + edges[bin + 1]) / 2, peak)))
        }
        peaks.sort { $0.point.x < $1.point.x }
        let range = (edges.last ?? 1) - (edges.first ?? 0)
        let areClose = peaks.count == 2 && peaks[1].point.x - peaks[0].point.x < range / 4
        return peaks.enumerated()
            .map { number, peak in
                let anchor: TextAnchor = areClose ? (number == 0 ? .end : .start) : .middle
                return .label(peak.name, at: peak.point, anchor: anchor, ink: peak.ink)
            }
    }
}

// MARK: 1:N identification, a curve for each gallery

extension ReportFigures {
    /// CMC: identification rate over rank; nil without a mated probe.
    var cmc: Plot? {
        let curves = (report.identification?.galleries ?? []).filter { $0.cmc.count > 1 }
        guard let longest = curves.map(\.cmc.count).max() else { return nil }
        let axisLow = min((curves.compactMap(\.cmc.first).min() ?? 0) * 100, 98)
        var marks: [PlotMark] = []
        for (number, gallery) in curves.enumerated() {
            let points = gallery.cmc.enumerated().map { PlotPoint(Double($0 + 1), $1 * 100) }
            marks.append(.curve(points, ink: Self.ink(number), isStepped: true))
        }
        marks += Self.key(curves.map(\.name), x: Double(longest), low: axisLow, high: 100)
        let title = "Mated probes found at that rank or higher, %"
        return Plot(
            id: "cmc",
            title: "CMC curve",
            summary: "Closed-set identification rate in percent over rank, for each gallery.",
            horizontal: .log(from: 1, to: Double(longest), title: "Rank"),
            vertical: .roundedLinear(from: axisLow, to: 100, title: title),
            marks: marks
        )
    }

    /// DIR: rank-1 identification rate over FPIR; nil without probes of both kinds.
    var dir: Plot? {
        let curves = (report.identification?.galleries ?? [])
            .compactMap { gallery in gallery.dir.value.map { (name: gallery.name, probes: gallery.unmated, points: $0) }
            }
            .filter { $0.points.contains { $0.fpir > 0 } && $0.probes > 0 }
        guard let most = curves.map(\.probes).max() else { return nil }
        var marks: [PlotMark] = []
        for (number, curve) in curves.enumerated() {
            let one = 1 / Double(curve.probes)
            let atZero = curve.points.last { $0.fpir == 0 }.map { [PlotPoint(one, $0.tpir * 100)] } ?? []
            let points = atZero + curve.points.filter { $0.fpir > 0 }.map { PlotPoint($0.fpir, $0.tpir * 100) }
            marks.append(.curve(points, ink: Self.ink(number), isStepped: true))
        }
        marks += Self.key(curves.map(\.name), x: 1, low: 0, high: 100)
        let lowest = max(min(1 / Double(most), 0.01), 1e-6)
        return Plot(
            id: "dir",
            title: "DIR curve",
            summary: "Rank-1 identification rate in percent over the false-positive identification rate.",
            horizontal: .log(from: lowest, to: 1, title: "FPIR: probes without a mate that raise a candidate"),
            vertical: .roundedLinear(from: 0, to: 100, title: "TPIR: mated probes found at rank 1, %"),
            marks: marks
        )
    }

    /// Names in the lower right corner, where curves that rise to the left leave room; beside the curves they would cover
    /// each other, for galleries are much alike.
    private static func key(_ names: [String], x: Double, low: Double, high: Double) -> [PlotMark] {
        names.enumerated()
            .map { number, name in
                let height = 0.02 + 0.08 * Double(names.count - 1 - number)
                return .label(name, at: PlotPoint(x, low + (high - low) * height), anchor: .end, ink: ink(number))
            }
    }

    private static func ink(_ number: Int) -> PlotInk { number % 2 == 0 ? .primary : .secondary }
}

// MARK: The threshold explorer

/// The states that the threshold explorer of a page can show, the strictest first.
package struct ThresholdStates: Encodable, Sendable {
    private struct Jump: Encodable {
        let label: String
        let index: Int
    }

    private struct State: Hashable {
        let impostors: Int
        let genuine: Int
    }

    // Short names: there may be thousands of states in a page.
    private let t: [Double?]
    private let i: [Int]
    private let g: [Int]
    private let jumps: [Jump]
    private let impostors: Int
    private let genuine: Int

    /// The states of the ROC curve and of the operating points; nil when a class is empty.
    init?(report: VerificationReport) {
        guard let curve = report.curves.roc.value else { return nil }
        var thresholds: [State: Double?] = [:]
        for index in curve.thresholds.indices {
            let state = State(impostors: curve.acceptedImpostors[index], genuine: curve.acceptedGenuine[index])
            thresholds[state] = .some(curve.thresholds[index])
        }
        // An operating point's threshold is the midpoint of all that decide alike: it replaces the curve's.
        var points: [(label: String, state: State)] = []
        for point in report.verification.operatingPoints.reversed() {
            guard let measured = point.outcome.value else { continue }
            let state = State(impostors: measured.acceptedImpostors, genuine: measured.acceptedGenuine)
            thresholds[state] = .some(measured.threshold.value)
            if measured.resolved { points.append(("FAR \(NumberText.rate(point.farTarget))", state)) }
        }
        let states = thresholds.keys.sorted { ($0.impostors, $0.genuine) < ($1.impostors, $1.genuine) }
        t = states.map { thresholds[$0] ?? nil }
        i = states.map(\.impostors)
        g = states.map(\.genuine)
        jumps = points.compactMap { label, state in
            states.firstIndex(of: state).map { Jump(label: label, index: $0) }
        }
        impostors = report.protocol.impostor
        genuine = report.protocol.genuine
    }
}
