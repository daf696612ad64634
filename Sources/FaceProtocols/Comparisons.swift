/// The comparisons of a protocol in the order of its file.
public struct Comparisons: Hashable, Sendable {
    /// The dense index of the first template.
    public let first: [UInt32]
    /// The dense index of the second template.
    public let second: [UInt32]
    /// 1 for a genuine comparison (one subject), 0 for an impostor comparison.
    public let labels: [UInt8]
    public let genuineCount: Int
    /// The folds of a cross-validated set of pairs (LFW has ten), as consecutive ranges; empty when there are none.
    public let folds: [Range<Int>]

    public var count: Int { labels.count }
    public var impostorCount: Int { count - genuineCount }

    /// Puts columns of one length together.
    package init(first: [UInt32], second: [UInt32], labels: [UInt8], folds: [Range<Int>] = []) {
        precondition(first.count == second.count && first.count == labels.count)
        self.first = first
        self.second = second
        self.labels = labels
        self.folds = folds
        genuineCount = labels.reduce(0) { $0 &+ Int($1) }
    }

    static let none = Comparisons(first: [], second: [], labels: [])

    /// Consecutive folds of equal size, the first ones one larger where it does not divide; none for too few pairs.
    static func folds(of count: Int, _ folds: Int) -> [Range<Int>] {
        guard count >= folds else { return [] }
        var start = 0
        return (0..<folds)
            .map { fold in
                let size = count / folds + (fold < count % folds ? 1 : 0)
                defer { start += size }
                return start..<start + size
            }
    }
}

/// Comparisons by group: each group's in the order of the list.
package struct ComparisonGroups {
    /// Where each group begins; one more entry than groups.
    private let starts: [Int]
    /// The comparisons group by group, four bytes each; empty where the list has that order itself.
    private let positions: [UInt32]

    /// Sorts `count` comparisons into groups.
    ///
    /// - Parameter group: A comparison's group, below `groupCount`; asked twice for each.
    @inline(__always)
    package init(count: Int, groupCount: Int, group: (Int) -> Int) {
        var starts = [Int](repeating: 0, count: groupCount + 1)
        var isSorted = true
        var last = 0
        for comparison in 0..<count {
            let group = group(comparison)
            starts[group + 1] &+= 1
            isSorted = isSorted && group >= last
            last = group
        }
        for group in 0..<groupCount { starts[group + 1] += starts[group] }
        self.starts = starts
        guard !isSorted else {
            positions = []
            return
        }
        var next = starts
        positions = [UInt32](unsafeUninitializedCapacity: count) { positions, initialized in
            for comparison in 0..<count {
                let group = group(comparison)
                positions.initializeElement(at: next[group], to: UInt32(truncatingIfNeeded: comparison))
                next[group] &+= 1
            }
            initialized = count
        }
    }

    package var count: Int { starts.count - 1 }

    /// Visits a group's comparisons.
    @inline(__always)
    package func forEach(in group: Int, _ body: (Int) -> Void) {
        let range = starts[group]..<starts[group + 1]
        if positions.isEmpty {
            for comparison in range { body(comparison) }
        } else {
            for position in positions[range] { body(Int(position)) }
        }
    }
}
