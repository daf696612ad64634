internal import VerificationMetrics

/// The kinds of comparisons that only one of two systems accepts: genuine gained and lost, impostors gained and lost.
enum FlipKind {
    static func index(label: UInt8, isBySecond: Bool) -> Int { (label == 1 ? 0 : 2) + (isBySecond ? 0 : 1) }

    /// How many of each kind there are.
    static func counts(_ difference: PairedDifference, _ runs: ComparedRuns) -> [Int] {
        let (first, second) = (difference.first.threshold ?? .infinity, difference.second.threshold ?? .infinity)
        var counts = [0, 0, 0, 0]
        for (index, label) in runs.labels.enumerated() {
            let isBySecond = runs.secondScores[index] >= second
            if (runs.firstScores[index] >= first) != isBySecond {
                counts[self.index(label: label, isBySecond: isBySecond)] += 1
            }
        }
        return counts
    }
}

extension RunComparison.Flips {
    init(_ difference: PairedDifference, _ runs: ComparedRuns, count: Int) {
        farTarget = difference.farTarget.value
        let scales = (
            ImpostorScale(runs.firstScores, runs.labels, threshold: difference.first.threshold),
            ImpostorScale(runs.secondScores, runs.labels, threshold: difference.second.threshold)
        )
        var flips: [[RunComparison.Flip]] = [[], [], [], []]
        for (index, label) in runs.labels.enumerated() {
            let (one, other) = (runs.firstScores[index], runs.secondScores[index])
            let (margin, otherMargin) = (scales.0.margin(one), scales.1.margin(other))
            guard (margin >= 0) != (otherMargin >= 0), one.isFinite, other.isFinite else { continue }
            let flip = RunComparison.Flip(
                comparison: index,
                templates: [runs.templates[2 * index], runs.templates[2 * index + 1]],
                firstScore: one,
                secondScore: other,
                firstMargin: margin,
                secondMargin: otherMargin
            )
            flips[FlipKind.index(label: label, isBySecond: otherMargin >= 0)].append(flip)
        }
        func widest(_ flips: [RunComparison.Flip]) -> [RunComparison.Flip] {
            func width(_ flip: RunComparison.Flip) -> Double { abs(flip.secondMargin - flip.firstMargin) }
            return Array(flips.sorted { (width($1), $0.comparison) < (width($0), $1.comparison) }.prefix(count))
        }
        genuineGained = widest(flips[0])
        genuineLost = widest(flips[1])
        impostorsGained = widest(flips[2])
        impostorsLost = widest(flips[3])
    }
}

/// Distances from a threshold in standard deviations of the impostor scores: comparable between systems.
private struct ImpostorScale {
    private let threshold: Double
    private let deviation: Double

    init(_ scores: ScoreValues, _ labels: [UInt8], threshold: Double?) {
        self.threshold = threshold ?? .infinity
        var (count, sum, squares) = (0.0, 0.0, 0.0)
        for (index, label) in labels.enumerated() where label == 0 {
            let score = scores[index]
            guard score.isFinite else { continue }
            count += 1
            let change = score - sum
            sum += change / count
            squares += change * (score - sum)
        }
        let variance = count > 1 ? squares / (count - 1) : 0
        deviation = variance > 0 ? variance.squareRoot() : 1
    }

    func margin(_ score: Double) -> Double { (score - threshold) / deviation }
}

extension RunComparison.Grid {
    private static let squaresPerRow = 64

    /// The scores that two systems give the comparisons of one class.
    static func counting(_ runs: ComparedRuns, label: UInt8) -> Outcome<Self> {
        var ranges = (Span(), Span())
        visit(runs, label) { one, other in
            ranges.0.add(one)
            ranges.1.add(other)
        }
        guard ranges.0.count > 0 else { return .failure(.allRejected) }
        guard ranges.0.isWide, ranges.1.isWide else { return .failure(.noSpread) }
        let means = (ranges.0.sum / ranges.0.count, ranges.1.sum / ranges.1.count)
        var counts = [Int](repeating: 0, count: squaresPerRow * squaresPerRow)
        var (products, squares, others) = (0.0, 0.0, 0.0)
        visit(runs, label) { one, other in
            counts[ranges.1.column(other) * squaresPerRow + ranges.0.column(one)] += 1
            let (deviation, otherDeviation) = (one - means.0, other - means.1)
            products += deviation * otherDeviation
            squares += deviation * deviation
            others += otherDeviation * otherDeviation
        }
        return .success(
            Self(
                firstRange: [ranges.0.lowest, ranges.0.highest],
                secondRange: [ranges.1.lowest, ranges.1.highest],
                columns: squaresPerRow,
                counts: counts,
                correlation: max(-1, min(1, products / (squares * others).squareRoot()))
            )
        )
    }

    /// Visits the scores of the comparisons of one class that neither system rejected; copying them would take more
    /// memory than everything else.
    private static func visit(_ runs: ComparedRuns, _ label: UInt8, _ body: (Double, Double) -> Void) {
        for (index, value) in runs.labels.enumerated() where value == label {
            let (one, other) = (runs.firstScores[index], runs.secondScores[index])
            if one.isFinite && other.isFinite { body(one, other) }
        }
    }

    /// What one system's scores span.
    private struct Span {
        var count = 0.0
        var sum = 0.0
        var lowest = Double.infinity
        var highest = -Double.infinity

        mutating func add(_ score: Double) {
            count += 1
            sum += score
            lowest = min(lowest, score)
            highest = max(highest, score)
        }

        /// Whether a grid can be laid over it.
        var isWide: Bool { lowest < highest && (highest - lowest).isFinite }

        func column(_ score: Double) -> Int {
            min(Int((score - lowest) / (highest - lowest) * Double(squaresPerRow)), squaresPerRow - 1)
        }
    }
}
