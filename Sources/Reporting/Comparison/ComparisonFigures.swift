package import Plotting

/// The plots of a comparison.
package struct ComparisonFigures {
    let comparison: RunComparison

    /// Draws from a comparison.
    package init(_ comparison: RunComparison) { self.comparison = comparison }

    /// ΔTAR with its interval over FAR; nil where nothing is resolved.
    package var differences: Plot? {
        var points: [(rate: Double, measured: RunComparison.Measured)] = []
        for point in comparison.differences {
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

    /// Pairs of scores of one class; nil where there is no spread.
    package func agreement(genuine isGenuine: Bool) -> Plot? {
        let reported = isGenuine ? comparison.agreement.genuine : comparison.agreement.impostor
        guard let grid = reported.value, grid.firstRange.count == 2, grid.secondRange.count == 2, grid.columns > 0,
            grid.counts.count == grid.columns * grid.columns
        else { return nil }
        let name = isGenuine ? "genuine" : "impostor"
        var marks: [PlotMark] = [
            .density(counts: grid.counts, columns: grid.columns, ink: isGenuine ? .primary : .secondary)
        ]
        if let flips = comparison.flips,
            let measured = comparison.differences.first(where: { $0.farTarget == flips.farTarget })?.outcome.value
        {
            if let threshold = measured.firstThreshold.value, Self.isInside(threshold, grid.firstRange) {
                marks.append(.verticalRule(at: threshold, label: "A accepts →", ink: .ink))
            }
            if let threshold = measured.secondThreshold.value, Self.isInside(threshold, grid.secondRange) {
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

    private static func isInside(_ value: Double, _ range: [Double]) -> Bool { value > range[0] && value < range[1] }
}
