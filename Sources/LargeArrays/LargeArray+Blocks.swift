extension LargeArray {
    /// How many elements a walk visits at a time: a few megabytes.
    public static var blockLength: Int { 1 << 20 }

    /// Visits the elements in order, a block at a time, and gives each block's pages back.
    ///
    /// - Parameter body: Receives the place of a block's first element, and the block; valid only there.
    public func forEachBlock<Failure: Error>(
        _ body: (Int, UnsafeBufferPointer<Element>) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while start < count {
            let range = start..<Swift.min(start + Self.blockLength, count)
            try body(start, block(range))
            giveBack(range)
            start = range.upperBound
        }
    }

    /// Visits the elements of two arrays of one length side by side; see ``forEachBlock(_:)``.
    public func forEachBlock<Other, Failure: Error>(
        with other: LargeArray<Other>,
        _ body: (Int, UnsafeBufferPointer<Element>, UnsafeBufferPointer<Other>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count == other.count, "arrays of one length")
        try forEachBlock { start, block throws(Failure) in
            let range = start..<start + block.count
            try body(start, block, other.block(range))
            other.giveBack(range)
        }
    }

    /// Visits the elements of three arrays of one length side by side; see ``forEachBlock(_:)``.
    public func forEachBlock<Second, Third, Failure: Error>(
        with second: LargeArray<Second>,
        _ third: LargeArray<Third>,
        _ body: (
            Int, UnsafeBufferPointer<Element>, UnsafeBufferPointer<Second>, UnsafeBufferPointer<Third>
        ) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count == second.count && count == third.count, "arrays of one length")
        try forEachBlock { start, block throws(Failure) in
            let range = start..<start + block.count
            try body(start, block, second.block(range), third.block(range))
            second.giveBack(range)
            third.giveBack(range)
        }
    }

    /// Some elements where they lie; valid while `self` is alive.
    private func block(_ range: Range<Int>) -> UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    /// The elements that are kept, in order.
    ///
    /// - Parameter isKept: Whether to keep the element at a place; asked twice for each.
    public func keeping(_ isKept: (Int) -> Bool) -> LargeArray {
        var keptCount = 0
        for place in 0..<count where isKept(place) { keptCount += 1 }
        let kept = LargeArrayBuilder<Element>(count: keptCount)
        var next = 0
        forEachBlock { start, block in
            for index in block.indices where isKept(start + index) {
                kept.elements.initializeElement(at: next, to: block[index])
                next += 1
            }
        }
        return kept.finish()
    }
}
