package import Plotting

/// The plots of 1:N identification: one curve for each gallery.
extension ReportFigures {
    /// CMC: identification rate over rank; nil without a mated probe.
    package var cmc: Plot? {
        let curves = (report.identification?.galleries ?? []).filter { $0.cmc.count > 1 }
        guard let longest = curves.map(\.cmc.count).max() else { return nil }
        let axisLow = min((curves.compactMap(\.cmc.first).min() ?? 0) * 100, 98)
        var marks: [any PlotMark] = []
        for (number, gallery) in curves.enumerated() {
            let points = gallery.cmc.enumerated().map { PlotPoint(Double($0 + 1), $1 * 100) }
            marks.append(CurveMark(points, ink: Self.ink(number), joint: .stepped))
        }
        marks += Self.key(curves.map(\.name), x: Double(longest), low: axisLow, high: 100)
        return Plot(
            id: "cmc",
            title: "CMC curve",
            summary: "Closed-set identification rate in percent over rank, for each gallery.",
            horizontal: PlotAxis(.log(from: 1, to: Double(longest)), title: "Rank"),
            vertical: PlotAxis(
                .roundedLinear(from: axisLow, to: 100),
                title: "Mated probes found at that rank or higher, %"
            ),
            marks: marks
        )
    }

    /// DIR: rank-1 identification rate over FPIR; nil without probes of both kinds.
    package var dir: Plot? {
        let curves = (report.identification?.galleries ?? [])
            .compactMap { gallery in gallery.dir.value.map { (name: gallery.name, probes: gallery.unmated, points: $0) }
            }
            .filter { $0.points.contains { $0.fpir > 0 } && $0.probes > 0 }
        guard let most = curves.map(\.probes).max() else { return nil }
        let lowest = max(min(1 / Double(most), 0.01), 1e-6)
        var marks: [any PlotMark] = []
        for (number, curve) in curves.enumerated() {
            let one = 1 / Double(curve.probes)
            let atZero = curve.points.last { $0.fpir == 0 }.map { [PlotPoint(one, $0.tpir * 100)] } ?? []
            let points = atZero + curve.points.filter { $0.fpir > 0 }.map { PlotPoint($0.fpir, $0.tpir * 100) }
            marks.append(CurveMark(points, ink: Self.ink(number), joint: .stepped))
        }
        marks += Self.key(curves.map(\.name), x: 1, low: 0, high: 100)
        return Plot(
            id: "dir",
            title: "DIR curve",
            summary: "Rank-1 identification rate in percent over the false-positive identification rate.",
            horizontal: PlotAxis(
                .log(from: lowest, to: 1),
                title: "FPIR: probes without a mate that raise a candidate"
            ),
            vertical: PlotAxis(.roundedLinear(from: 0, to: 100), title: "TPIR: mated probes found at rank 1, %"),
            marks: marks
        )
    }

    /// Names in the lower right corner, where curves that rise to the left leave room; beside the curves they would cover
    /// each other, for galleries are much alike.
    private static func key(_ names: [String], x: Double, low: Double, high: Double) -> [any PlotMark] {
        names.enumerated()
            .map { number, name in
                let height = 0.02 + 0.08 * Double(names.count - 1 - number)
                return LabelMark(name, at: PlotPoint(x, low + (high - low) * height), anchor: .end, ink: ink(number))
            }
    }

    private static func ink(_ number: Int) -> PlotInk { number % 2 == 0 ? .primary : .secondary }
}
