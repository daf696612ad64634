/// Several systems over the same comparisons: their operating points, what one resampling of subjects makes of them, and
/// how they depend on each subject.
///
/// The test of a difference D (or of any weighted sum of the systems' TARs) divides it by its standard error, which comes
/// from ``RateInfluences``. How large that quotient gets by chance is read off the replicates: each one's difference, less
/// their mean, over their standard deviation. So the replicates give the shape and how several differences go
/// together, without the size, which resampling subjects exaggerates where few impostors are allowed.
struct JointResampling: Sendable {
    /// `[systems][targets]`.
    let points: [[OperatingPoint]]
    /// `[systems][targets][replicates]`, without the replicates that hold only one class.
    let rates: [[[Double]]]
    let influences: RateInfluences
    let subjectCount: Int
    /// Of each system and target, the data's own.
    let observed: [[ObservedRate]]
    let bootstrap: SubjectBootstrap
    var level: Double { bootstrap.level }
    /// Whether replicates were left out.
    let discards: Bool

    /// A weighted sum of TARs, and what it is worth.
    func test(_ weights: [Double], target: Int) -> TestedDifference {
        let value = zip(weights, points).reduce(0) { $0 + $1.0 * $1.1[target].tar }
        let standardized = StandardizedReplicates(weights, rates, target: target)
        let linearised = influences.standardError(weights, target: target)
        let isResolved = points.allSatisfy { $0[target].resolved }
        return TestedDifference(
            value: value,
            standardError: linearised ?? standardized.deviation,
            isLinearised: linearised != nil,
            magnitudes: standardized.values.map { abs($0) }.sorted(),
            level: level,
            degreesOfFreedom: Double(subjectCount - 1),
            caveats: (isResolved ? [] : [.unresolvedTarget]) + (discards ? [.replicatesDiscarded] : [])
        )
    }
}

/// A weighted sum over the replicates, less its mean, over its standard deviation.
struct StandardizedReplicates {
    private(set) var values: [Double]
    let deviation: Double

    init(_ weights: [Double], _ rates: [[[Double]]], target: Int) {
        values = [Double](repeating: 0, count: rates.first?[target].count ?? 0)
        for (weight, system) in zip(weights, rates) where weight != 0 {
            for index in values.indices { values[index] += weight * system[target][index] }
        }
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        // Sums of shares that cancel leave a rounding error behind.
        deviation = variance > 1e-24 ? variance.squareRoot() : 0
        for index in values.indices { values[index] = deviation > 0 ? (values[index] - mean) / deviation : 0 }
    }
}

/// A difference of TARs over its standard error, held against what chance makes of that quotient.
struct TestedDifference {
    let value: Double
    /// Of ``value``; 0 where nothing varies.
    let standardError: Double
    let pValue: Double
    let interval: Interval
    /// The chance by Student's t; nil where the standard error is not the linearised one.
    let linearisedPValue: Double?

    /// - Parameter magnitudes: The standardised replicates without their sign, ascending.
    init(
        value: Double,
        standardError: Double,
        isLinearised: Bool,
        magnitudes: [Double],
        level: Double,
        degreesOfFreedom: Double,
        caveats: [Interval.Caveat]
    ) {
        let varies = standardError > 1e-12 && (magnitudes.last ?? 0) > 0
        let quotient = varies ? abs(value) / standardError : 0
        let count = magnitudes.count
        let beyond = count - magnitudes.firstPlace { $0 >= quotient }
        // The interval ends where p reaches 1 − level, so that it leaves out zero exactly where p is below.
        let allowed = max(0, Int(((1 - level) * Double(count + 1) + 1e-9).rounded(.down)) - 1)
        let reach = varies ? magnitudes[max(0, count - allowed - 1)] * standardError : 0
        self.value = value
        self.standardError = varies ? standardError : 0
        pValue = varies ? Double(beyond + 1) / Double(count + 1) : 1
        linearisedPValue =
            isLinearised
            ? (varies ? Significance.student(quotient, degreesOfFreedom: degreesOfFreedom) : 1) : nil
        interval = Interval(
            low: value - reach,
            high: value + reach,
            level: level,
            method: .subjectBootstrap,
            replicates: count,
            caveats: caveats + (varies ? [] : [.noVariation])
        )
    }
}

extension SubjectBootstrap {
    /// How many replicates a test of differences needs at least: with fewer, neighbouring p-values near 0.05 are too far
    /// apart and a verdict turns on the seed.
    public static let leastTestReplicates = 200

    /// Resamples several systems together.
    ///
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit, and (`invalidOption`) for fewer than
    ///   ``leastTestReplicates`` replicates.
    func jointly(
        _ systems: [ScoreValues],
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) throws(MetricsError) -> Outcome<JointResampling> {
        guard replicates >= Self.leastTestReplicates else {
            throw MetricsError(
                .invalidOption,
                "a test of differences needs at least \(Self.leastTestReplicates) replicates (found \(replicates)): "
                    + "with fewer its verdict turns on the seed"
            )
        }
        var points: [[OperatingPoint]] = []
        for scores in systems {
            try scores.check(labels: labels, subjects: subjects)
            let set = try ScoreSet(scores: scores, labels: labels)
            var found: [OperatingPoint] = []
            for target in targets {
                switch set.operatingPoint(at: target) {
                case .success(let point): found.append(point)
                case .failure(let reason): return .failure(reason)
                }
            }
            points.append(found)
        }
        let problem = problem(systems, labels: labels, subjects: subjects, targets: targets)
        guard problem.subjectCount >= 2 else { return .failure(.tooFewSubjects) }
        let rankings = problem.rankings()
        let drawn = replicates(of: problem, rankings: rankings, targets: targets)
        let rates = drawn.rates.map { $0.map { $0.map { $0?.tar } } }
        // Whether a replicate holds both classes depends on the subjects drawn, not on the system.
        let kept = (0..<replicates).filter { replicate in rates.first?.first?[replicate] != nil }
        guard kept.count * 2 > replicates else { return .failure(.tooFewReplicates) }
        return .success(
            JointResampling(
                points: points,
                rates: rates.map { $0.map { rates in kept.map { rates[$0] ?? 0 } } },
                influences: RateInfluences(
                    rankings,
                    points: points,
                    pairs: problem.pairs,
                    subjectCount: problem.subjectCount
                ),
                subjectCount: problem.subjectCount,
                observed: drawn.observed,
                bootstrap: self,
                discards: kept.count < replicates
            )
        )
    }
}
