/// One system's comparisons from the highest score down, as rows of ``ReplicateWeights``: scores are no longer needed.
struct RankedComparisons: Sendable {
    /// All genuine comparisons, the rejected last.
    let genuine: ComparisonRows
    /// How many genuine comparisons have a score.
    let scoredGenuine: Int
    /// The highest impostors.
    let impostor: ComparisonRows
    /// For each of these: how many genuine scores are strictly above it.
    let genuineAbove: [UInt32]
    /// A bit for each of these: whether it scores as high as the one before.
    private let ties: [UInt64]
    /// Whether every impostor that has a score is in ``impostor``.
    let isComplete: Bool

    /// Ranks all genuine comparisons and at least the `impostorLimit` highest impostors.
    init(
        scores: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects,
        numbering: SubjectNumbering,
        impostorLimit: Int
    ) {
        switch scores {
        case .single(let scores): self.init(scores, labels, subjects, numbering, impostorLimit)
        case .double(let scores): self.init(scores, labels, subjects, numbering, impostorLimit)
        }
    }

    private init<Score: RadixScore>(
        _ scores: [Score],
        _ labels: [UInt8],
        _ subjects: ComparisonSubjects,
        _ numbering: SubjectNumbering,
        _ impostorLimit: Int
    ) {
        let cut = ImpostorCut(scores, labels, limit: impostorLimit)
        var genuineRecords: [Record<Score>] = []
        var impostorRecords: [Record<Score>] = []
        genuineRecords.reserveCapacity(labels.count { $0 == 1 })
        impostorRecords.reserveCapacity(cut.count)
        for (index, score) in scores.enumerated() {
            let record = Record(score: score, comparison: UInt32(truncatingIfNeeded: index))
            if labels[index] == 1 {
                genuineRecords.append(record)
            } else if cut.includes(score) {
                impostorRecords.append(record)
            }
        }
        RadixSort.sort(&genuineRecords) { $0.score.descendingKey }
        RadixSort.sort(&impostorRecords) { $0.score.descendingKey }
        scoredGenuine = genuineRecords.firstIndex { $0.score == -.infinity } ?? genuineRecords.count
        var above = 0
        genuineAbove = impostorRecords.map { record in
            while above < genuineRecords.count && genuineRecords[above].score > record.score { above &+= 1 }
            return UInt32(truncatingIfNeeded: above)
        }
        var ties = [UInt64](repeating: 0, count: impostorRecords.count / 64 + 1)
        for index in impostorRecords.indices.dropFirst()
        where impostorRecords[index].score == impostorRecords[index - 1].score {
            ties[index >> 6] |= 1 << UInt64(index & 63)
        }
        self.ties = ties
        genuine = ComparisonRows(genuineRecords.lazy.map(\.comparison), subjects, numbering)
        impostor = ComparisonRows(impostorRecords.lazy.map(\.comparison), subjects, numbering)
        isComplete = cut.isComplete
    }

    /// The TAR of the data themselves.
    ///
    /// - Parameters:
    ///   - target: One whose allowed impostors are all ranked.
    ///   - variance: Of the number of false accepts.
    func observed(at target: FARTarget, variance: ThresholdVariance) -> ObservedRate {
        let allowed = target.allowedImpostors(of: variance.impostorCount)
        let isInside = allowed < impostor.count
        let accepted = isInside ? Int(genuineAbove[allowed]) : scoredGenuine
        var falseAccepts = min(allowed, impostor.count)
        // Ties at the boundary are left out whole.
        while isInside, ties[falseAccepts >> 6] & 1 << UInt64(falseAccepts & 63) != 0 { falseAccepts -= 1 }
        return ObservedRate(
            rate: Double(accepted) / Double(max(genuine.count, 1)),
            trials: genuine.count,
            subjects: Set(genuine.first).count,
            thresholdShare: variance.share(of: impostor, first: falseAccepts)
        )
    }

    private struct Record<Score: RadixScore>: BitwiseCopyable {
        let score: Score
        let comparison: UInt32
    }
}

/// A list of comparisons, each by the two rows of ``ReplicateWeights`` whose product is its weight.
struct ComparisonRows: Sendable {
    private(set) var first: [UInt32] = []
    private(set) var second: [UInt32] = []
    var count: Int { first.count }

    init(_ comparisons: some Collection<UInt32>, _ subjects: ComparisonSubjects, _ numbering: SubjectNumbering) {
        first.reserveCapacity(comparisons.count)
        second.reserveCapacity(comparisons.count)
        for index in comparisons {
            let rows = numbering.rows(subjects.firstTemplate[Int(index)], subjects.secondTemplate[Int(index)])
            first.append(rows.first)
            second.append(rows.second)
        }
    }
}

/// Where to cut the impostors so that at least so many of the highest are kept, without sorting them all.
private struct ImpostorCut {
    /// How many impostors are kept.
    private(set) var count = 0
    let isComplete: Bool
    private var lastBucket = 0
    private static let bucketBits = 16

    init<Score: RadixScore>(_ scores: [Score], _ labels: [UInt8], limit: Int) {
        // By the leading bits of the key, which fall as scores rise.
        var counts = [Int](repeating: 0, count: 1 << Self.bucketBits)
        var scored = 0
        for (score, label) in zip(scores, labels) where label == 0 && score > -.infinity {
            counts[Self.bucket(score)] &+= 1
            scored &+= 1
        }
        for bucket in counts.indices where count < limit {
            count += counts[bucket]
            lastBucket = bucket
        }
        isComplete = count == scored
    }

    @inline(__always)
    func includes<Score: RadixScore>(_ score: Score) -> Bool {
        score > -.infinity && Self.bucket(score) <= lastBucket
    }

    @inline(__always)
    private static func bucket<Score: RadixScore>(_ score: Score) -> Int {
        Int(truncatingIfNeeded: score.descendingKey >> Score.Key(Score.Key.bitWidth - bucketBits))
    }
}
