/// The ROC point whose FAR is nearest a target: what InsightFace's scripts print.
///
/// Its FAR may exceed the target.
/// Source: `recognition/arcface_torch/eval_ijbc.py` with scikit-learn's `roc_curve` at its defaults: ties grouped,
/// collinear points dropped, the point (0, 0) put in front, arrays reversed, the first of the nearest taken.
public struct NearestFARPoint: Hashable, Sendable {
    /// The rate asked for.
    public let farTarget: FARTarget
    /// Accepted genuines over all genuines.
    public let tar: Double
    /// The lowest accepted score, as scikit-learn gives it; nil for the point (0, 0), where scikit-learn says ∞.
    public let threshold: Double?
    /// The rate of that point.
    public let far: Double
    /// What the point accepts.
    public let accepted: AcceptedCounts
}

extension SortedScores {
    /// The nearest of the points that scikit-learn keeps; on a tie the larger FAR, for one FAR the largest TAR.
    func nearestPoint(to target: FARTarget) -> Outcome<NearestFARPoint> {
        if let emptyClass { return .failure(emptyClass) }
        let goal = target.value
        // Everything at or below the target by counts on one side, everything above on the other; on each side the
        // distance grows away from the target, so the first point kept is the candidate.
        let expected = Int((goal * Double(counts.impostor)).rounded(.down))
        let start = state(withAtMost: min(expected, impostor.count))
        var below = start
        while !isCorner(below), let previous = previous(before: below) { below = previous }
        var chosen = below
        if var above = next(after: start) {
            while !isCorner(above), let following = next(after: above) { above = following }
            above = state(withAtMost: above.impostors)
            let distanceBelow = abs(falseAcceptRate(below) - goal)
            let distanceAbove = abs(falseAcceptRate(above) - goal)
            if distanceAbove <= distanceBelow { chosen = above }
        }
        return .success(
            NearestFARPoint(
                farTarget: target,
                tar: trueAcceptRate(chosen),
                threshold: lowestAccepted(chosen).map { Double($0) },
                far: falseAcceptRate(chosen),
                accepted: chosen
            )
        )
    }

    /// Whether scikit-learn's `drop_intermediate` keeps a state: the ends, and where a second difference is not zero.
    func isCorner(_ state: AcceptedCounts) -> Bool {
        guard let previous = previous(before: state), let next = next(after: state) else { return true }
        return isCorner(previous: previous, state: state, next: next)
    }

    /// The same, with the neighbours known.
    func isCorner(previous: AcceptedCounts, state: AcceptedCounts, next: AcceptedCounts) -> Bool {
        // The empty state is added after dropping: the first block is an end.
        previous == emptyState
            || next.impostors - state.impostors != state.impostors - previous.impostors
            || next.genuine - state.genuine != state.genuine - previous.genuine
    }
}
