/// A comparison that occurs twice, in either order, or one of a template with itself.
package struct RepeatedComparison {
    package let comparison: Int
    /// The first comparison of the same two templates; nil for a template with itself.
    package let earlier: Int?

    /// Up to here a bit for each pair of templates takes 64 MiB; IJB-C needs 32.
    private static let bitmapTemplateLimit = 32_768

    /// Visits all of them, grouped by the smaller template and in file order within a group.
    ///
    /// In each group the larger template is stamped with the comparison that first named it. Near linear time for any
    /// number of templates.
    package static func forEach(
        in comparisons: Comparisons,
        templateCount: Int,
        _ body: (RepeatedComparison) -> Void
    ) {
        guard mayExist(in: comparisons, templateCount: templateCount) else { return }
        let (first, second) = (comparisons.first, comparisons.second)
        let groups = ComparisonGroups(count: comparisons.count, groupCount: templateCount) { comparison in
            Int(min(first[comparison], second[comparison]))
        }
        var earliest = [Int](repeating: -1, count: templateCount)
        for smaller in 0..<templateCount {
            groups.forEach(in: smaller) { comparison in
                let larger = Int(max(first[comparison], second[comparison]))
                if larger == smaller { body(RepeatedComparison(comparison: comparison, earlier: nil)) }
                // A stamp is of this group when its comparison has this smaller template.
                let stamp = earliest[larger]
                if stamp >= 0, Int(min(first[stamp], second[stamp])) == smaller {
                    if larger != smaller { body(RepeatedComparison(comparison: comparison, earlier: stamp)) }
                } else {
                    earliest[larger] = comparison
                }
            }
        }
    }

    /// Whether there may be any: exact where there are few enough templates for a bit per pair, else true.
    private static func mayExist(in comparisons: Comparisons, templateCount: Int) -> Bool {
        guard templateCount <= bitmapTemplateLimit else { return true }
        let pairCount = templateCount * (templateCount + 1) / 2
        var words = [UInt64](repeating: 0, count: pairCount / 64 + 1)
        return words.withUnsafeMutableBufferPointer { words in
            var found = false
            for (first, second) in zip(comparisons.first, comparisons.second) {
                let larger = Int(max(first, second))
                let bit = larger &* (larger &+ 1) / 2 &+ Int(min(first, second))
                let mask: UInt64 = 1 << UInt64(bit & 63)
                let word = words[bit >> 6]
                found = found || word & mask != 0 || first == second
                words[bit >> 6] = word | mask
            }
            return found
        }
    }
}
