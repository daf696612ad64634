/// How many impostor comparisons each pair of subjects has: all that a replicate's total weight depends on.
package struct PairCounts: Hashable, Sendable {
    /// Where each first row's pairs begin; one more entry than subjects.
    package private(set) var starts: [Int] = [0]
    /// The other row of each pair, ascending within a first row.
    package private(set) var second: [UInt32] = []
    /// How many comparisons the pair has.
    package private(set) var counts: [UInt32] = []

    /// Counts pairs of the subjects that occur.
    package init(subjects: ComparisonSubjects, labels: [UInt8]) {
        self.init(subjects: subjects, labels: labels, numbering: SubjectNumbering(subjects))
    }

    init(subjects: ComparisonSubjects, labels: [UInt8], numbering: SubjectNumbering) {
        // The second rows of the impostors, by first row: counted, then put in their places.
        var next = [Int](repeating: 0, count: numbering.count + 1)
        Self.forEachImpostor(subjects, labels, numbering) { first, _ in next[first + 1] += 1 }
        for row in 0..<numbering.count { next[row + 1] += next[row] }
        let places = next
        let total = places[numbering.count]
        var listed = [UInt32](unsafeUninitializedCapacity: total) { listed, initialized in
            Self.forEachImpostor(subjects, labels, numbering) { first, second in
                listed.initializeElement(at: next[first], to: second)
                next[first] &+= 1
            }
            initialized = total
        }
        var distinct = 0
        listed.withUnsafeMutableBufferPointer { listed in
            for (start, end) in zip(places, places.dropFirst()) {
                let row = UnsafeMutableBufferPointer(rebasing: listed[start..<end])
                RadixSort.sort(row) { $0 }
                for index in row.indices where index == 0 || row[index] != row[index - 1] { distinct += 1 }
            }
        }
        second.reserveCapacity(distinct)
        counts.reserveCapacity(distinct)
        for (start, end) in zip(places, places.dropFirst()) {
            var last: UInt32?
            for row in listed[start..<end] {
                if row == last {
                    counts[counts.count - 1] += 1
                } else {
                    second.append(row)
                    counts.append(1)
                    last = row
                }
            }
            starts.append(second.count)
        }
    }

    /// Visits the rows of ``ReplicateWeights`` of every impostor comparison.
    @inline(__always)
    private static func forEachImpostor(
        _ subjects: ComparisonSubjects,
        _ labels: [UInt8],
        _ numbering: SubjectNumbering,
        _ body: (Int, UInt32) -> Void
    ) {
        for index in labels.indices where labels[index] == 0 {
            let rows = numbering.rows(subjects.firstTemplate[index], subjects.secondTemplate[index])
            body(Int(rows.first), rows.second)
        }
    }

    /// Each replicate's total impostor weight: Σ w_a Σ count·w_b.
    func totals(_ weights: ReplicateWeights) -> [UInt64] {
        var totals = [UInt64](repeating: 0, count: ReplicateWeights.laneCount)
        var sum = LaneSum()
        for row in 0..<starts.count - 1 where starts[row] < starts[row + 1] {
            sum.clear()
            addRow(starts[row]..<starts[row + 1], weights, to: &sum)
            let first = UInt32(truncatingIfNeeded: row)
            for lane in totals.indices { totals[lane] &+= sum.wide[lane] &* weights.weight(first, lane: lane) }
        }
        return totals
    }

    /// Adds Σ count·w_b over pairs that share their first subject.
    private func addRow(_ range: Range<Int>, _ weights: ReplicateWeights, to total: inout LaneSum) {
        let room = 65_535 / weights.largest
        var sum = total
        var used = 0
        weights.rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            for index in range {
                let row = base + Int(second[index]) &* ReplicateWeights.rowLength
                var left = Int(counts[index])
                while used &+ left > room {
                    sum.add(row, times: UInt16(truncatingIfNeeded: room &- used))
                    sum.flush()
                    left &-= room &- used
                    used = 0
                }
                sum.add(row, times: UInt16(truncatingIfNeeded: left))
                used &+= left
            }
        }
        sum.flush()
        total = sum
    }
}

/// How much of the variance that product weights give the number of false accepts is that of subjects.
///
/// With h the false accepts of a pair of subjects less those expected of its comparisons, products of weights give the number
/// of false accepts the variance Σ_a(Σ_b h_ab)² + Σ_ab h_ab², in which what a pair has of its own stands three times
/// (A. B. Owen, *The pigeonhole bootstrap*, 2007). The infinitesimal jackknife over subjects, Σ_a(Σ_b h_ab)², has it twice;
/// it is still never too small in expectation (B. Efron and C. Stein, *The jackknife estimate of variance*, 1981), where an
/// estimate that has it once falls short with few subjects.
struct ThresholdVariance {
    private let pairs: PairCounts
    /// How many impostor comparisons there are.
    let impostorCount: Int
    /// Each subject's impostor comparisons; a last one for those that are within one subject.
    private var ofSubject: [Double]
    /// The sum over pairs of the square of their comparisons.
    private var ofPairs = 0.0

    /// Above so many false accepts the threshold hardly varies, and no correction of it shows.
    private static let limit = 100_000

    init(pairs: PairCounts, subjectCount: Int) {
        self.pairs = pairs
        ofSubject = [Double](repeating: 0, count: subjectCount + 1)
        var total = 0
        for row in 0..<pairs.starts.count - 1 {
            for index in pairs.starts[row]..<pairs.starts[row + 1] {
                let count = Double(pairs.counts[index])
                total += Int(pairs.counts[index])
                ofSubject[row] += count
                ofSubject[Int(pairs.second[index])] += count
                ofPairs += count * count
            }
        }
        impostorCount = total
    }

    /// The jackknife's variance over that of product weights.
    ///
    /// - Parameters:
    ///   - impostor: Impostors from the highest score down.
    ///   - count: How many of these are accepted.
    /// - Returns: In (0, 1]; 1 where nothing is accepted, and above 100,000.
    func share(of impostor: ComparisonRows, first count: Int) -> Double {
        guard count > 0, count <= Self.limit else { return 1 }
        let rate = Double(count) / Double(impostorCount)
        var ofSubject = ofSubject.map { -rate * $0 }
        var ofPairs = rate * rate * ofPairs
        var accepted = (0..<count).map { UInt64(impostor.first[$0]) << 32 | UInt64(impostor.second[$0]) }
        RadixSort.sort(&accepted) { $0 }
        var start = 0
        var place = 0
        while start < count {
            let pair = accepted[start]
            let end = accepted[start...].firstIndex { $0 != pair } ?? count
            let (row, other) = (Int(pair >> 32), UInt32(truncatingIfNeeded: pair))
            place = max(place, pairs.starts[row])
            while pairs.second[place] < other { place += 1 }
            let found = Double(end - start)
            ofSubject[row] += found
            ofSubject[Int(other)] += found
            ofPairs += found * (found - 2 * rate * Double(pairs.counts[place]))
            start = end
        }
        let ofSubjects = ofSubject.dropLast().reduce(0) { $0 + $1 * $1 }
        return ofSubjects > 0 ? ofSubjects / (ofSubjects + max(ofPairs, 0)) : 1
    }
}
