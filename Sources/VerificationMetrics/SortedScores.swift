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

    init(scores: [Score], labels: [UInt8]) throws(MetricsError) {
        guard scores.count == labels.count else {
            throw MetricsError(.countMismatch, "\(scores.count) scores but \(labels.count) labels")
        }
        var (genuine, impostor) = try Self.split(scores, labels)
        self.init(sorting: &genuine, &impostor)
    }

    init(genuine: [Score], impostor: [Score]) throws(MetricsError) {
        for scores in [genuine, impostor] {
            try scores.checkValid()
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
        _ scores: [Score],
        _ labels: [UInt8]
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
        if !isValid { try scores.checkValid() }
        return (genuine, impostor)
    }

    /// Writes each score to its class; returns whether all are below +∞.
    private static func distribute(
        _ scores: [Score],
        _ labels: [UInt8],
        impostor: UnsafeMutableBufferPointer<Score>,
        genuine: UnsafeMutableBufferPointer<Score>
    ) -> Bool {
        var impostorPlace = 0
        var genuinePlace = 0
        var isValid = true
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

extension Array where Element: RadixScore {
    /// Refuses scores of NaN and +∞.
    func checkValid() throws(MetricsError) {
        if let index = firstIndex(where: { !($0 < .infinity) }) { throw invalidScore(at: index) }
    }

    /// The error of a NaN or +∞.
    func invalidScore(at index: Int) -> MetricsError {
        self[index].isNaN
            ? MetricsError(.scoreNotANumber, "the score is not a number", index: index)
            : MetricsError(.scoreInfinite, "the score is +infinity", index: index)
    }
}

extension [UInt8] {
    /// How many labels are 1.
    ///
    /// - Throws: ``MetricsError`` that names the first label that is neither 0 nor 1.
    func genuineCount() throws(MetricsError) -> Int {
        var genuineCount = 0
        var labelBits: UInt8 = 0
        for label in self {
            genuineCount &+= Int(label & 1)
            labelBits |= label
        }
        guard labelBits <= 1 else {
            let index = firstIndex { $0 > 1 } ?? 0
            throw MetricsError(.invalidLabel, "the label is \(self[index]), expected 0 or 1", index: index)
        }
        return genuineCount
    }
}

extension SortedScores {
    /// The state before any score is accepted.
    var emptyState: AcceptedCounts { AcceptedCounts(impostors: 0, genuine: 0) }

    /// The state that accepts every score there is.
    var fullState: AcceptedCounts { AcceptedCounts(impostors: impostor.count, genuine: genuine.count) }

    /// The state that accepts what is strictly above a score.
    func state(above score: Score) -> AcceptedCounts {
        AcceptedCounts(impostors: impostor.countAbove(score), genuine: genuine.countAbove(score))
    }

    /// The state that accepts a score and what is above it.
    func state(atLeast score: Score) -> AcceptedCounts {
        AcceptedCounts(impostors: impostor.countAtLeast(score), genuine: genuine.countAtLeast(score))
    }

    /// The state with the most accepted genuines among those with at most `count` impostors: ties at the boundary
    /// are left out whole.
    func state(withAtMost count: Int) -> AcceptedCounts {
        count < impostor.count ? state(above: impostor[count]) : fullState
    }

    /// The lowest score that a state accepts; nil for the empty state.
    func lowestAccepted(_ state: AcceptedCounts) -> Score? {
        switch (state.impostors, state.genuine) {
        case (0, 0): nil
        case (0, let genuineCount): genuine[genuineCount - 1]
        case (let impostorCount, 0): impostor[impostorCount - 1]
        case (let impostorCount, let genuineCount): min(impostor[impostorCount - 1], genuine[genuineCount - 1])
        }
    }

    /// The highest score that a state does not accept; nil for the full state.
    func highestRejected(_ state: AcceptedCounts) -> Score? {
        let impostorScore = state.impostors < impostor.count ? impostor[state.impostors] : nil
        let genuineScore = state.genuine < genuine.count ? genuine[state.genuine] : nil
        guard let impostorScore, let genuineScore else { return impostorScore ?? genuineScore }
        return max(impostorScore, genuineScore)
    }

    /// The state after one more block; nil after the last.
    func next(after state: AcceptedCounts) -> AcceptedCounts? { highestRejected(state).map { self.state(atLeast: $0) } }

    /// The state before the last block was accepted; nil before the first.
    func previous(before state: AcceptedCounts) -> AcceptedCounts? {
        lowestAccepted(state).map { self.state(above: $0) }
    }

    /// The next state by counting up, for walks over every state of the curve.
    func adjacent(after state: AcceptedCounts) -> AcceptedCounts? {
        guard let score = highestRejected(state) else { return nil }
        var impostorCount = state.impostors
        var genuineCount = state.genuine
        while impostorCount < impostor.count && impostor[impostorCount] == score { impostorCount &+= 1 }
        while genuineCount < genuine.count && genuine[genuineCount] == score { genuineCount &+= 1 }
        return AcceptedCounts(impostors: impostorCount, genuine: genuineCount)
    }

    /// A threshold that leads to a state: the midpoint between the highest score rejected and the lowest accepted.
    ///
    /// Stored in single precision it leads to the same state, wherever a single-precision number does. Where only one of
    /// the two scores exists: that lowest score, or the next number above that highest one. Nil where neither does.
    func threshold(of state: AcceptedCounts) -> Double? {
        let accepted = lowestAccepted(state)
        guard let rejected = highestRejected(state) else { return accepted.map { Double($0) } }
        guard let accepted else {
            let above = Double(rejected.nextUp)
            return above.isFinite ? above : nil
        }
        // Halving first cannot overflow; next to the smallest numbers it may round out of the range.
        let midpoint = Double(rejected) / 2 + Double(accepted) / 2
        func separates(_ threshold: Double) -> Bool { threshold > Double(rejected) && threshold <= Double(accepted) }
        let rounded = Double(Float(midpoint))
        if separates(midpoint) && (separates(rounded) || rounded.isInfinite) { return midpoint }
        return separates(Double(Float(accepted))) || !separates(midpoint) ? Double(accepted) : midpoint
    }

    /// Accepted impostors over all impostors.
    func falseAcceptRate(_ state: AcceptedCounts) -> Double { Double(state.impostors) / Double(counts.impostor) }

    /// Accepted genuines over all genuines.
    func trueAcceptRate(_ state: AcceptedCounts) -> Double { Double(state.genuine) / Double(counts.genuine) }

    /// The reason why no curve exists, where a class is empty.
    var emptyClass: UndefinedResult? {
        if counts.genuine == 0 { return .noGenuine }
        return counts.impostor == 0 ? .noImpostor : nil
    }
}
