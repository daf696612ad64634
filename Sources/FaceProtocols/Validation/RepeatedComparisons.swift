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

    /// Prepares to look.
    package init(_ comparisons: Comparisons, templateCount: Int) {
        self.comparisons = comparisons
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
    /// The comparisons are counted into one list per smaller template; in each list the larger template is stamped with
    /// the comparison that first named it. Linear time, four bytes per comparison, for any number of templates.
    package func visit(_ body: (Finding) -> Void) {
        let (first, second) = (comparisons.first, comparisons.second)
        var starts = [Int](repeating: 0, count: templateCount + 1)
        for index in 0..<comparisons.count { starts[Int(min(first[index], second[index])) + 1] += 1 }
        for template in 0..<templateCount { starts[template + 1] += starts[template] }
        var next = starts
        var order = [UInt32](repeating: 0, count: comparisons.count)
        for index in 0..<comparisons.count {
            let smaller = Int(min(first[index], second[index]))
            order[next[smaller]] = UInt32(index)
            next[smaller] += 1
        }
        var earliest = [Int](repeating: -1, count: templateCount)
        for smaller in 0..<templateCount {
            for index in order[starts[smaller]..<starts[smaller + 1]] {
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
    }
}
