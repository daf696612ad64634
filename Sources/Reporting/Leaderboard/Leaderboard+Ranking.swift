internal import VerificationMetrics

extension Leaderboard {
    /// A row in its place.
    struct Ranked {
        /// One more than the number of rows that are certainly better; nil without a TAR that the data can show.
        let rank: Int?
        let row: Row
    }

    /// The rule of the ranks, in words.
    static let rankRule =
        "Rank, within a family and at the sorted FAR: one more than the number of rows whose interval lies wholly above "
        + "this row's. Rows of one rank are not told apart by their intervals, and neighbouring ranks may overlap; a paired test (verifar compare) can be "
        + "finer. A row without an interval counts as a point. Rows that are not resolved have no rank."

    /// What ≈ means.
    static let assumedRule =
        "≈: no interval was published (or no subjects are known). The one shown is Wilson's at 95 % for the protocol's "
        + "genuine comparisons; it leaves the threshold and shared subjects out and so is too narrow."

    /// The rows of a family, the best first.
    func ranked(_ family: Family) -> [Ranked] {
        let rates = family.rows.map { row in row.rates[sortFAR].flatMap { $0.isResolved ? $0 : nil } }
        let ranks = rates.map { rate in
            rate.map { rate in
                1 + rates.count { other in other.map { $0.lowerEnd > rate.upperEnd } ?? false }
            }
        }
        let order = family.rows.indices.sorted { one, other in
            let (first, second) = (rates[one]?.tar ?? -1, rates[other]?.tar ?? -1)
            return first != second ? first > second : one < other
        }
        return order.map { Ranked(rank: ranks[$0], row: family.rows[$0]) }
    }
}

extension Leaderboard.Rate {
    fileprivate var lowerEnd: Double { interval?.lowerBound ?? tar }
    fileprivate var upperEnd: Double { interval?.upperBound ?? tar }
}
