internal import CKernels

/// How steps are divided between the threads of a team.
///
/// A share's results do not depend on the others'.
struct TaskShares {
    let lanes: Int

    /// The part of `count` units, in multiples of `unit`, that falls to a lane.
    func part(of count: Int, lane: Int, unit: Int = 1) -> Range<Int> {
        let units = (count + unit - 1) / unit
        return min(count, units * lane / lanes * unit)..<min(count, units * (lane + 1) / lanes * unit)
    }

    private func largestPart(of count: Int, unit: Int = 1) -> Int {
        let units = (count + unit - 1) / unit
        return min(count, (units + lanes - 1) / lanes * unit)
    }

    /// Rows and channels of a lane: all channels of some rows, or all rows of some channels where that is more even.
    func share(
        rows: Range<Int>,
        channels: Int,
        unit: Int,
        lane: Int
    ) -> (rows: Range<Int>, channels: Range<Int>) {
        guard lanes > 1 else { return (rows, 0..<channels) }
        if largestPart(of: channels, unit: unit) * rows.count < largestPart(of: rows.count) * channels {
            return (rows, part(of: channels, lane: lane, unit: unit))
        }
        let part = part(of: rows.count, lane: lane)
        return (rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound, 0..<channels)
    }
}
