/// How much of the variance that product weights give the number of false accepts is that of subjects.
///
/// With h the false accepts of a pair of subjects less those expected of its comparisons, products of weights give the number
/// of false accepts the variance Σ_a(Σ_b h_ab)² + Σ_ab h_ab², in which what a pair has of its own stands three times
/// (A. B. Owen, *The pigeonhole bootstrap*, 2007). The infinitesimal jackknife over subjects, Σ_a(Σ_b h_ab)², has it twice;
/// it is still never too small in expectation (B. Efron and C. Stein, *The jackknife estimate of variance*, 1981), where an
/// estimate that has it once falls short with few subjects.
struct ThresholdVariance {
    private let pairs: PairCounts
    /// How many impostor comparisons there are.
    let impostorCount: Int
    /// Each subject's impostor comparisons; a last one for those that are within one subject.
    private var ofSubject: [Double]
    /// The sum over pairs of the square of their comparisons.
    private var ofPairs = 0.0

    /// Above so many false accepts the threshold hardly varies, and no correction of it shows.
    private static let limit = 100_000

    init(pairs: PairCounts, subjectCount: Int) {
        self.pairs = pairs
        ofSubject = [Double](repeating: 0, count: subjectCount + 1)
        var total = 0
        for row in 0..<pairs.starts.count - 1 {
            for index in pairs.starts[row]..<pairs.starts[row + 1] {
                let count = Double(pairs.counts[index])
                total += Int(pairs.counts[index])
                ofSubject[row] += count
                ofSubject[Int(pairs.second[index])] += count
                ofPairs += count * count
            }
        }
        impostorCount = total
    }

    /// The jackknife's variance over that of product weights.
    ///
    /// - Parameters:
    ///   - impostor: Impostors from the highest score down.
    ///   - count: How many of these are accepted.
    /// - Returns: In (0, 1]; 1 where nothing is accepted, and above 100,000.
    func share(of impostor: ComparisonRows, first count: Int) -> Double {
        guard count > 0, count <= Self.limit else { return 1 }
        let rate = Double(count) / Double(impostorCount)
        var ofSubject = ofSubject.map { -rate * $0 }
        var ofPairs = rate * rate * ofPairs
        var accepted = (0..<count).map { UInt64(impostor.first[$0]) << 32 | UInt64(impostor.second[$0]) }
        RadixSort.sort(&accepted) { $0 }
        var start = 0
        var place = 0
        while start < count {
            let pair = accepted[start]
            let end = accepted[start...].firstIndex { $0 != pair } ?? count
            let (row, other) = (Int(pair >> 32), UInt32(truncatingIfNeeded: pair))
            place = max(place, pairs.starts[row])
            while pairs.second[place] < other { place += 1 }
            let found = Double(end - start)
            ofSubject[row] += found
            ofSubject[Int(other)] += found
            ofPairs += found * (found - 2 * rate * Double(pairs.counts[place]))
            start = end
        }
        let ofSubjects = ofSubject.dropLast().reduce(0) { $0 + $1 * $1 }
        return ofSubjects > 0 ? ofSubjects / (ofSubjects + max(ofPairs, 0)) : 1
    }
}
