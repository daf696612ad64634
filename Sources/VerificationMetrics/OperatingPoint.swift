/// What a system does at a false-accept rate, by the `at-most` rule.
public struct OperatingPoint: Hashable, Sendable {
    /// The rate asked for.
    public let farTarget: FARTarget
    /// Accepted genuines over all genuines.
    public let tar: Double
    /// A score from which on comparisons are accepted: the midpoint of all that decide alike.
    ///
    /// Nil only where there is no finite score at all.
    public let threshold: Double?
    /// The rate reached: never above ``farTarget``.
    public let far: Double
    /// ⌊target × impostors⌋.
    public let allowedImpostors: Int
    /// Impostors accepted; below ``allowedImpostors`` where ties at the boundary were left out.
    public let acceptedImpostors: Int
    /// Genuines accepted.
    public let acceptedGenuine: Int
    /// How well these data show that rate.
    public var resolution: FARResolution { FARResolution(allowedImpostors: allowedImpostors) }
    /// False where the target allows not even one impostor, so that these data cannot show that rate.
    public var resolved: Bool { resolution != .unresolved }
}

/// How well data show a false-accept rate: by how many false accepts the target allows among their impostors.
public enum FARResolution: String, Hashable, Sendable, CaseIterable {
    /// Less than one: the data cannot show that rate.
    case unresolved
    /// 1 … 29: the threshold rests on a handful of comparisons.
    case few
    /// 30 or more: the rate is known to about ± 30 % at 90 % confidence, if comparisons were independent (the rule of 30;
    /// G. R. Doddington et al., *The NIST speaker recognition evaluation*, 2000).
    case resolved

    /// The rule of 30.
    public static let enough = 30

    /// Says what ⌊target × impostors⌋ false accepts show.
    public init(allowedImpostors: Int) {
        self = allowedImpostors >= Self.enough ? .resolved : allowedImpostors > 0 ? .few : .unresolved
    }
}

extension SortedScores {
    /// The `at-most` operating point: with k = ⌊αn⌋, accept what is strictly above the (k+1)-th highest impostor.
    func operatingPoint(at target: FARTarget) -> Outcome<OperatingPoint> {
        if let emptyClass { return .failure(emptyClass) }
        let allowed = target.allowedImpostors(of: counts.impostor)
        let state = state(withAtMost: allowed)
        return .success(
            OperatingPoint(
                farTarget: target,
                tar: trueAcceptRate(state),
                threshold: threshold(of: state),
                far: falseAcceptRate(state),
                allowedImpostors: allowed,
                acceptedImpostors: state.impostors,
                acceptedGenuine: state.genuine
            )
        )
    }
}

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
