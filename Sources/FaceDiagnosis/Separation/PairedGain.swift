/// By how much the margin is higher with one setting than with another on the same faces, and how sure that is.
package struct PairedGain: Hashable, Sendable, Codable {
    /// The other setting's margin.
    package var before: Double
    /// This setting's margin.
    package var after: Double
    /// The standard error of the difference, from the subjects' own differences.
    package var standardError: Double

    /// Creates a gain.
    package init(before: Double, after: Double, standardError: Double) {
        self.before = before
        self.after = after
        self.standardError = standardError
    }

    /// The difference.
    package var difference: Double { after - before }
    /// The difference in standard errors.
    package var standardErrors: Double { standardError > 0 ? difference / standardError : 0 }
    /// The difference as a share of the better one.
    package var relative: Double { max(after, before) > 0 ? difference / max(after, before) : 0 }

    /// Compares two matrices of the same faces, subject by subject.
    ///
    /// d′ would say the same with twice to four times the standard error: its spread of genuine scores is that of easy
    /// and hard people, which has nothing to do with the setting.
    package init(from before: SimilarityMatrix, to after: SimilarityMatrix) {
        let (left, right) = (SubjectMargins(before), SubjectMargins(after))
        self.before = left.mean
        self.after = right.mean
        let differences = left.margins.compactMap { subject, margin in right.margins[subject].map { $0 - margin } }
        let count = Double(differences.count)
        guard count > 1 else {
            standardError = .infinity
            return
        }
        let mean = differences.reduce(0, +) / count
        let square = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // A difference that is the same for every subject is as sure as arithmetic.
        standardError = max((square / (count - 1) / count).squareRoot(), 1e-9 * max(1, abs(mean)))
    }
}

/// Each subject's margin: how far its own pairs lie above the pairs of strangers, in standard deviations of the latter.
struct SubjectMargins {
    /// By subject.
    private(set) var margins: [Int: Double] = [:]

    /// The mean over subjects.
    var mean: Double { margins.isEmpty ? 0 : margins.values.sorted().reduce(0, +) / Double(margins.count) }

    init(_ matrix: SimilarityMatrix) {
        var genuine: [Int: Moments] = [:]
        var impostor = Moments()
        for first in 0..<matrix.count where matrix.subjects[first] >= 0 {
            for second in first + 1..<max(first + 1, matrix.count) where matrix.subjects[second] >= 0 {
                let score = Double(matrix.cosine(first, second))
                if matrix.subjects[first] == matrix.subjects[second] {
                    genuine[matrix.subjects[first], default: Moments()].add(score)
                } else {
                    impostor.add(score)
                }
            }
        }
        let spread = impostor.variance.squareRoot()
        // Scores that are all the same separate nobody.
        margins = genuine.mapValues { spread > 1e-6 ? ($0.mean - impostor.mean) / spread : 0 }
    }
}
