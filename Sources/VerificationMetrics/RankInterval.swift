/// The ranks that one of several systems may hold, at a joint level for all of them.
public struct RankInterval: Hashable, Sendable {
    /// One more than the number of systems that are significantly better.
    public let best: Int
    /// The number of systems less those that are significantly worse.
    public let worst: Int

    /// Wraps ranks counted from 1.
    public init(best: Int, worst: Int) {
        self.best = best
        self.worst = worst
    }

    /// From a verdict on every pair.
    ///
    /// - Parameters:
    ///   - count: How many systems there are.
    ///   - isBetter: Whether the first is significantly better than the second.
    static func all(_ count: Int, isBetter: (Int, Int) -> Bool) -> [RankInterval] {
        (0..<count)
            .map { system in
                let better = (0..<count).count { $0 != system && isBetter($0, system) }
                let worse = (0..<count).count { $0 != system && isBetter(system, $0) }
                return RankInterval(best: 1 + better, worst: count - worse)
            }
    }
}

extension SubjectBootstrap {
    /// The rank of each system by TAR at one FAR, by paired tests of all pairs over one resampling.
    ///
    /// Two systems differ where their difference, in standard errors, exceeds the quantile of the largest quotient of any
    /// pair over the replicates (max-T), so that all intervals hold together with the chance ``level``. (Source: M. Mogstad,
    /// J. P. Romano, A. M. Shaikh and D. Wilhelm, *Inference for Ranks*, Review of Economic Studies 91 (2024), the
    /// single-step joint confidence set.)
    ///
    /// - Returns: One interval per system, or the reason why there is none, as ``compare(_:_:labels:subjects:targets:)``.
    /// - Throws: As that method.
    public func rankIntervals(
        _ systems: [ScoreValues],
        labels: [UInt8],
        subjects: ComparisonSubjects,
        target: FARTarget
    ) throws(MetricsError) -> Outcome<[RankInterval]> {
        let drawn = try jointly(systems, labels: labels, subjects: subjects, targets: [target])
        return drawn.map { $0.rankIntervals(target: 0) }
    }
}

extension JointResampling {
    fileprivate func rankIntervals(target: Int) -> [RankInterval] {
        let count = points.count
        var quotients = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
        var largest = [Double](repeating: 0, count: rates.first?[target].count ?? 0)
        for first in 0..<count {
            for second in first + 1..<max(count, first + 1) {
                var weights = [Double](repeating: 0, count: count)
                weights[first] = 1
                weights[second] = -1
                let replicates = StandardizedReplicates(weights, rates, target: target)
                let error = influences.standardError(weights, target: target) ?? replicates.deviation
                guard replicates.deviation > 0, error > 1e-12 else { continue }
                for index in largest.indices { largest[index] = max(largest[index], abs(replicates.values[index])) }
                quotients[first][second] = (points[first][target].tar - points[second][target].tar) / error
                quotients[second][first] = -quotients[first][second]
            }
        }
        largest.sort()
        return RankInterval.all(count) { one, other in
            let beyond = largest.count { $0 >= quotients[one][other] }
            return quotients[one][other] > 0 && Double(beyond + 1) <= (1 - level) * Double(largest.count + 1) + 1e-9
        }
    }
}
