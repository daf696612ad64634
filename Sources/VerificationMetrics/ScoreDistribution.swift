/// How the scores of one class lie; rejected comparisons have none and are left out.
public struct ScoreSummary: Hashable, Sendable, Codable {
    /// How many scores.
    public let count: Int
    /// Their mean.
    public let mean: Double
    /// Their standard deviation, with n − 1; nil for a single score, and beyond the largest number.
    public let standardDeviation: Double?
    /// The lowest.
    public let minimum: Double
    /// The highest.
    public let maximum: Double
}

/// Counts of both classes in bins of equal width.
public struct ScoreHistogram: Hashable, Sendable, Codable {
    /// Where the first bin begins.
    public let low: Double
    /// Where the last bin ends; a score of exactly this counts there.
    public let high: Double
    /// Genuine scores in each bin.
    public let genuine: [Int]
    /// Impostor scores in each bin.
    public let impostor: [Int]

    /// The edge below a bin, or above the last for `bin` = the number of bins.
    public func edge(_ bin: Int) -> Double {
        let width = high - low
        if width.isFinite { return low + width * Double(bin) / Double(genuine.count) }
        let share = Double(bin) / Double(genuine.count)
        return low * (1 - share) + high * share
    }
}

extension Double {
    /// The largest power of two that is not above a positive number; 1 for 0, and never near the ends of the range.
    var powerOfTwo: Double {
        self == 0 ? 1 : Double(sign: .plus, exponent: Swift.max(-1000, Swift.min(1000, exponent)), significand: 1)
    }
}

extension SortedScores {
    /// Mean, spread and range of one class.
    func summary(_ scores: [Score]) -> Outcome<ScoreSummary> {
        guard let highest = scores.first, let lowest = scores.last else { return .failure(.allRejected) }
        let count = Double(scores.count)
        // In a unit near the largest score, so that no square is out of range; a power of two changes no digit.
        let unit = Double(max(abs(highest), abs(lowest))).powerOfTwo
        let mean = scores.reduce(0) { $0 + Double($1) / unit } / count
        let squares = scores.reduce(0.0) { sum, score in
            let deviation = Double(score) / unit - mean
            return sum + deviation * deviation
        }
        let deviation = (squares / (count - 1)).squareRoot() * unit
        return .success(
            ScoreSummary(
                count: scores.count,
                mean: mean * unit,
                standardDeviation: deviation.isFinite ? deviation : nil,
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
