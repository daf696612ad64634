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
