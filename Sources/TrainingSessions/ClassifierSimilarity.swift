internal import EvaluationRuns
internal import NeuralGraph
internal import NeuralTraining

/// How alike two classifiers of one shape are: what HeadSharingKD's `compare_heads.py` prints after every epoch.
struct ClassifierSimilarity {
    /// Of the cosines of corresponding rows.
    let mean: Double
    let meanAbsolute: Double
    let standardDeviation: Double
    let maximumAbsolute: Double
    /// Of the biases, where both have one: the length of their difference, its mean absolute value, their cosine.
    let biases: (distance: Double, meanAbsolute: Double, cosine: Double)?

    /// Compares `[classes, dimensions]` with the same.
    init(_ first: Tensor, _ second: Tensor, biases: (first: [Float], second: [Float])?) {
        let (rows, columns) = (first.shape[0], first.shape[1])
        let cosines = (0..<rows)
            .map { row in
                let range = row * columns..<(row + 1) * columns
                return Self.cosine(first.values[range], second.values[range])
            }
        let mean = cosines.reduce(0, +) / Double(rows)
        self.mean = mean
        meanAbsolute = cosines.reduce(0) { $0 + abs($1) } / Double(rows)
        standardDeviation = (cosines.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)).squareRoot()
        maximumAbsolute = cosines.reduce(0) { max($0, abs($1)) }
        self.biases = biases.map { first, second in
            let differences = zip(first, second).map { Double($0) - Double($1) }
            return (
                differences.reduce(0) { $0 + $1 * $1 }.squareRoot(),
                differences.reduce(0) { $0 + abs($1) } / Double(first.count), Self.cosine(first[...], second[...])
            )
        }
    }

    private static func cosine(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
        var (product, left, right) = (0.0, 0.0, 0.0)
        for (a, b) in zip(first, second) {
            product += Double(a) * Double(b)
            left += Double(a) * Double(a)
            right += Double(b) * Double(b)
        }
        return product / max(1e-30, (left * right).squareRoot())
    }

    /// A row of `classifiers.csv`; empty fields without biases.
    func logRow(steps: Int) -> LogRow {
        LogRow(
            table: "classifiers",
            header: "step,mean_row_cosine,mean_absolute_row_cosine,row_cosine_deviation,max_absolute_row_cosine,"
                + "bias_distance,bias_mean_absolute_difference,bias_cosine",
            line: "\(steps),\(mean),\(meanAbsolute),\(standardDeviation),\(maximumAbsolute),"
                + (biases.map { "\($0.distance),\($0.meanAbsolute),\($0.cosine)" } ?? ",,")
        )
    }

    /// For people.
    var text: String {
        "mean cosine of rows \(SummaryText.fixed(mean, decimals: 4))"
            + (biases.map { ", cosine of biases \(SummaryText.fixed($0.cosine, decimals: 4))" } ?? "")
    }
}
