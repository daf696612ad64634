internal import LargeArrays

/// How many impostor comparisons each pair of subjects has: all that a replicate's total weight depends on.
package struct PairCounts: Hashable, Sendable {
    /// Where each first row's pairs begin; one more entry than subjects.
    package private(set) var starts: [Int] = [0]
    /// The other row of each pair, ascending within a first row.
    package private(set) var second: [UInt32] = []
    /// How many comparisons the pair has.
    package private(set) var counts: [UInt32] = []

    /// How many comparisons are listed at a time, except for a single first row that has more: 64 MiB.
    package static let partLimit = 1 << 24

    /// Counts pairs of the subjects that occur.
    package init(subjects: ComparisonSubjects, labels: some Collection<UInt8>, partLimit: Int = Self.partLimit) {
        self.init(
            subjects: subjects,
            labels: LargeArray(labels),
            numbering: SubjectNumbering(subjects),
            partLimit: partLimit
        )
    }

    /// Counts pairs, those of some first rows at a time.
    init(
        subjects: ComparisonSubjects,
        labels: LargeArray<UInt8>,
        numbering: SubjectNumbering,
        partLimit: Int = Self.partLimit
    ) {
        var sizes = [Int](repeating: 0, count: numbering.count)
        Self.forEachImpostor(subjects, labels, numbering) { first, _ in sizes[first] += 1 }
        var row = 0
        while row < sizes.count {
            var end = row + 1
            var total = sizes[row]
            while end < sizes.count, total + sizes[end] <= partLimit {
                total += sizes[end]
                end += 1
            }
            var ends = [0]
            for size in sizes[row..<end] { ends.append(ends[ends.count - 1] + size) }
            var listed = Self.list(row..<end, ends, subjects, labels, numbering)
            append(&listed, ends)
            row = end
        }
    }

    /// The second rows of the impostors with some first rows, by first row.
    private static func list(
        _ rows: Range<Int>,
        _ starts: [Int],
        _ subjects: ComparisonSubjects,
        _ labels: LargeArray<UInt8>,
        _ numbering: SubjectNumbering
    ) -> [UInt32] {
        var next = starts
        return [UInt32](unsafeUninitializedCapacity: starts[rows.count]) { listed, initialized in
            next.withUnsafeMutableBufferPointer { next in
                forEachImpostor(subjects, labels, numbering) { first, second in
                    guard rows.contains(first) else { return }
                    let row = first &- rows.lowerBound
                    listed.initializeElement(at: next[row], to: second)
                    next[row] &+= 1
                }
            }
            initialized = starts[rows.count]
        }
    }

    /// Sorts each first row's list and adds its distinct second rows with their counts.
    private mutating func append(_ listed: inout [UInt32], _ places: [Int]) {
        listed.withUnsafeMutableBufferPointer { listed in
            var distinct = 0
            for (start, end) in zip(places, places.dropFirst()) {
                let list = UnsafeMutableBufferPointer(rebasing: listed[start..<end])
                RadixSort.sort(list) { $0 }
                for index in list.indices where index == 0 || list[index] != list[index - 1] { distinct += 1 }
            }
            second.reserveCapacity(second.count + distinct)
            counts.reserveCapacity(counts.count + distinct)
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
    }

    /// Visits the rows of ``ReplicateWeights`` of every impostor comparison.
    @inline(__always)
    private static func forEachImpostor(
        _ subjects: ComparisonSubjects,
        _ labels: LargeArray<UInt8>,
        _ numbering: SubjectNumbering,
        _ body: (Int, UInt32) -> Void
    ) {
        subjects.firstTemplate.forEachBlock(with: subjects.secondTemplate, labels) { _, first, second, labels in
            for index in 0..<labels.count where labels[index] == 0 {
                let rows = numbering.rows(first[index], second[index])
                body(Int(rows.first), rows.second)
            }
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
