package import Plotting
internal import VerificationMetrics

/// The plots of a report.
package struct ReportFigures {
    let report: VerificationReport

    /// Draws from a report's curves.
    package init(report: VerificationReport) { self.report = report }

    private var genuineCount: Double { Double(max(report.protocol.genuine, 1)) }
    private var impostorCount: Double { Double(max(report.protocol.impostor, 1)) }

    /// Where FAR axes begin: the smallest target, or what one impostor is when there is none.
    private var lowestFAR: Double {
        let target = report.verification.operatingPoints.map(\.farTarget).min() ?? 1
        return max(min(target, 0.1), 1e-9)
    }

    /// ROC: TAR over the logarithm of FAR, with the interval as a band; nil when a class is empty.
    package var roc: Plot? {
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
        var marks: [any PlotMark] = []
        if oneImpostor > lowestFAR * 1.01 {
            marks.append(
                RegionMark(from: lowestFAR, to: oneImpostor, lines: ["not resolved: less than one false accept"])
            )
        }
        if band.count > 1 {
            marks.append(
                BandMark(
                    lower: band.map { PlotPoint($0.far, $0.low * 100) },
                    upper: band.map { PlotPoint($0.far, $0.high * 100) }
                )
            )
        }
        // The part left of the axis is cut, not drawn along its edge.
        let before = points.last { $0.x < lowestFAR }.map { [PlotPoint(lowestFAR, $0.y)] } ?? []
        marks.append(CurveMark(before + shown, joint: .stepped))
        marks += operatingDots
        return Plot(
            id: "roc",
            title: "ROC curve",
            summary: "True-accept rate in percent over the false-accept rate on a logarithmic axis.",
            horizontal: PlotAxis(.log(from: lowestFAR, to: 1), title: "FAR: share of impostors accepted"),
            vertical: PlotAxis(
                .roundedLinear(from: min(lowest, 98), to: 100),
                title: "TAR: genuine accepted, %"
            ),
            marks: marks
        )
    }

    private var operatingDots: [any PlotMark] {
        report.verification.operatingPoints.compactMap { point in
            guard let measured = point.outcome.value, measured.resolved else { return nil }
            return DotMark(
                PlotPoint(point.farTarget, measured.tar * 100),
                label: NumberText.percent(measured.tar),
                anchor: point.farTarget > 0.4 ? .end : .start
            )
        }
    }

    /// DET: miss rate over FAR, both on normal-deviate axes; nil when a class is empty or nothing can be shown.
    package var det: Plot? {
        guard let curve = report.curves.roc.value else { return nil }
        let points = curve.thresholds.indices
            .compactMap { index -> PlotPoint? in
                let far = Double(curve.acceptedImpostors[index]) / impostorCount
                let miss = 1 - Double(curve.acceptedGenuine[index]) / genuineCount
                let isShown = far > 0 && far < 0.5 && miss > 0 && miss < 1
                return isShown ? PlotPoint(far, miss) : nil
            }
        guard let first = points.first, points.count > 1 else { return nil }
        let lowFAR = max(lowestFAR, Self.decimalBelow(1 / impostorCount))
        let lowMiss = max(Self.decimalBelow(1 / genuineCount), 1e-6)
        let highMiss = [0.1, 0.2, 0.4, 0.6, 0.8, 0.95].first { $0 >= first.y * 1.2 } ?? 0.99
        var marks: [any PlotMark] = [
            CurveMark(
                [max(lowFAR, lowMiss), min(0.4, highMiss)].map { PlotPoint($0, $0) },
                ink: .muted,
                isDashed: true
            ),
            CurveMark(points, joint: .stepped),
        ]
        if let eer = report.verification.eer.value, eer > lowFAR, eer < 0.4 {
            marks.append(
                DotMark(
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
            horizontal: PlotAxis(
                .probit(from: lowFAR, to: 0.5) { normalDeviate($0) },
                title: "FAR: impostors accepted, %"
            ),
            vertical: PlotAxis(
                .probit(from: lowMiss, to: highMiss) { normalDeviate($0) },
                title: "Genuine missed (1 − TAR), %"
            ),
            marks: marks
        )
    }

    /// 1, 2 or 5 times a power of ten, at or below a rate.
    private static func decimalBelow(_ rate: Double) -> Double {
        let (_, exponent) = NumberText.scientific(rate)
        let candidates = [5, 2, 1].compactMap { Double("\($0)e\(exponent)") }
        return candidates.first { $0 <= rate } ?? rate
    }

    /// Where the scores of both classes lie; nil when they have no spread.
    package var scores: Plot? {
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
        var marks: [any PlotMark] = [
            HistogramMark(edges: edges, values: impostor, ink: .secondary),
            HistogramMark(edges: edges, values: genuine, ink: .primary),
        ]
        marks += Self.peakLabels([("impostor", impostor, .secondary), ("genuine", genuine, .primary)], edges: edges)
        let headline = report.verification.operatingPoints.first { $0.outcome.value?.resolved == true }
        if let point = headline, let threshold = point.outcome.value?.threshold.value {
            marks.append(
                RuleMark(at: threshold, .vertical, label: "threshold at FAR \(NumberText.rate(point.farTarget))")
            )
        }
        return Plot(
            id: "scores",
            title: "Score distributions",
            summary: "Share of the genuine and of the impostor scores in each of \(bins) equal bins.",
            horizontal: PlotAxis(.linear(from: histogram.low, to: histogram.high, tickCount: 6), title: "Score"),
            vertical: PlotAxis(.roundedLinear(from: 0, to: highest * 1.12), title: "Share of the class per bin, %"),
            marks: marks
        )
    }

    /// Names above the peaks, apart from each other where the peaks are close.
    private static func peakLabels(
        _ classes: [(name: String, values: [Double], ink: PlotInk)],
        edges: [Double]
    ) -> [any PlotMark] {
        let peaks =
            classes.compactMap { item -> (name: String, ink: PlotInk, point: PlotPoint)? in
                guard let peak = item.values.max(), peak > 0, let bin = item.values.firstIndex(of: peak) else {
                    return nil
                }
                return (item.name, item.ink, PlotPoint((edges[bin] + edges[bin + 1]) / 2, peak))
            }
            .sorted { $0.point.x < $1.point.x }
        let range = (edges.last ?? 1) - (edges.first ?? 0)
        let areClose = peaks.count == 2 && peaks[1].point.x - peaks[0].point.x < range / 4
        return peaks.enumerated()
            .map { number, peak in
                let anchor: SVGCanvas.Anchor = areClose ? (number == 0 ? .end : .start) : .middle
                return LabelMark(peak.name, at: peak.point, anchor: anchor, ink: peak.ink)
            }
    }

    /// All that can be drawn, by the names of their files.
    package var all: [Plot] { [roc, det, scores, cmc, dir].compactMap { $0 } }
}
