/// The comparisons in groups, some groups at a time: what would take four bytes per comparison takes a bounded list.
package struct ComparisonGroups {
    /// Some consecutive groups.
    package struct Part {
        /// The groups.
        package let groups: Range<Int>
        fileprivate let starts: [Int]
        fileprivate let positions: [UInt32]

        /// A group's comparisons in the order of the list.
        package func positions(of group: Int) -> ArraySlice<UInt32> {
            let place = group - groups.lowerBound
            return positions[starts[place]..<starts[place + 1]]
        }
    }

    /// Writes the group of each comparison of a block.
    package typealias Numbering = (Comparisons.Block, UnsafeMutableBufferPointer<UInt32>) -> Void

    /// How many comparisons a part holds at most, except for a single group that has more: 64 MiB.
    package static let partLimit = 1 << 24

    /// How many comparisons each group has.
    package let counts: [Int]
    private let comparisons: Comparisons
    private let partLimit: Int
    private let number: Numbering
    private static let blockLength = 1 << 18

    /// Counts the groups.
    ///
    /// - Parameters:
    ///   - comparisons: The list.
    ///   - groupCount: How many groups there are.
    ///   - partLimit: How many comparisons a part may hold.
    ///   - number: Each comparison's group, below `groupCount`.
    package init(
        _ comparisons: Comparisons,
        groupCount: Int,
        partLimit: Int = Self.partLimit,
        number: @escaping Numbering
    ) {
        self.comparisons = comparisons
        self.partLimit = partLimit
        self.number = number
        var counts = [Int](repeating: 0, count: groupCount)
        counts.withUnsafeMutableBufferPointer { counts in
            Self.forEachNumber(comparisons, number) { _, group in counts[group] += 1 }
        }
        self.counts = counts
    }

    /// Visits all groups in ascending order, a part at a time.
    package func forEachPart(_ body: (Part) -> Void) {
        var start = 0
        while start < counts.count {
            var end = start + 1
            var total = counts[start]
            while end < counts.count, total + counts[end] <= partLimit {
                total += counts[end]
                end += 1
            }
            body(part(start..<end, total))
            start = end
        }
    }

    private func part(_ groups: Range<Int>, _ total: Int) -> Part {
        var starts = [0]
        starts.reserveCapacity(groups.count + 1)
        for group in groups { starts.append(starts[starts.count - 1] + counts[group]) }
        var next = starts
        let positions = [UInt32](unsafeUninitializedCapacity: total) { positions, initialized in
            next.withUnsafeMutableBufferPointer { next in
                Self.forEachNumber(comparisons, number) { position, group in
                    guard groups.contains(group) else { return }
                    let place = group - groups.lowerBound
                    positions.initializeElement(at: next[place], to: UInt32(truncatingIfNeeded: position))
                    next[place] += 1
                }
            }
            initialized = total
        }
        return Part(groups: groups, starts: starts, positions: positions)
    }

    @inline(__always)
    private static func forEachNumber(_ comparisons: Comparisons, _ number: Numbering, _ body: (Int, Int) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockLength) { groups in
            comparisons.forEachBlock(of: blockLength) { block in
                number(block, groups)
                let start = block.range.lowerBound
                for index in 0..<block.labels.count { body(start &+ index, Int(groups[index])) }
            }
        }
    }
}
