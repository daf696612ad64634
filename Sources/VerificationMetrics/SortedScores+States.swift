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
