internal import VerificationMetrics

/// The scores that two systems give the comparisons of one class, counted over a grid.
struct ScorePairs {
    private static let columns = 64
    let grid: Result<RunComparison.Grid, UndefinedResult>

    init(_ runs: ComparedRuns, label: UInt8) {
        var ranges = (Range(), Range())
        Self.visit(runs, label) { one, other in
            ranges.0.add(one)
            ranges.1.add(other)
        }
        guard ranges.0.count > 0 else {
            grid = .failure(.allRejected)
            return
        }
        guard ranges.0.isWide, ranges.1.isWide else {
            grid = .failure(.noSpread)
            return
        }
        let means = (ranges.0.sum / ranges.0.count, ranges.1.sum / ranges.1.count)
        var counts = [Int](repeating: 0, count: Self.columns * Self.columns)
        var (products, squares, others) = (0.0, 0.0, 0.0)
        Self.visit(runs, label) { one, other in
            counts[ranges.1.column(other) * Self.columns + ranges.0.column(one)] += 1
            let (deviation, otherDeviation) = (one - means.0, other - means.1)
            products += deviation * otherDeviation
            squares += deviation * deviation
            others += otherDeviation * otherDeviation
        }
        grid = .success(
            RunComparison.Grid(
                firstRange: [ranges.0.lowest, ranges.0.highest],
                secondRange: [ranges.1.lowest, ranges.1.highest],
                columns: Self.columns,
                counts: counts,
                correlation: max(-1, min(1, products / (squares * others).squareRoot()))
            )
        )
    }

    /// Visits the scores of the comparisons of one class that neither system rejected; copying them would take more
    /// memory than everything else.
    private static func visit(_ runs: ComparedRuns, _ label: UInt8, _ body: (Double, Double) -> Void) {
        for (index, value) in runs.labels.enumerated() where value == label {
            let (one, other) = (runs.firstScores[index], runs.secondScores[index])
            if one.isFinite && other.isFinite { body(one, other) }
        }
    }

    /// What one system's scores span.
    private struct Range {
        var count = 0.0
        var sum = 0.0
        var lowest = Double.infinity
        var highest = -Double.infinity

        mutating func add(_ score: Double) {
            count += 1
            sum += score
            lowest = min(lowest, score)
            highest = max(highest, score)
        }

        /// Whether a grid can be laid over it.
        var isWide: Bool { lowest < highest && (highest - lowest).isFinite }

        func column(_ score: Double) -> Int {
            min(Int((score - lowest) / (highest - lowest) * Double(columns)), columns - 1)
        }
    }
}

extension Reported<RunComparison.Grid> {
    init(_ pairs: ScorePairs) { self.init(pairs.grid) { $0 } }
}
