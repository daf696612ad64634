internal import LargeArrays

/// Finds comparisons that occur twice, in either order, and those of a template with itself.
package struct RepeatedComparisons {
    /// One of them.
    package struct Finding {
        /// The comparison.
        package let comparison: Int
        /// The first comparison of the same two templates; nil for a template with itself.
        package let earlier: Int?
    }

    private let comparisons: Comparisons
    private let templateCount: Int
    private let partLimit: Int

    /// Prepares to look; `partLimit` bounds the comparisons that are listed at a time.
    package init(_ comparisons: Comparisons, templateCount: Int, partLimit: Int = ComparisonGroups.partLimit) {
        self.comparisons = comparisons
        self.partLimit = partLimit
        self.templateCount = templateCount
    }

    /// Up to here a bit for each pair of templates takes 64 MiB; IJB-C needs 32.
    static let bitmapTemplateLimit = 32_768

    /// Whether there may be any: exact where there are few enough templates for a bit per pair, else true.
    package func mayExist() -> Bool {
        guard templateCount <= Self.bitmapTemplateLimit else { return true }
        let pairCount = templateCount * (templateCount + 1) / 2
        var words = [UInt64](repeating: 0, count: pairCount / 64 + 1)
        return words.withUnsafeMutableBufferPointer { words in
            var found = false
            comparisons.forEachBlock(of: 1 << 20) { block in
                for index in 0..<block.labels.count {
                    let (first, second) = (Int(block.first[index]), Int(block.second[index]))
                    let larger = max(first, second)
                    let bit = larger &* (larger &+ 1) / 2 &+ min(first, second)
                    let mask: UInt64 = 1 << UInt64(bit & 63)
                    let word = words[bit >> 6]
                    found = found || word & mask != 0 || first == second
                    words[bit >> 6] = word | mask
                }
            }
            return found
        }
    }

    /// Visits all of them, grouped by the smaller template and in file order within a group.
    ///
    /// The comparisons are listed by smaller template, some templates at a time; in each list the larger template is
    /// stamped with the comparison that first named it. Near linear time for any number of templates.
    package func visit(_ body: (Finding) -> Void) {
        let groups = ComparisonGroups(comparisons, groupCount: templateCount, partLimit: partLimit) { block, smaller in
            for index in 0..<block.labels.count { smaller[index] = min(block.first[index], block.second[index]) }
        }
        let (first, second) = (comparisons.first, comparisons.second)
        var earliest = [Int](repeating: -1, count: templateCount)
        groups.forEachPart { part in
            for smaller in part.groups {
                for index in part.positions(of: smaller) {
                    let comparison = Int(index)
                    let larger = Int(max(first[comparison], second[comparison]))
                    if larger == smaller { body(Finding(comparison: comparison, earlier: nil)) }
                    // A stamp is of this list when its comparison has this smaller template.
                    let stamp = earliest[larger]
                    if stamp >= 0, Int(min(first[stamp], second[stamp])) == smaller {
                        if larger != smaller { body(Finding(comparison: comparison, earlier: stamp)) }
                    } else {
                        earliest[larger] = comparison
                    }
                }
            }
            comparisons.giveBack(0..<comparisons.count)
        }
    }
}
