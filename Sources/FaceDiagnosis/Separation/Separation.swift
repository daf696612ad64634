/// How far apart the scores of one person's pairs and of two persons' pairs lie.
package struct Separation: Hashable, Sendable, Codable {
    /// How far one person's pairs lie above strangers' pairs, in standard deviations of the latter; the mean over people.
    package var margin: Double
    /// The chance that a genuine pair scores higher than an impostor pair; ties count half.
    package var auc: Double
    /// The share of genuine pairs above all but 1 % of the impostor pairs.
    package var tarAtFAR1Percent: Double
    /// Mean genuine score.
    package var genuineMean: Double
    /// Mean impostor score.
    package var impostorMean: Double
    /// Genuine pairs.
    package var genuineCount: Int
    /// Impostor pairs.
    package var impostorCount: Int

    /// With less than this AUC even the best setting separates too badly to blame the user's.
    static let soundAUC = 0.85

    /// Measures scores.
    ///
    /// - Returns: nil with fewer than two scores of either kind.
    package init?(genuine: [Float], impostor: [Float]) {
        guard genuine.count >= 2, impostor.count >= 2 else { return nil }
        let strangers = Moments(impostor)
        genuineMean = Moments(genuine).mean
        impostorMean = strangers.mean
        let spread = strangers.variance.squareRoot()
        margin = spread > 1e-6 ? (genuineMean - impostorMean) / spread : 0
        genuineCount = genuine.count
        impostorCount = impostor.count
        let impostors = impostor.sorted()
        auc = Self.auc(genuine, sortedImpostors: impostors)
        let threshold = impostors[impostors.count - 1 - impostors.count / 100]
        tarAtFAR1Percent = Double(genuine.count { $0 > threshold }) / Double(genuine.count)
    }

    /// Measures a matrix.
    package init?(_ matrix: SimilarityMatrix) {
        let scores = matrix.scores()
        self.init(genuine: scores.genuine, impostor: scores.impostor)
        margin = SubjectMargins(matrix).mean()
    }

    private static func auc(_ genuine: [Float], sortedImpostors: [Float]) -> Double {
        var sum = 0.0
        for score in genuine {
            let below = lowerBound(sortedImpostors) { $0 < score }
            let notAbove = lowerBound(sortedImpostors) { $0 <= score }
            sum += Double(below + notAbove) / 2
        }
        return sum / (Double(genuine.count) * Double(sortedImpostors.count))
    }

    private static func lowerBound(_ sorted: [Float], _ isBefore: (Float) -> Bool) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Count, sum and sum of squares of some scores.
struct Moments: Hashable, Sendable {
    var count = 0.0
    var sum = 0.0
    var squares = 0.0

    init() {}

    init(_ values: [Float]) {
        for value in values { add(Double(value)) }
    }

    var mean: Double { count > 0 ? sum / count : 0 }
    var variance: Double { count > 0 ? max(0, squares / count - mean * mean) : 0 }

    mutating func add(_ value: Double) {
        count += 1
        sum += value
        squares += value * value
    }

    mutating func remove(_ other: Moments) {
        count -= other.count
        sum -= other.sum
        squares -= other.squares
    }
}

/// How far each subject's own pairs lie above the pairs of strangers, in standard deviations of the latter; the mean over
/// subjects, of all or without one of them.
struct SubjectMargins {
    /// Subjects that have a pair of their own.
    let paired: Set<Int>

    private var genuine: [Int: Moments] = [:]
    private var genuineSum = 0.0
    private var impostor = Moments()
    /// Pairs of each subject with strangers.
    private var impostorOf: [Int: Moments] = [:]

    init(_ matrix: SimilarityMatrix) {
        let numbers = Set(matrix.subjects.filter { $0 >= 0 }).sorted()
        let placeOf = Dictionary(uniqueKeysWithValues: zip(numbers, 0...))
        let places = matrix.subjects.map { placeOf[$0] ?? -1 }
        var own = [Moments](repeating: Moments(), count: numbers.count)
        var strange = own
        for first in 0..<matrix.count where places[first] >= 0 {
            for second in first + 1..<max(first + 1, matrix.count) where places[second] >= 0 {
                let score = Double(matrix.cosine(first, second))
                if places[first] == places[second] {
                    own[places[first]].add(score)
                } else {
                    impostor.add(score)
                    strange[places[first]].add(score)
                    strange[places[second]].add(score)
                }
            }
        }
        for (place, subject) in numbers.enumerated() {
            impostorOf[subject] = strange[place]
            guard own[place].count > 0 else { continue }
            genuine[subject] = own[place]
            genuineSum += own[place].mean
        }
        paired = Set(genuine.keys)
    }

    /// The mean margin over subjects, as if one of them, and all pairs with it, were not there.
    func mean(without subject: Int? = nil) -> Double {
        var (sum, count, strangers) = (genuineSum, genuine.count, impostor)
        if let subject {
            if let own = genuine[subject] {
                sum -= own.mean
                count -= 1
            }
            strangers.remove(impostorOf[subject] ?? Moments())
        }
        let spread = strangers.variance.squareRoot()
        // Scores that are all the same separate nobody.
        guard count > 0, spread > 1e-6 else { return 0 }
        return (sum / Double(count) - strangers.mean) / spread
    }
}
