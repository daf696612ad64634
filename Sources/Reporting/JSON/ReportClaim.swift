internal import ArtifactFiles

/// A value of a report, named by its key, that is held against what it must be.
struct ReportClaim {
    /// Rates are quotients of counts; a mean of some may differ from them by rounding.
    static let tolerance = 1e-9

    /// Where the value stands: `identification.galleries[0].mated`.
    let key: String

    init(_ key: String) { self.key = key }

    /// Refuses a value unless `isTrue`.
    func holds(
        _ isTrue: Bool,
        _ problem: String,
        expected: @autoclosure () -> String,
        found: @autoclosure () -> String
    ) throws(InputError) {
        guard !isTrue else { return }
        throw InputError(.malformed, problem, place: "key \"\(key)\"", expected: expected(), found: found())
    }

    /// Refuses what is not in [0, 1].
    func isRate(_ value: Double) throws(InputError) {
        try holds(value >= 0 && value <= 1, "a rate must be in [0, 1]", expected: "0 to 1", found: "\(value)")
    }

    /// Refuses a target that is not in (0, 1].
    func isTarget(_ value: Double) throws(InputError) {
        try holds(
            value > 0 && value <= 1,
            "a target must be above 0 and at most 1",
            expected: "0 to 1",
            found: "\(value)"
        )
    }

    /// Refuses a number outside of `bounds`.
    func isCount(_ value: Int, in bounds: ClosedRange<Int>) throws(InputError) {
        try holds(
            bounds.contains(value),
            "a count that cannot be",
            expected: "\(bounds.lowerBound) to \(bounds.upperBound)",
            found: "\(value)"
        )
    }

    /// Refuses a rate that is no count over `total`.
    func isRate(_ value: Double, of total: Int) throws(InputError) {
        try isRate(value)
        let count = value * Double(total)
        try holds(
            abs(count - count.rounded()) < 0.01,
            "rates and counts contradict each other",
            expected: "a whole number of \(total)",
            found: "\(value), which is \(count)"
        )
    }

    /// Refuses a number that differs from another by more than rounding.
    func isEqual(_ value: Double, to other: Double, _ problem: String) throws(InputError) {
        try holds(abs(value - other) <= Self.tolerance, problem, expected: "\(other)", found: "\(value)")
    }

    /// Refuses a number that is above another by more than rounding.
    func isAtMost(_ value: Double, _ bound: Double, _ problem: String) throws(InputError) {
        try holds(value <= bound + Self.tolerance, problem, expected: "at most \(bound)", found: "\(value)")
    }
}

extension ReportedInterval {
    func check(_ key: String) throws(InputError) {
        try ReportClaim(key + ".low").isRate(low)
        try ReportClaim(key + ".high").isRate(high)
        try ReportClaim(key)
            .holds(
                low <= high,
                "the interval is empty or its level not between 0 and 1",
                expected: "low at most high",
                found: "\(low) and \(high)"
            )
        try ReportClaim(key + ".level")
            .holds(
                level > 0 && level < 1,
                "the interval is empty or its level not between 0 and 1",
                expected: "above 0 and below 1",
                found: "\(level)"
            )
        try ReportClaim(key + ".replicates").isCount(replicates, in: 0...1 << 53)
    }
}
