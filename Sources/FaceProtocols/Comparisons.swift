public import LargeArrays

/// The comparisons of a protocol in the order of its file: nine bytes each, in a temporary file where there are very many.
public struct Comparisons: Hashable, Sendable {
    /// The dense index of the first template.
    public let first: LargeArray<UInt32>
    /// The dense index of the second template.
    public let second: LargeArray<UInt32>
    /// 1 for a genuine comparison (one subject), 0 for an impostor comparison.
    public let labels: LargeArray<UInt8>
    /// How many comparisons are genuine.
    public let genuineCount: Int
    /// The folds of a cross-validated set of pairs (LFW has ten), as consecutive ranges; empty when there are none.
    public let folds: [Range<Int>]

    /// Puts columns of one length together.
    package init(
        columns first: LargeArray<UInt32>,
        _ second: LargeArray<UInt32>,
        _ labels: LargeArray<UInt8>,
        folds: [Range<Int>] = []
    ) {
        precondition(first.count == second.count && first.count == labels.count)
        self.first = first
        self.second = second
        self.labels = labels
        self.folds = folds
        var genuineCount = 0
        self.labels.forEachBlock { _, labels in
            for label in labels { genuineCount &+= Int(label) }
        }
        self.genuineCount = genuineCount
    }

    /// Copies columns of one length.
    package init(first: [UInt32], second: [UInt32], labels: [UInt8], folds: [Range<Int>] = []) {
        self.init(columns: LargeArray(first), LargeArray(second), LargeArray(labels), folds: folds)
    }

    /// No comparison.
    static let none = Comparisons(first: [], second: [], labels: [])

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

    /// Visits the comparisons in order, a block at a time, giving each block's pages back.
    ///
    /// - Parameters:
    ///   - size: The length of each block but the last; above 0.
    ///   - body: Receives each block; its pointers are valid only there.
    public func forEachBlock<Failure: Error>(
        of size: Int,
        _ body: (Block) throws(Failure) -> Void
    ) throws(Failure) {
        for start in stride(from: 0, to: count, by: size) {
            let range = start..<min(start + size, count)
            try withBlock(range, body)
            giveBack(range)
        }
    }

    /// Lends some consecutive comparisons.
    package func withBlock<Failure: Error>(
        _ range: Range<Int>,
        _ body: (Block) throws(Failure) -> Void
    ) throws(Failure) {
        try first.withUnsafeBufferPointer { first throws(Failure) in
            try second.withUnsafeBufferPointer { second throws(Failure) in
                try labels.withUnsafeBufferPointer { labels throws(Failure) in
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

    /// Lets the system have the memory of some comparisons that lie in a file; they can still be read.
    package func giveBack(_ range: Range<Int>) {
        first.giveBack(range)
        second.giveBack(range)
        labels.giveBack(range)
    }
}
