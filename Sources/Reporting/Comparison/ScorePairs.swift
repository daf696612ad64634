internal import VerificationMetrics

/// The scores that two systems give the comparisons of one class, counted over a grid.
struct ScorePairs {
    private static let columns = 64
    let grid: Result<RunComparison.Grid, UndefinedResult>

    init(_ runs: ComparedRuns, label: UInt8) {
        var first: [Double] = []
        var second: [Double] = []
        for (index, value) in runs.labels.enumerated() where value == label {
            let pair = (runs.firstScores[index], runs.secondScores[index])
            guard pair.0.isFinite, pair.1.isFinite else { continue }
            first.append(pair.0)
            second.append(pair.1)
        }
        guard let lowest = first.min(), let highest = first.max(), let low = second.min(), let high = second.max()
        else {
            grid = .failure(.allRejected)
            return
        }
        guard lowest < highest, low < high else {
            grid = .failure(.noSpread)
            return
        }
        var counts = [Int](repeating: 0, count: Self.columns * Self.columns)
        for (one, other) in zip(first, second) {
            let column = Self.place(one, lowest, highest)
            counts[Self.place(other, low, high) * Self.columns + column] += 1
        }
        grid = .success(
            RunComparison.Grid(
                firstRange: [lowest, highest],
                secondRange: [low, high],
                columns: Self.columns,
                counts: counts,
                correlation: Self.correlation(first, second)
            )
        )
    }

    private static func place(_ score: Double, _ low: Double, _ high: Double) -> Int {
        min(Int((score - low) / (high - low) * Double(columns)), columns - 1)
    }

    private static func correlation(_ first: [Double], _ second: [Double]) -> Double {
        let count = Double(first.count)
        let means = (first.reduce(0, +) / count, second.reduce(0, +) / count)
        var (products, squares, others) = (0.0, 0.0, 0.0)
        for (one, other) in zip(first, second) {
            let (deviation, otherDeviation) = (one - means.0, other - means.1)
            products += deviation * otherDeviation
            squares += deviation * deviation
            others += otherDeviation * otherDeviation
        }
        return max(-1, min(1, products / (squares * others).squareRoot()))
    }
}

extension Reported<RunComparison.Grid> {
    init(_ pairs: ScorePairs) { self.init(pairs.grid) { $0 } }
}
