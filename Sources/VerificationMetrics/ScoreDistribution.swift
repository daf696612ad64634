/// How the scores of one class lie; rejected comparisons have none and are left out.
public struct ScoreSummary: Hashable, Sendable {
    /// How many scores.
    public let count: Int
    /// Their mean.
    public let mean: Double
    /// Their standard deviation, with n − 1; nil for a single score.
    public let standardDeviation: Double?
    /// The lowest.
    public let minimum: Double
    /// The highest.
    public let maximum: Double
}

/// Counts of both classes in bins of equal width.
public struct ScoreHistogram: Hashable, Sendable {
    /// Where the first bin begins.
    public let low: Double
    /// Where the last bin ends; a score of exactly this counts there.
    public let high: Double
    /// Genuine scores in each bin.
    public let genuine: [Int]
    /// Impostor scores in each bin.
    public let impostor: [Int]

    /// The edge below a bin, or above the last for `bin` = the number of bins.
    public func edge(_ bin: Int) -> Double { low + (high - low) * Double(bin) / Double(genuine.count) }
}

extension SortedScores {
    /// Mean, spread and range of one class.
    func summary(_ scores: [Score]) -> Outcome<ScoreSummary> {
        guard let highest = scores.first, let lowest = scores.last else { return .failure(.allRejected) }
        let count = Double(scores.count)
        let mean = scores.reduce(0) { $0 + Double($1) } / count
        let squares = scores.reduce(0.0) { sum, score in
            let deviation = Double(score) - mean
            return sum + deviation * deviation
        }
        return .success(
            ScoreSummary(
                count: scores.count,
                mean: mean,
                standardDeviation: scores.count > 1 ? (squares / (count - 1)).squareRoot() : nil,
                minimum: Double(lowest),
                maximum: Double(highest)
            )
        )
    }

    /// Counts in equal bins from the lowest to the highest score of either class.
    func histogram(bins: Int) -> Outcome<ScoreHistogram> {
        let lows = [genuine.last, impostor.last].compactMap { $0 }
        let highs = [genuine.first, impostor.first].compactMap { $0 }
        guard let low = lows.min(), let high = highs.max() else { return .failure(.allRejected) }
        guard low < high else { return .failure(.noSpread) }
        let count = max(bins, 1)
        let shape = ScoreHistogram(
            low: Double(low),
            high: Double(high),
            genuine: [Int](repeating: 0, count: count),
            impostor: []
        )
        // How many scores lie at or above each inner edge; everything does at the first, nothing above the last.
        func counts(_ scores: [Score]) -> [Int] {
            let atLeast = (0...count)
                .map { bin in
                    if bin == 0 { return scores.count }
                    return bin == count ? 0 : scores.firstPlace { Double($0) < shape.edge(bin) }
                }
            return zip(atLeast, atLeast.dropFirst()).map { $0 - $1 }
        }
        return .success(
            ScoreHistogram(low: shape.low, high: shape.high, genuine: counts(genuine), impostor: counts(impostor))
        )
    }
}
