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
    /// False where the target allows not even one impostor, so that these data cannot show that rate.
    public let resolved: Bool
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
                acceptedGenuine: state.genuine,
                resolved: allowed > 0
            )
        )
    }
}
