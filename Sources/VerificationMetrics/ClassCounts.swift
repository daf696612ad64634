/// How many comparisons of each class there are, and how many of them no threshold accepts.
public struct ClassCounts: Hashable, Sendable {
    /// Genuine comparisons, rejected ones included: the denominator of TAR.
    public let genuine: Int
    /// Impostor comparisons, rejected ones included: the denominator of FAR.
    public let impostor: Int
    /// Genuine comparisons with a score of −∞: a template failed to enrol.
    public let rejectedGenuine: Int
    /// Impostor comparisons with a score of −∞.
    public let rejectedImpostor: Int
}

/// How many comparisons of each class a threshold accepts.
public struct AcceptedCounts: Hashable, Sendable {
    /// Impostor comparisons accepted: false accepts.
    public let impostors: Int
    /// Genuine comparisons accepted.
    public let genuine: Int

    /// Wraps counts.
    public init(impostors: Int, genuine: Int) {
        self.impostors = impostors
        self.genuine = genuine
    }
}
