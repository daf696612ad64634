extension Interval {
    /// An interval for the area under the ROC curve.
    ///
    /// The area is linearised: e = (V − AUC) / n for each comparison, with V the share of the other class on its right side
    /// and n the size of its own class (E. R. DeLong et al., *Comparing the areas under two or more correlated ROC curves*,
    /// 1988). Comparisons that share a subject are correlated: with Sₐ the sum of e over the comparisons of subject a, the
    /// variance is Σ Sₐ² less Σ e² over impostor comparisons, which both their subjects count (M. Fafchamps and F. Gubert,
    /// *The formation of risk sharing networks*, 2007). The interval is Wilson's on AUC·(1 − AUC) over that variance.
    ///
    /// - Parameters:
    ///   - scores: One per comparison; −∞ is the lowest.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares.
    ///   - level: Nominal coverage, in (0, 1).
    /// - Returns: The interval, or `noGenuine`, `noImpostor` or `tooFewSubjects`.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public static func areaUnderCurve(
        scores: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects,
        level: Double = 0.95
    ) throws(MetricsError) -> Outcome<Interval> {
        try scores.check(labels: labels, subjects: subjects)
        let numbering = SubjectNumbering(subjects)
        guard numbering.count >= 2 else { return .failure(.tooFewSubjects) }
        let found =
            switch scores {
            case .single(let scores): variance(scores, labels, subjects, numbering)
            case .double(let scores): variance(scores, labels, subjects, numbering)
            }
        return found.map { area, variance in
            let count =
                variance > 0
                ? min(area * (1 - area) / variance, Double(labels.count)) : Double(numbering.count)
            guard let deviate = normalDeviate((1 + level) / 2) else { preconditionFailure("level must be in (0, 1)") }
            let ends = wilsonEnds(
                share: area,
                count: max(count, 1),
                deviate: studentDeviate(deviate, freedom: Double(numbering.count - 1))
            )
            return Interval(
                low: ends.low,
                high: ends.high,
                level: level,
                method: .subjectLinearised,
                replicates: 0,
                effectiveCount: max(count, 1),
                caveats: variance > 0 ? [] : [.noVariation]
            )
        }
    }

    private static func variance<Score: RadixScore>(
        _ scores: [Score],
        _ labels: [UInt8],
        _ subjects: ComparisonSubjects,
        _ numbering: SubjectNumbering
    ) -> Outcome<(area: Double, variance: Double)> {
        let genuine = ScoreRanks(scores, labels, of: 1)
        let impostor = ScoreRanks(scores, labels, of: 0)
        guard genuine.count > 0 else { return .failure(.noGenuine) }
        guard impostor.count > 0 else { return .failure(.noImpostor) }
        var area = 0.0
        for (score, label) in zip(scores, labels) where label == 1 { area += 1 - impostor.shareAbove(score) }
        area /= Double(genuine.count)
        var sums = [Double](repeating: 0, count: numbering.count)
        var own = 0.0
        for index in labels.indices {
            let share =
                labels[index] == 1
                ? (1 - impostor.shareAbove(scores[index]) - area) / Double(genuine.count)
                : (genuine.shareAbove(scores[index]) - area) / Double(impostor.count)
            let rows = numbering.rows(subjects.firstTemplate[index], subjects.secondTemplate[index])
            sums[Int(rows.first)] += share
            if Int(rows.second) < sums.count {
                sums[Int(rows.second)] += share
                own += share * share
            }
        }
        let count = Double(numbering.count)
        let variance = sums.reduce(0) { $0 + $1 * $1 } - own
        return .success((area, max(0, variance) * count / (count - 1)))
    }
}

/// The scores of one class from the highest down, found by their leading bits.
private struct ScoreRanks<Score: RadixScore> {
    private let scores: [Score]
    /// For each value of the leading bits of a key: how many scores have lower ones.
    private let starts: [Int]
    private static var bits: Int { 16 }

    var count: Int { scores.count }

    init(_ all: [Score], _ labels: [UInt8], of label: UInt8) {
        var own: [Score] = []
        // −0 becomes 0, beside which it lies.
        for (score, ownLabel) in zip(all, labels) where ownLabel == label { own.append(score + 0) }
        RadixSort.sort(&own) { $0.descendingKey }
        var starts = [Int](repeating: 0, count: (1 << Self.bits) + 1)
        for score in own { starts[Self.bucket(score) + 1] += 1 }
        for bucket in 1..<starts.count { starts[bucket] += starts[bucket - 1] }
        self.starts = starts
        scores = own
    }

    private static func bucket(_ score: Score) -> Int { Int(score.descendingKey >> (Score.Key.bitWidth - bits)) }

    /// The share of scores above a score, ties counting one half.
    @inline(__always)
    func shareAbove(_ score: Score) -> Double {
        let score = score + 0
        let bucket = Self.bucket(score)
        let above = place(starts[bucket], starts[bucket + 1]) { $0 <= score }
        let atLeast = place(above, starts[bucket + 1]) { $0 < score }
        return Double(above + atLeast) / Double(2 * scores.count)
    }

    @inline(__always)
    private func place(_ start: Int, _ end: Int, _ isBeyond: (Score) -> Bool) -> Int {
        var low = start
        var high = end
        while low < high {
            let middle = low + (high - low) / 2
            if isBeyond(scores[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
