#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How much each subject, and each pair of subjects, moves the TARs of several systems at matched FARs, to first order.
///
/// A genuine comparison moves a TAR directly. An impostor comparison moves the threshold: with k accepted of n it moves
/// the TAR by −β(accepted/k − 1/n), where β = dTAR/d ln FAR is read off the curve between the ranks k ± 2√k, the range
/// that the threshold's own sampling error spans.
///
/// Comparisons are dependent where they share a subject. The variance of a sum over pairs of subjects with e_ab for
/// each pair is then estimated by Σ_a ψ_a² − Σ_{a<b} e_ab², ψ_a being the sum over everything that subject a takes part in.
/// (Source: P. M. Aronow, C. Samii and V. A. Assenova, *Cluster–Robust Variance Estimation for Dyadic Data*, Political
/// Analysis 23 (2015).) Weights w_a·w_b of resampled subjects count what belongs to a pair alone three times instead.
struct RateInfluences: Sendable {
    /// One system at one target.
    private struct Influence {
        /// Of each subject, by its genuine comparisons.
        var genuine: [Double]
        /// Of each subject, by everything.
        var whole: [Double]
        /// Of pairs of different subjects, by their accepted impostors; a pair may occur several times.
        var pairs: [(pair: UInt32, value: Double)] = []
        /// Of every impostor comparison, accepted or not.
        var constant = 0.0
    }

    /// `[systems][targets]`; nil where no impostor is accepted, so that nothing shows how TAR depends on FAR.
    private var influences: [[Influence?]] = []
    private let pairs: PairCounts
    private let subjectCount: Int
    /// Σ count² over pairs of different subjects.
    private var squaredCounts = 0.0

    init(_ rankings: [RankedComparisons], points: [[OperatingPoint]], pairs: PairCounts, subjectCount: Int) {
        self.pairs = pairs
        self.subjectCount = subjectCount
        var impostorCounts = [Double](repeating: 0, count: subjectCount)
        for row in 0..<subjectCount {
            for place in pairs.starts[row]..<pairs.starts[row + 1] {
                let count = Double(pairs.counts[place])
                impostorCounts[row] += count
                guard let other = other(place) else { continue }
                impostorCounts[other] += count
                squaredCounts += count * count
            }
        }
        influences = zip(rankings, points)
            .map { ranking, points in points.map { influence(ranking, $0, impostorCounts) } }
    }

    /// The standard error of Σ weight·TAR, and what it is a multiple of Student's t with: subjects − 1.
    ///
    /// - Parameters:
    ///   - weights: One per system.
    ///   - target: The index of the target.
    /// - Returns: The standard error, or nil where a system accepts no impostor.
    func standardError(_ weights: [Double], target: Int) -> Double? {
        var genuine = [Double](repeating: 0, count: subjectCount)
        var whole = genuine
        var constant = 0.0
        var sums: [UInt32: Double] = [:]
        for (weight, system) in zip(weights, influences) where weight != 0 {
            guard let influence = system[target] else { return nil }
            for subject in 0..<subjectCount {
                genuine[subject] += weight * influence.genuine[subject]
                whole[subject] += weight * influence.whole[subject]
            }
            constant += weight * influence.constant
            for (pair, value) in influence.pairs { sums[pair, default: 0] += weight * value }
        }
        var single = constant * constant * squaredCounts
        for (pair, value) in sums { single += value * (value + 2 * constant * Double(pairs.counts[Int(pair)])) }
        func squares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
        // No less than if different pairs of subjects had nothing to do with each other.
        let variance = max(squares(whole) - single, squares(genuine) + max(0, single))
        return (variance * Double(subjectCount) / Double(subjectCount - 1)).squareRoot()
    }

    private func influence(_ ranking: RankedComparisons, _ point: OperatingPoint, _ impostorCounts: [Double])
        -> Influence?
    {
        let accepted = point.acceptedImpostors
        guard accepted > 0 else { return nil }
        var genuine = [Double](repeating: 0, count: subjectCount)
        let share = 1 / Double(ranking.genuine.count)
        for index in 0..<ranking.genuine.count {
            let value = ((index < point.acceptedGenuine ? 1 : 0) - point.tar) * share
            let (first, second) = (Int(ranking.genuine.first[index]), Int(ranking.genuine.second[index]))
            genuine[first] += value
            if second < subjectCount { genuine[second] += value }
        }
        let slope = slope(ranking, accepted: accepted)
        var influence = Influence(genuine: genuine, whole: genuine)
        influence.constant = slope / (Double(accepted) / point.far)
        for subject in 0..<subjectCount { influence.whole[subject] += influence.constant * impostorCounts[subject] }
        let value = -slope / Double(accepted)
        influence.pairs.reserveCapacity(accepted)
        for index in 0..<accepted {
            let (first, second) = (ranking.impostor.first[index], ranking.impostor.second[index])
            influence.whole[Int(first)] += value
            guard Int(second) < subjectCount else { continue }
            influence.whole[Int(second)] += value
            influence.pairs.append((UInt32(truncatingIfNeeded: place(first, second)), value))
        }
        return influence
    }

    /// dTAR/d ln FAR around so many accepted impostors.
    private func slope(_ ranking: RankedComparisons, accepted: Int) -> Double {
        let reach = max(1, Int((2 * Double(accepted).squareRoot()).rounded()))
        let low = max(0, accepted - reach)
        let high = min(accepted + reach, ranking.genuineAbove.count - 1)
        guard high > low else { return 0 }
        let rise = Double(ranking.genuineAbove[high]) - Double(ranking.genuineAbove[low])
        return rise / Double(ranking.genuine.count) / log((Double(high) + 0.5) / (Double(low) + 0.5))
    }

    /// The other subject of a pair; nil for comparisons within one.
    private func other(_ place: Int) -> Int? {
        let row = Int(pairs.second[place])
        return row < subjectCount ? row : nil
    }

    /// Where a pair stands among those that have comparisons.
    private func place(_ first: UInt32, _ second: UInt32) -> Int {
        var low = pairs.starts[Int(first)]
        var high = pairs.starts[Int(first) + 1]
        while low < high {
            let middle = low + (high - low) / 2
            if pairs.second[middle] < second { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
