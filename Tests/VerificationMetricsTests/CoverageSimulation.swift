import Foundation
import SeededRandom
import VerificationMetrics

/// Subjects whose comparisons depend on each other, with a TAR that is known in closed form.
///
/// Impostor scores are u_a + u_b + normal noise, genuine scores of a subject v_a + normal noise; u and v are normal with
/// standard deviations 0.35 and 0.6. A wolf's u is 1.5 more, so many impostors match it.
struct CoveragePopulation {
    let subjects: Int
    /// The share of wolves among the subjects that are drawn.
    let wolves: Double
    /// So that there are about 11,000 impostors or more.
    var comparisonsPerPair: Int { max(1, 10_000 / (subjects * subjects / 2)) }
    var impostorCount: Int { subjects * (subjects - 1) / 2 * comparisonsPerPair }
    static let genuinePerSubject = 10
    private static let impostorEffect = 0.35
    private static let genuineEffect = 0.6
    private static let wolfShift = 1.5

    /// The FAR of a threshold, over subjects drawn anew.
    private func far(_ threshold: Double) -> Double {
        let deviation = (1 + 2 * Self.impostorEffect * Self.impostorEffect).squareRoot()
        let shares = [(1 - wolves) * (1 - wolves), 2 * wolves * (1 - wolves), wolves * wolves]
        return shares.enumerated()
            .reduce(0) { $0 + $1.element * upperTail((threshold - Double($1.offset) * Self.wolfShift) / deviation) }
    }

    /// How far genuine scores must lie up for a TAR at a FAR.
    func genuineMean(tar: Double, far target: Double) -> Double {
        var (low, high) = (-10.0, 30.0)
        for _ in 0..<80 {
            let middle = (low + high) / 2
            if far(middle) > target { low = middle } else { high = middle }
        }
        let deviation = (1 + Self.genuineEffect * Self.genuineEffect).squareRoot()
        return low + deviation * (normalDeviate(tar) ?? 0)
    }

    /// Scores of subjects drawn anew, impostors first; genuine ones around 0.
    func scores(seed: UInt64, stream: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed, stream: stream)
        let easiness = (0..<subjects)
            .map { _ in
                Self.impostorEffect * generator.normal() + (generator.uniform() < wolves ? Self.wolfShift : 0)
            }
        var scores: [Float] = []
        for subject in 0..<subjects {
            for other in 0..<subject {
                for _ in 0..<comparisonsPerPair {
                    scores.append(Float(easiness[subject] + easiness[other] + generator.normal()))
                }
            }
        }
        for _ in 0..<subjects {
            let effect = Self.genuineEffect * generator.normal()
            for _ in 0..<Self.genuinePerSubject { scores.append(Float(effect + generator.normal())) }
        }
        return scores
    }

    var labels: [UInt8] {
        [UInt8](repeating: 0, count: impostorCount)
            + [UInt8](repeating: 1, count: subjects * Self.genuinePerSubject)
    }

    /// A template for each subject.
    func comparisonSubjects() throws -> ComparisonSubjects {
        var (first, second): ([UInt32], [UInt32]) = ([], [])
        for subject in 0..<UInt32(subjects) {
            for other in 0..<subject {
                first += [UInt32](repeating: subject, count: comparisonsPerPair)
                second += [UInt32](repeating: other, count: comparisonsPerPair)
            }
        }
        for subject in 0..<UInt32(subjects) {
            first += [UInt32](repeating: subject, count: Self.genuinePerSubject)
            second += [UInt32](repeating: subject, count: Self.genuinePerSubject)
        }
        return try ComparisonSubjects(
            firstTemplate: first,
            secondTemplate: second,
            subjectOfTemplate: (0..<UInt32(subjects)).map { $0 }
        )
    }

    private func upperTail(_ deviate: Double) -> Double { 0.5 * erfc(deviate / 2.0.squareRoot()) }
}

/// How often intervals hold the true TAR.
struct Coverage {
    /// Experiments whose interval holds it, lies above it, lies below it.
    var held = 0
    var above = 0
    var below = 0
    var widths = 0.0
    var experiments: Int { held + above + below }
    var share: Double { Double(held) / Double(max(experiments, 1)) }
    var width: Double { widths / Double(max(experiments, 1)) }

    mutating func add(_ interval: Interval, truth: Double) {
        if interval.low > truth { above += 1 } else if interval.high < truth { below += 1 } else { held += 1 }
        widths += interval.high - interval.low
    }
}

/// The coverage of each method in one case.
struct CoverageCase {
    let population: CoveragePopulation
    /// ⌊FAR · impostors⌋.
    let allowed: Int
    let tar: Double
    private(set) var byMethod: [Interval.Method: Coverage] = [:]

    init(_ population: CoveragePopulation, allowed: Int, tar: Double) {
        self.population = population
        self.allowed = allowed
        self.tar = tar
    }

    subscript(_ method: Interval.Method) -> Coverage { byMethod[method] ?? Coverage() }

    /// Simulates cases of one population: each experiment's scores serve all of them.
    static func run(
        _ population: CoveragePopulation,
        allowed: [Int],
        tars: [Double],
        experiments: Int,
        replicates: Int
    ) throws -> [CoverageCase] {
        let subjects = try population.comparisonSubjects()
        let labels = population.labels
        var cases = allowed.flatMap { allowed in tars.map { CoverageCase(population, allowed: allowed, tar: $0) } }
        for experiment in 0..<experiments {
            let seed = UInt64(population.subjects) + (population.wolves > 0 ? 1_000_000 : 0)
            let scores = population.scores(seed: seed, stream: UInt64(experiment))
            for place in cases.indices {
                // Half an impostor more, so that ⌊FAR · impostors⌋ does not hang on a digit.
                let far = (Double(cases[place].allowed) + 0.5) / Double(population.impostorCount)
                let mean = Float(population.genuineMean(tar: cases[place].tar, far: far))
                var shifted = scores
                for index in population.impostorCount..<scores.count { shifted[index] += mean }
                try cases[place].add(shifted, labels, subjects, FARTarget(far), replicates, UInt64(experiment))
            }
        }
        return cases
    }

    private mutating func add(
        _ scores: [Float],
        _ labels: [UInt8],
        _ subjects: ComparisonSubjects,
        _ target: FARTarget,
        _ replicates: Int,
        _ seed: UInt64
    ) throws {
        let wilson = try SubjectBootstrap(replicates: replicates, seed: seed)
        let drawn =
            try wilson.replicates(
                of: [.single(scores)],
                labels: labels,
                subjects: subjects,
                targets: [target]
            )
            .get()
        let (observed, values) = (drawn.observed[0][0], drawn.rates[0][0])
        let percentile = try SubjectBootstrap(replicates: replicates, seed: seed, ends: .percentile)
        let accepted = Int((observed.rate * Double(observed.trials)).rounded())
        for interval in [
            try wilson.interval(observed, values: values).get(),
            try percentile.interval(observed, values: values).get(),
            try Interval.wilson(successes: accepted, trials: observed.trials).get(),
        ] {
            byMethod[interval.method, default: Coverage()].add(interval, truth: tar)
        }
    }
}
