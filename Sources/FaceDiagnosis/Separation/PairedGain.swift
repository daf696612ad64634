internal import Foundation

/// By how much the margin is higher with one setting than with another on the same faces, and how sure that is.
package struct PairedGain: Hashable, Sendable, Codable {
    /// The other setting's margin.
    package var before: Double
    /// This setting's margin.
    package var after: Double
    /// The standard error of the difference, from leaving out one subject at a time; infinite with fewer than two.
    package var standardError: Double
    /// How many subjects have pairs of their own under both settings.
    package var subjects: Int

    package init(before: Double, after: Double, standardError: Double, subjects: Int) {
        self.before = before
        self.after = after
        self.standardError = standardError
        self.subjects = subjects
    }

    /// The difference.
    package var difference: Double { after - before }
    /// The difference in standard errors.
    package var standardErrors: Double { standardError > 0 ? difference / standardError : 0 }
    /// The difference as a share of the better one.
    package var relative: Double { max(after, before) > 0 ? difference / max(after, before) : 0 }
    /// The chance of so many standard errors if the settings were equally good, one-sided: Student's t with as many
    /// degrees of freedom as there are subjects but one.
    package var chance: Double {
        guard subjects > 1 else { return 1 }
        return StudentDistribution.upperTail(standardErrors, degreesOfFreedom: subjects - 1)
    }

    /// Compares two matrices of the same faces.
    ///
    /// The standard error is the delete-one-subject jackknife's. It sees both what differs from one subject to the next
    /// and what all share: the spread of the strangers' scores, which the same few subjects make up. (The spread of the
    /// subjects' own differences alone would miss the latter, and d′ would have twice to four times the standard error,
    /// since its spread of genuine scores is that of easy and hard people, which has nothing to do with the setting.)
    ///
    /// Source: B. Efron and C. Stein, *The Jackknife Estimate of Variance*, 1981: on average it is too large, not too
    /// small. On disjoint groups of people of a real set, it came out 1.3 to 1.4 times the true one, where the subjects'
    /// own differences gave as little as a third of it.
    package init(from before: SimilarityMatrix, to after: SimilarityMatrix) {
        let (left, right) = (SubjectMargins(before), SubjectMargins(after))
        self.before = left.mean()
        self.after = right.mean()
        let common = left.paired.intersection(right.paired).sorted()
        subjects = common.count
        guard common.count > 1 else {
            standardError = .infinity
            return
        }
        let differences = common.map { right.mean(without: $0) - left.mean(without: $0) }
        let count = Double(common.count)
        let mean = differences.reduce(0, +) / count
        let square = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // A difference that is the same whoever is left out is as sure as arithmetic.
        standardError = max((square * (count - 1) / count).squareRoot(), 1e-9 * max(1, abs(mean)))
    }

    /// Whether the gain is no chance, given how many were looked at to find it.
    ///
    /// Bonferroni's bound: if none of `comparisons` settings is better, the chance that any of them passes is at most
    /// `rate`, however much they have in common.
    ///
    /// - Parameters:
    ///   - comparisons: How many gains were looked at.
    ///   - rate: The chance of a false alarm that is borne, for all of them together.
    package func isSure(among comparisons: Int, rate: Double) -> Bool {
        chance <= rate / Double(max(comparisons, 1))
    }
}

/// Student's t distribution.
package enum StudentDistribution {
    /// The chance of a value above `value`.
    ///
    /// Source: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4: finite sums for whole
    /// degrees of freedom. The absolute error is below 1e-13; chances below that are not told from 0.
    ///
    /// - Parameters:
    ///   - value: t; an infinite one has its limit.
    ///   - degreesOfFreedom: At least 1.
    package static func upperTail(_ value: Double, degreesOfFreedom: Int) -> Double {
        precondition(degreesOfFreedom > 0, "degrees of freedom count from 1")
        let angle = atan2(abs(value), Double(degreesOfFreedom).squareRoot())
        let (sine, cosine) = (sin(angle), cos(angle))
        let isOdd = degreesOfFreedom % 2 == 1
        // cos + 2/3 cos³ + 2·4/(3·5) cos⁵ + … for odd ones, 1 + 1/2 cos² + 1·3/(2·4) cos⁴ + … for even ones.
        var term = isOdd ? cosine : 1
        var sum = 0.0
        for index in stride(from: isOdd ? 1 : 0, to: degreesOfFreedom - 1, by: 2) {
            sum += term
            term *= cosine * cosine * Double(index + 1) / Double(index + 2)
        }
        let within = isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum
        let tail = max(0, (1 - within) / 2)
        return value < 0 ? 1 - tail : tail
    }
}
