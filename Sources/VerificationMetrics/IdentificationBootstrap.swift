internal import SeededRandom

/// Intervals of 1:N rates from resampled probe subjects.
///
/// Each replicate draws as many probe subjects as there are, with replacement; a probe weighs as often as its subject was
/// drawn. The galleries stay. Threshold and rates are found anew in each replicate, and galleries are averaged within it,
/// so that an average's interval knows that the galleries share probes.
public struct IdentificationBootstrap: Sendable {
    private let bootstrap: SubjectBootstrap

    /// Wraps the choices of replicates, seed and level.
    public init(_ bootstrap: SubjectBootstrap) { self.bootstrap = bootstrap }

    /// Intervals of one gallery or of the average over galleries.
    public struct Intervals: Sendable {
        /// One for each rank.
        public let ranks: [Outcome<Interval>]
        /// One for each FPIR.
        public let openSet: [Outcome<Interval>]
    }

    /// Draws intervals.
    ///
    /// - Parameters:
    ///   - results: One for each gallery; subjects are numbered alike in all.
    ///   - ranks: Ranks from 1.
    ///   - targets: FPIR targets.
    /// - Returns: The galleries' intervals in order, then those of the average over them.
    public func intervals(
        of results: [IdentificationResult],
        ranks: [Int],
        targets: [FARTarget]
    ) -> [Intervals] {
        let numbers = Set(results.flatMap { $0.probes.map(\.subject) }).sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(numbers, 0...))
        let galleries = results.map { WeighedSearch($0, places: places) }
        guard numbers.count > 1 else {
            let none = [Outcome<Interval>](repeating: .failure(.tooFewSubjects), count: max(ranks.count, targets.count))
            let intervals = Intervals(
                ranks: Array(none.prefix(ranks.count)),
                openSet: Array(none.prefix(targets.count))
            )
            return [Intervals](repeating: intervals, count: results.count + 1)
        }
        // [gallery or average][rank or target][replicates]
        let rateCount = ranks.count + targets.count
        var values = [[[Double?]]](
            repeating: [[Double?]](repeating: [], count: rateCount),
            count: results.count + 1
        )
        for replicate in 0..<bootstrap.replicates {
            var generator = SeededGenerator(seed: bootstrap.seed, stream: UInt64(replicate))
            var weights = [Int](repeating: 0, count: numbers.count)
            for _ in numbers { weights[generator.index(below: numbers.count)] += 1 }
            var sums = [Double?](repeating: 0, count: rateCount)
            for (gallery, search) in galleries.enumerated() {
                let rates = search.rates(weights, ranks: ranks, targets: targets)
                for (index, rate) in rates.enumerated() {
                    values[gallery][index].append(rate)
                    sums[index] = sums[index].flatMap { sum in rate.map { sum + $0 } }
                }
            }
            for (index, sum) in sums.enumerated() {
                values[results.count][index].append(sum.map { $0 / Double(max(results.count, 1)) })
            }
        }
        let once = [Int](repeating: 1, count: numbers.count)
        let observed = galleries.map { $0.rates(once, ranks: ranks, targets: targets) }
        return values.enumerated()
            .map { place, rates in
                let counted = place < results.count ? [results[place]] : results
                let found = place < results.count ? [observed[place]] : observed
                let mated = counted.flatMap { $0.probes.filter(\.isMated) }
                let subjects = Set(mated.map(\.subject)).count
                let outcomes = rates.enumerated()
                    .map { index, rates in
                        let target = index < ranks.count ? nil : targets[index - ranks.count]
                        let isUnresolved =
                            target.map { target in
                                counted.contains { target.allowedImpostors(of: $0.unmatedCount) == 0 }
                            } ?? false
                        let sum = found.reduce(0) { $0 + ($1[index] ?? 0) }
                        return bootstrap.interval(
                            ObservedRate(
                                rate: sum / Double(max(counted.count, 1)),
                                trials: mated.count,
                                subjects: subjects
                            ),
                            values: rates,
                            caveats: isUnresolved ? [.unresolvedTarget] : []
                        )
                    }
                return Intervals(
                    ranks: Array(outcomes.prefix(ranks.count)),
                    openSet: Array(outcomes.dropFirst(ranks.count))
                )
            }
    }
}

/// A gallery's probes, sorted once for all replicates.
private struct WeighedSearch {
    /// Subject and rank of each mated probe that has a rank.
    private let ranked: [(subject: Int, rank: Int)]
    /// Subject of every mated probe.
    private let mated: [Int]
    /// Probes without a mate by falling score.
    private let unmated: [(score: Float, subject: Int)]
    /// Mated probes at rank 1 by falling score.
    private let found: [(score: Float, subject: Int)]

    init(_ result: IdentificationResult, places: [UInt32: Int]) {
        func place(_ probe: ProbeOutcome) -> Int { places[probe.subject] ?? 0 }
        let matedProbes = result.probes.filter(\.isMated)
        mated = matedProbes.map(place)
        ranked = matedProbes.compactMap { probe in probe.mateRank.map { (place(probe), $0) } }
        unmated = result.probes.filter { !$0.isMated }.map { ($0.highestScore, place($0)) }.sorted { $0.0 > $1.0 }
        found = matedProbes.filter { $0.mateRank == 1 }.map { ($0.highestScore, place($0)) }.sorted { $0.0 > $1.0 }
    }

    /// The rates under weights; nil where a class has no weight.
    func rates(_ weights: [Int], ranks: [Int], targets: [FARTarget]) -> [Double?] {
        let matedWeight = mated.reduce(0) { $0 + weights[$1] }
        let unmatedWeight = unmated.reduce(0) { $0 + weights[$1.subject] }
        let byRank = ranks.map { rank -> Double? in
            guard matedWeight > 0 else { return nil }
            let hits = ranked.reduce(0) { $0 + ($1.rank <= rank ? weights[$1.subject] : 0) }
            return Double(hits) / Double(matedWeight)
        }
        let byTarget = targets.map { target -> Double? in
            guard matedWeight > 0, unmatedWeight > 0 else { return nil }
            let bound = bound(weights, allowed: target.allowedImpostors(of: unmatedWeight))
            var hits = 0
            for probe in found {
                guard probe.score > bound else { break }
                hits += weights[probe.subject]
            }
            return Double(hits) / Double(matedWeight)
        }
        return byRank + byTarget
    }

    /// The highest score that may not pass: the first at which more than `allowed` would have.
    private func bound(_ weights: [Int], allowed: Int) -> Float {
        var passed = 0
        for probe in unmated {
            passed += weights[probe.subject]
            if passed > allowed { return probe.score }
        }
        return -.infinity
    }
}
