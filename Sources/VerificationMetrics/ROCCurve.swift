/// One point of an ROC curve.
public struct ROCPoint: Hashable, Sendable {
    /// What the point accepts.
    public let accepted: AcceptedCounts
    /// Accepted impostors over all impostors.
    public let far: Double
    /// Accepted genuines over all genuines.
    public let tar: Double
    /// The lowest accepted score; nil where nothing is accepted.
    public let threshold: Double?
}

/// An ROC curve for plotting: from nothing accepted to everything accepted, FAR and TAR never falling.
public struct ROCCurve: Hashable, Sendable {
    /// The points, from the strictest threshold on.
    public let points: [ROCPoint]
}

/// One point of a detection error trade-off curve, on normal-deviate axes.
public struct DETPoint: Hashable, Sendable {
    /// False-accept rate, in (0, 1).
    public let far: Double
    /// False-non-match rate, 1 − TAR, in (0, 1).
    public let fnmr: Double
    /// The normal deviate of ``far``.
    public let farDeviate: Double
    /// The normal deviate of ``fnmr``.
    public let fnmrDeviate: Double
}

extension ROCCurve {
    /// The points in normal deviates; those with a rate of 0 or 1, which have none, are left out.
    public var detPoints: [DETPoint] {
        points.compactMap { point in
            let fnmr = 1 - point.tar
            guard let farDeviate = normalDeviate(point.far), let fnmrDeviate = normalDeviate(fnmr) else { return nil }
            return DETPoint(far: point.far, fnmr: fnmr, farDeviate: farDeviate, fnmrDeviate: fnmrDeviate)
        }
    }
}

extension SortedScores {
    /// The curve, thinned: false accepts and misses each at every count at first, then at counts that grow by a
    /// constant ratio, so that neither tail loses a point that the eye could miss.
    func rocCurve(pointsPerDecade: Int) -> Outcome<ROCCurve> {
        if let emptyClass { return .failure(emptyClass) }
        // The ratio of `pointsPerDecade` steps to a factor ten, to first order: ln 10 / n.
        let growth = 1 + 2.302585092994046 / Double(max(pointsPerDecade, 1))
        var states = Self.geometricCounts(upTo: impostor.count, growth: growth).map { state(withAtMost: $0) }
        for missed in Self.geometricCounts(upTo: genuine.count, growth: growth) where missed < genuine.count {
            states.append(state(atLeast: genuine[genuine.count - 1 - missed]))
        }
        states += [emptyState, fullState]
        states.sort { ($0.impostors, $0.genuine) < ($1.impostors, $1.genuine) }
        return .success(ROCCurve(points: states.withoutRepeats().map(rocPoint)))
    }

    /// Every point of the curve, the empty one first.
    ///
    /// - Parameter droppingCollinear: Keep only the points that scikit-learn's `roc_curve` keeps by default.
    func wholeCurve(droppingCollinear: Bool) -> Outcome<ROCCurve> {
        if let emptyClass { return .failure(emptyClass) }
        var points = [rocPoint(emptyState)]
        var previous = emptyState
        var current = adjacent(after: emptyState)
        while let state = current {
            let next = adjacent(after: state)
            let isKept = next.map { isCorner(previous: previous, state: state, next: $0) } ?? true
            if isKept || !droppingCollinear { points.append(rocPoint(state)) }
            previous = state
            current = next
        }
        return .success(ROCCurve(points: points))
    }

    private func rocPoint(_ state: AcceptedCounts) -> ROCPoint {
        ROCPoint(
            accepted: state,
            far: falseAcceptRate(state),
            tar: trueAcceptRate(state),
            threshold: lowestAccepted(state).map { Double($0) }
        )
    }

    /// 0, 1, 2, 3, … and then ever wider steps, below `limit`.
    private static func geometricCounts(upTo limit: Int, growth: Double) -> [Int] {
        var counts: [Int] = []
        var count = 0
        while count < limit {
            counts.append(count)
            count = max(count + 1, Int(Double(count) * growth))
        }
        return counts
    }
}

extension [AcceptedCounts] {
    fileprivate func withoutRepeats() -> [AcceptedCounts] {
        var kept: [AcceptedCounts] = []
        for state in self where state != kept.last { kept.append(state) }
        return kept
    }
}
