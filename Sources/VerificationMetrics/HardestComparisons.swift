/// The comparisons a system is most wrong about: what to look at first.
public struct HardestComparisons: Hashable, Sendable {
    /// Impostor comparisons with the highest scores, the highest first.
    public let impostors: [Int]
    /// Genuine comparisons with the lowest scores, the lowest first; the rejected are not among them.
    public let genuine: [Int]

    /// Finds them; of equal scores the earlier comparison comes first.
    ///
    /// - Parameters:
    ///   - scores: One per comparison; −∞ for a comparison that cannot be accepted.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - count: How many of each class at most.
    /// - Throws: ``MetricsError`` (`countMismatch`).
    public init(scores: ScoreValues, labels: [UInt8], count: Int) throws(MetricsError) {
        guard scores.count == labels.count else {
            throw MetricsError(.countMismatch, "\(scores.count) scores but \(labels.count) labels")
        }
        switch scores {
        case .single(let scores): self.init(scores, labels, count)
        case .double(let scores): self.init(scores, labels, count)
        }
    }

    private init<Score: RadixScore>(_ scores: [Score], _ labels: [UInt8], _ count: Int) {
        var impostors = Shortlist<Score>(limit: count)
        var genuine = Shortlist<Score>(limit: count)
        for (index, score) in scores.enumerated() where score > -.infinity {
            if labels[index] == 0 { impostors.offer(-score, index) } else { genuine.offer(score, index) }
        }
        self.impostors = impostors.entries.map(\.index)
        self.genuine = genuine.entries.map(\.index)
    }
}

/// The smallest values offered so far, in order.
private struct Shortlist<Score: RadixScore> {
    let limit: Int
    private(set) var entries: [(value: Score, index: Int)] = []

    init(limit: Int) { self.limit = limit }

    mutating func offer(_ value: Score, _ index: Int) {
        guard limit > 0 else { return }
        if entries.count == limit {
            guard let last = entries.last, value < last.value else { return }
            entries.removeLast()
        }
        var place = entries.count
        while place > 0 && value < entries[place - 1].value { place -= 1 }
        entries.insert((value, index), at: place)
    }
}
