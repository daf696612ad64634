internal import Parallelism

/// Where the false-match rate and the false-non-match rate meet.
public struct EqualErrorRate: Hashable, Sendable {
    /// The common rate, by linear interpolation between the two points around the crossing.
    public let rate: Double
    /// The lowest score accepted at the first point at or past the crossing.
    public let threshold: Double
}

extension SortedScores {
    /// The equal error rate.
    func equalErrorRate() -> Outcome<EqualErrorRate> {
        if let emptyClass { return .failure(emptyClass) }
        // FMR rises and FNMR falls along the walk: in each class, bisect for the first score past the crossing.
        let impostorPlace = impostor.firstPlace { hasCrossed(state(atLeast: $0)) }
        let genuinePlace = genuine.firstPlace { hasCrossed(state(atLeast: $0)) }
        let impostorScore = impostorPlace < impostor.count ? impostor[impostorPlace] : nil
        let genuineScore = genuinePlace < genuine.count ? genuine[genuinePlace] : nil
        guard let crossing = [impostorScore, genuineScore].compactMap({ $0 }).max() else {
            return .failure(.errorRatesNeverMeet)
        }
        let before = state(above: crossing)
        let after = state(atLeast: crossing)
        let gapBefore = 1 - trueAcceptRate(before) - falseAcceptRate(before)
        let gapAfter = falseAcceptRate(after) - (1 - trueAcceptRate(after))
        let share = gapBefore / (gapBefore + gapAfter)
        let rate = falseAcceptRate(before) + share * (falseAcceptRate(after) - falseAcceptRate(before))
        return .success(EqualErrorRate(rate: rate, threshold: Double(crossing)))
    }

    /// Whether FMR ≥ FNMR, compared as integers.
    private func hasCrossed(_ state: AcceptedCounts) -> Bool {
        let falseMatches = UInt64(state.impostors).multipliedFullWidth(by: UInt64(counts.genuine))
        let falseNonMatches = UInt64(counts.genuine - state.genuine).multipliedFullWidth(by: UInt64(counts.impostor))
        return (falseMatches.high, falseMatches.low) >= (falseNonMatches.high, falseNonMatches.low)
    }

    /// The area under the ROC curve: the chance that a genuine score is above an impostor's, ties counting one half.
    ///
    /// Rejected comparisons are the lowest score there is.
    func areaUnderCurve() -> Outcome<Double> {
        if let emptyClass { return .failure(emptyClass) }
        // Twice the Mann–Whitney statistic, a whole number; exact in UInt64 up to 2³¹ comparisons of each class.
        var doubled = UInt64(counts.rejectedGenuine) * UInt64(counts.rejectedImpostor)
        var above = 0
        for score in genuine {
            above = impostor.place(from: above) { $0 <= score }
            let atLeast = impostor.place(from: above) { $0 < score }
            doubled += UInt64(2 * (counts.impostor - atLeast) + atLeast - above)
        }
        return .success(Double(doubled) / 2 / Double(counts.genuine) / Double(counts.impostor))
    }
}

extension Array where Element: RadixScore {
    /// The first place at or after `start` from which on `isBeyond` holds: strides that double, then bisection.
    fileprivate func place(from start: Int, where isBeyond: (Element) -> Bool) -> Int {
        var low = start
        var stride = 1
        while low + stride <= count && !isBeyond(self[low + stride - 1]) {
            low += stride
            stride *= 2
        }
        var high = Swift.min(low + stride - 1, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension SubjectBootstrap {
    /// An interval for the equal error rate, which is found anew in each replicate.
    ///
    /// - Parameters:
    ///   - observed: That of the data themselves.
    ///   - scores: One per comparison; −∞ cannot be accepted.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public func equalErrorRateInterval(
        _ observed: EqualErrorRate,
        scores: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects
    ) throws(MetricsError) -> Outcome<Interval> {
        try scores.check(labels: labels, subjects: subjects)
        let numbering = SubjectNumbering(subjects)
        guard numbering.count >= 2 else { return .failure(.tooFewSubjects) }
        let pairs = PairCounts(subjects: subjects, labels: labels, numbering: numbering)
        // Twice the rate leaves room for nearly every replicate; one that needs more is drawn again from all.
        var limit = Int(2 * observed.rate * Double(labels.count)) + 10_000
        while true {
            let ranking = RankedComparisons(
                scores: scores,
                labels: labels,
                subjects: subjects,
                numbering: numbering,
                impostorLimit: limit
            )
            if let rates = equalErrorRates(ranking, pairs, numbering.count) {
                let rate = ObservedRate(rate: observed.rate, trials: labels.count, subjects: numbering.count)
                return interval(rate, values: rates, caveats: [])
            }
            limit = .max
        }
    }

    /// One rate per replicate; nil where the ranking is too short for one.
    private func equalErrorRates(
        _ ranking: RankedComparisons,
        _ pairs: PairCounts,
        _ subjectCount: Int
    ) -> [Double?]? {
        struct RankingIsTooShort: Error {}
        let blocks = try? ThreadPool(threads)
            .map(ReplicateWeights.blockCount(replicates)) { place throws(RankingIsTooShort) in
                let block = ReplicateBlock(
                    seed: seed,
                    firstReplicate: place * ReplicateWeights.laneCount,
                    subjectCount: subjectCount,
                    pairs: pairs
                )
                guard let rates = block.equalErrorRates(ranking) else { throw RankingIsTooShort() }
                return rates
            }
        return blocks.map { Array($0.joined().prefix(replicates)) }
    }
}
