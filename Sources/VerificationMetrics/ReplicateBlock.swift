/// One replicate's TAR, and the part of it that the threshold alone makes.
package struct ReplicateRate: Hashable, Sendable {
    /// TAR of the replicate's weighted comparisons at the replicate's threshold.
    let tar: Double
    /// TAR of the data themselves at the replicate's threshold.
    let dataTAR: Double
}

/// 64 bootstrap replicates at once: each one's threshold by the `at-most` rule on weighted counts, and its TAR.
struct ReplicateBlock {
    private let weights: ReplicateWeights
    /// Each replicate's total impostor weight.
    private let impostorTotals: [UInt64]

    init(seed: UInt64, firstReplicate: Int, subjectCount: Int, pairs: PairCounts) {
        weights = ReplicateWeights(seed: seed, firstReplicate: firstReplicate, subjectCount: subjectCount)
        impostorTotals = pairs.totals(weights)
    }

    /// The TAR of each target and replicate; nil where a replicate holds no genuine or no impostor comparison.
    ///
    /// - Parameters:
    ///   - system: The ranked comparisons.
    ///   - targets: In ascending order.
    /// - Returns: `[targets][64]`, or nil where the ranking ends before some replicate has its threshold.
    func rates(_ system: RankedComparisons, targets: [FARTarget]) -> [[ReplicateRate?]]? {
        guard let accepted = acceptedGenuine(system, targets: targets) else { return nil }
        let prefix = WeightPrefix(system.genuine, weights)
        return accepted.map { counts in
            counts.enumerated()
                .map { lane, count in
                    let total = prefix.weight(ofFirst: system.genuine.count, lane: lane)
                    guard total > 0, impostorTotals[lane] > 0 else { return nil }
                    return ReplicateRate(
                        tar: Double(prefix.weight(ofFirst: count, lane: lane)) / Double(total),
                        dataTAR: Double(count) / Double(system.genuine.count)
                    )
                }
        }
    }

    /// How many of the ranked genuine comparisons each target accepts in each replicate: `[targets][64]`.
    private func acceptedGenuine(_ system: RankedComparisons, targets: [FARTarget]) -> [[Int]]? {
        let impostor = system.impostor
        let chunk = min(512, weights.room)
        var walk = BudgetWalk(targets: targets, totals: impostorTotals, acceptedByDefault: system.scoredGenuine)
        var sum = LaneSum()
        var start = 0
        while start < impostor.count && walk.openLaneCount > 0 {
            let range = start..<min(start + chunk, impostor.count)
            sum.clear()
            sum.add(impostor, range, weights)
            for lane in 0..<ReplicateWeights.laneCount where walk.crosses(lane, adding: sum.wide[lane]) {
                // Somewhere in this range: find where, comparison by comparison.
                for index in range {
                    let weight = weights.weight(impostor.first[index], impostor.second[index], lane: lane)
                    walk.add(weight, lane: lane, genuineAbove: system.genuineAbove[index])
                }
            }
            start = range.upperBound
        }
        return walk.openLaneCount == 0 || system.isComplete ? walk.accepted : nil
    }
}

extension ReplicateBlock {
    /// The equal error rate of each replicate; nil where one holds a single class, or its error rates never meet.
    ///
    /// - Returns: 64 rates, or nil where the ranking ends before some replicate's error rates meet.
    func equalErrorRates(_ system: RankedComparisons) -> [Double?]? {
        let genuine = WeightPrefix(system.genuine, weights)
        let impostor = WeightPrefix(system.impostor, weights)
        var found: [Double?] = []
        for lane in 0..<ReplicateWeights.laneCount {
            let genuineTotal = Double(genuine.weight(ofFirst: system.genuine.count, lane: lane))
            let impostorTotal = Double(impostorTotals[lane])
            guard genuineTotal > 0, impostorTotal > 0 else {
                found.append(nil)
                continue
            }
            // With the highest `accepted` impostors, and what is above the next.
            func errors(_ accepted: Int) -> (fmr: Double, fnmr: Double) {
                let above = accepted < system.impostor.count ? Int(system.genuineAbove[accepted]) : system.scoredGenuine
                return (
                    Double(impostor.weight(ofFirst: accepted, lane: lane)) / impostorTotal,
                    1 - Double(genuine.weight(ofFirst: above, lane: lane)) / genuineTotal
                )
            }
            var low = 0
            var high = system.isComplete ? system.impostor.count + 1 : system.impostor.count
            let end = high
            while low < high {
                let middle = low + (high - low) / 2
                let (fmr, fnmr) = errors(middle)
                if fmr >= fnmr { high = middle } else { low = middle + 1 }
            }
            guard low < end else {
                guard system.isComplete else { return nil }
                found.append(nil)
                continue
            }
            let after = errors(low)
            let before = low > 0 ? errors(low - 1) : after
            let (gapBefore, gapAfter) = (before.fnmr - before.fmr, after.fmr - after.fnmr)
            let share = gapBefore + gapAfter > 0 ? max(0, gapBefore) / (gapBefore + gapAfter) : 0
            found.append(before.fmr + share * (after.fmr - before.fmr))
        }
        return found
    }
}

/// How far each replicate's false accepts have come, and which target's budget comes next.
private struct BudgetWalk {
    /// `[targets][64]`: the genuine comparisons above the score whose weight would break the budget.
    private(set) var accepted: [[Int]]
    /// Replicates that still have a budget to reach.
    private(set) var openLaneCount = 0
    private let budgets: [[UInt64]]
    private let totals: [UInt64]
    private var sums: [UInt64]
    private var nextTarget: [Int]
    private var nextBudget: [UInt64]

    init(targets: [FARTarget], totals: [UInt64], acceptedByDefault: Int) {
        self.totals = totals
        budgets = targets.map { target in totals.map { UInt64(target.allowedImpostors(of: Int($0))) } }
        accepted = targets.map { _ in totals.map { _ in acceptedByDefault } }
        sums = totals.map { _ in 0 }
        nextTarget = totals.map { _ in -1 }
        nextBudget = totals.map { _ in 0 }
        openLaneCount = totals.count
        for lane in totals.indices { advance(lane) }
    }

    /// Adds weight to a lane unless that crosses its next budget; returns whether it does.
    @inline(__always)
    mutating func crosses(_ lane: Int, adding weight: UInt64) -> Bool {
        let sum = sums[lane] &+ weight
        if sum > nextBudget[lane] { return true }
        sums[lane] = sum
        return false
    }

    /// Adds one comparison to a lane.
    ///
    /// Whichever of several ties crosses the budget, all of them are left out.
    @inline(__always)
    mutating func add(_ weight: UInt64, lane: Int, genuineAbove: UInt32) {
        sums[lane] &+= weight
        while sums[lane] > nextBudget[lane] {
            accepted[nextTarget[lane]][lane] = Int(genuineAbove)
            advance(lane)
        }
    }

    /// Goes on to the next budget; one that the total cannot break is never reached.
    private mutating func advance(_ lane: Int) {
        nextTarget[lane] += 1
        let target = nextTarget[lane]
        if target < budgets.count && budgets[target][lane] < totals[lane] {
            nextBudget[lane] = budgets[target][lane]
        } else {
            nextBudget[lane] = .max
            openLaneCount -= 1
        }
    }
}

/// Running totals of a list's weights, kept at intervals and completed on demand.
private struct WeightPrefix {
    private let list: ComparisonRows
    private let weights: ReplicateWeights
    private let interval: Int
    /// `[count / interval + 1][64]`.
    private var totals: [UInt64] = []

    init(_ list: ComparisonRows, _ weights: ReplicateWeights) {
        self.list = list
        self.weights = weights
        interval = max(min(64, weights.room), list.count / 512)
        var sum = LaneSum()
        for start in stride(from: 0, through: list.count, by: interval) {
            totals += sum.wide
            var next = start
            let end = min(start + interval, list.count)
            while next < end {
                let range = next..<min(next + weights.room, end)
                sum.add(list, range, weights)
                next = range.upperBound
            }
        }
    }

    /// The weight of the first `count` comparisons in one replicate.
    func weight(ofFirst count: Int, lane: Int) -> UInt64 {
        let step = count / interval
        var sum = totals[step * ReplicateWeights.laneCount + lane]
        for index in step * interval..<count {
            sum += weights.weight(list.first[index], list.second[index], lane: lane)
        }
        return sum
    }
}
