internal import LargeArrays

/// The scores of both classes, each from the highest down, and the walk over thresholds that they define.
///
/// A *state* is what some threshold accepts. Lowering the threshold past one distinct score, a block of ties of
/// either class, leads from a state to the next.
struct SortedScores<Score: RadixScore>: Sendable {
    /// Genuine scores in descending order, without the rejected.
    let genuine: [Score]
    /// Impostor scores in descending order, without the rejected.
    let impostor: [Score]
    let counts: ClassCounts

    init(scores: LargeArray<Score>, labels: LargeArray<UInt8>) throws(MetricsError) {
        guard scores.count == labels.count else {
            throw MetricsError(.countMismatch, "\(scores.count) scores but \(labels.count) labels")
        }
        var (genuine, impostor) = try Self.split(scores, labels)
        self.init(sorting: &genuine, &impostor)
    }

    init(genuine: [Score], impostor: [Score]) throws(MetricsError) {
        for scores in [genuine, impostor] {
            if let index = scores.firstIndex(where: { !($0 < .infinity) }) { throw scores.invalidScore(at: index) }
        }
        var genuine = genuine
        var impostor = impostor
        self.init(sorting: &genuine, &impostor)
    }

    /// Sorts in place: the arrays are large, and a copy costs as much as a pass of the sort.
    private init(sorting genuine: inout [Score], _ impostor: inout [Score]) {
        let genuineCount = genuine.count
        let impostorCount = impostor.count
        Self.sortDescending(&genuine)
        Self.sortDescending(&impostor)
        counts = ClassCounts(
            genuine: genuineCount,
            impostor: impostorCount,
            rejectedGenuine: genuineCount - genuine.count,
            rejectedImpostor: impostorCount - impostor.count
        )
        self.genuine = genuine
        self.impostor = impostor
    }

    /// The classes apart.
    private static func split(
        _ scores: LargeArray<Score>,
        _ labels: LargeArray<UInt8>
    ) throws(MetricsError) -> (genuine: [Score], impostor: [Score]) {
        let genuineCount = try labels.genuineCount()
        let impostorCount = scores.count - genuineCount
        var impostor: [Score] = []
        var isValid = true
        let genuine = [Score](unsafeUninitializedCapacity: genuineCount) { genuine, initialized in
            impostor = [Score](unsafeUninitializedCapacity: impostorCount) { impostor, initialized in
                isValid = distribute(scores, labels, impostor: impostor, genuine: genuine)
                initialized = impostorCount
            }
            initialized = genuineCount
        }
        guard isValid else { throw scores.invalidScore(at: scores.firstIndex { !($0 < .infinity) } ?? 0) }
        return (genuine, impostor)
    }

    /// Writes each score to its class; returns whether all are below +∞.
    private static func distribute(
        _ scores: LargeArray<Score>,
        _ labels: LargeArray<UInt8>,
        impostor: UnsafeMutableBufferPointer<Score>,
        genuine: UnsafeMutableBufferPointer<Score>
    ) -> Bool {
        var impostorPlace = 0
        var genuinePlace = 0
        var isValid = true
        scores.forEachBlock(with: labels) { _, scores, labels in
            for (score, label) in zip(scores, labels) {
                isValid = isValid && score < .infinity
                if label == 0 {
                    impostor.initializeElement(at: impostorPlace, to: score)
                    impostorPlace &+= 1
                } else {
                    genuine.initializeElement(at: genuinePlace, to: score)
                    genuinePlace &+= 1
                }
            }
        }
        return isValid
    }

    private static func sortDescending(_ scores: inout [Score]) {
        RadixSort.sort(&scores) { $0.descendingKey }
        if scores.last == -.infinity { scores.removeLast(scores.count - scores.countAbove(-.infinity)) }
    }
}

extension Array where Element: RadixScore {
    /// In a descending array: how many elements are strictly greater.
    func countAbove(_ score: Element) -> Int { firstPlace { $0 <= score } }

    /// In a descending array: how many elements are greater or equal.
    func countAtLeast(_ score: Element) -> Int { firstPlace { $0 < score } }

    /// The first place from which on `isBeyond` holds, by bisection.
    func firstPlace(where isBeyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension RandomAccessCollection where Element: RadixScore, Index == Int {
    /// The error of a NaN or +∞.
    func invalidScore(at index: Int) -> MetricsError {
        self[index].isNaN
            ? MetricsError(.scoreNotANumber, "the score is not a number", index: index)
            : MetricsError(.scoreInfinite, "the score is +infinity", index: index)
    }
}

extension LargeArray<UInt8> {
    /// How many labels are 1.
    ///
    /// - Throws: ``MetricsError`` that names the first label that is neither 0 nor 1.
    func genuineCount() throws(MetricsError) -> Int {
        var genuineCount = 0
        var labelBits: UInt8 = 0
        forEachBlock { _, labels in
            for label in labels {
                genuineCount &+= Int(label & 1)
                labelBits |= label
            }
        }
        guard labelBits <= 1 else {
            let index = firstIndex { $0 > 1 } ?? 0
            throw MetricsError(.invalidLabel, "the label is \(self[index]), expected 0 or 1", index: index)
        }
        return genuineCount
    }
}
