/// How many impostor comparisons each pair of subjects has: all that a replicate's total weight depends on.
struct PairCounts: Sendable {
    /// Rows of ``ReplicateWeights``, sorted by the first, each pair once.
    private(set) var first: [UInt32] = []
    /// The other row of each pair.
    private(set) var second: [UInt32] = []
    /// How many comparisons the pair has.
    private(set) var counts: [UInt32] = []

    init(subjects: ComparisonSubjects, labels: [UInt8], numbering: SubjectNumbering) {
        // Pairs as numbers, in 32 bits where they fit: half the memory, and half the passes of the sort.
        if numbering.count < 65_535 {
            self.init(subjects, labels, numbering, codes: UInt32.self)
        } else {
            self.init(subjects, labels, numbering, codes: UInt64.self)
        }
    }

    @inline(__always)
    private init<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ subjects: ComparisonSubjects,
        _ labels: [UInt8],
        _ numbering: SubjectNumbering,
        codes: Code.Type
    ) {
        let base = Code(numbering.count + 1)
        var codes: [Code] = []
        codes.reserveCapacity(labels.count)
        for (index, label) in labels.enumerated() where label == 0 {
            let rows = numbering.rows(subjects.firstTemplate[index], subjects.secondTemplate[index])
            codes.append(Code(truncatingIfNeeded: rows.first) &* base &+ Code(truncatingIfNeeded: rows.second))
        }
        RadixSort.sort(&codes) { $0 }
        var last: Code?
        for code in codes {
            if code == last {
                counts[counts.count - 1] += 1
            } else {
                first.append(UInt32(truncatingIfNeeded: code / base))
                second.append(UInt32(truncatingIfNeeded: code % base))
                counts.append(1)
                last = code
            }
        }
    }

    /// Each replicate's total impostor weight: Σ w_a Σ count·w_b.
    func totals(_ weights: ReplicateWeights) -> [UInt64] {
        var totals = [UInt64](repeating: 0, count: ReplicateWeights.laneCount)
        var sum = LaneSum()
        var start = 0
        while start < first.count {
            let row = first[start]
            var end = start + 1
            while end < first.count && first[end] == row { end += 1 }
            sum.clear()
            addRow(start..<end, weights, to: &sum)
            for lane in totals.indices { totals[lane] &+= sum.wide[lane] &* weights.weight(row, lane: lane) }
            start = end
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
