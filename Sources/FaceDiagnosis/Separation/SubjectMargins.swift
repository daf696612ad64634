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
