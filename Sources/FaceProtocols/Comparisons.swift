/// The comparisons of a protocol in the order of its file: nine bytes each.
public struct Comparisons: Hashable, Sendable {
    /// The dense index of the first template.
    public let first: [UInt32]
    /// The dense index of the second template.
    public let second: [UInt32]
    /// 1 for a genuine comparison (one subject), 0 for an impostor comparison.
    public let labels: [UInt8]
    /// How many comparisons are genuine.
    public let genuineCount: Int
    /// The folds of a cross-validated set of pairs (LFW has ten), as consecutive ranges; empty when there are none.
    public let folds: [Range<Int>]

    /// Puts columns of one length together.
    package init(first: [UInt32], second: [UInt32], labels: [UInt8], folds: [Range<Int>] = []) {
        precondition(first.count == second.count && first.count == labels.count)
        self.first = first
        self.second = second
        self.labels = labels
        self.folds = folds
        genuineCount = labels.withUnsafeBufferPointer { labels in
            var sum = 0
            for label in labels { sum &+= Int(label) }
            return sum
        }
    }

    /// How many comparisons there are.
    public var count: Int { labels.count }
    /// How many comparisons are of two subjects.
    public var impostorCount: Int { count - genuineCount }

    /// Some consecutive comparisons.
    public struct Block {
        /// Their place in the whole.
        public let range: Range<Int>
        /// The dense indices of the first templates.
        public let first: UnsafeBufferPointer<UInt32>
        /// The dense indices of the second templates.
        public let second: UnsafeBufferPointer<UInt32>
        /// The labels.
        public let labels: UnsafeBufferPointer<UInt8>
    }

    /// Visits the comparisons in order, a block at a time.
    ///
    /// Consumers that go through here need not change when a protocol is read from disk as it is visited.
    ///
    /// - Parameters:
    ///   - size: The length of each block but the last; above 0.
    ///   - body: Receives each block; its pointers are valid only there.
    public func forEachBlock<Failure: Error>(
        of size: Int,
        _ body: (Block) throws(Failure) -> Void
    ) throws(Failure) {
        try first.withUnsafeBufferPointer { first throws(Failure) in
            try second.withUnsafeBufferPointer { second throws(Failure) in
                try labels.withUnsafeBufferPointer { labels throws(Failure) in
                    for start in stride(from: 0, to: labels.count, by: size) {
                        let range = start..<min(start + size, labels.count)
                        try body(
                            Block(
                                range: range,
                                first: UnsafeBufferPointer(rebasing: first[range]),
                                second: UnsafeBufferPointer(rebasing: second[range]),
                                labels: UnsafeBufferPointer(rebasing: labels[range])
                            )
                        )
                    }
                }
            }
        }
    }
}
