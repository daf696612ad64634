/// LFW's way of measuring: each fold is judged by a threshold chosen on the others.
public struct FoldedVerification: Hashable, Sendable {
    /// What one held-out fold shows.
    public struct Fold: Hashable, Sendable {
        /// The threshold of the best accuracy on the other folds.
        public let threshold: Double
        /// Pairs of this fold that it decides rightly, over all pairs of this fold.
        public let accuracy: Double
        /// TAR of this fold at the threshold that the other folds give for ``FoldedVerification/farTarget``.
        public let tar: Outcome<Double>
        /// FAR of this fold at that threshold.
        public let far: Outcome<Double>
    }

    /// The folds in order.
    public let folds: [Fold]
    /// The FAR that ``Fold/tar`` is measured at.
    public let farTarget: FARTarget
    /// ⌊``farTarget`` × impostors⌋ of the folds that a threshold is chosen on, where that is smallest.
    public let allowedImpostors: Int
    /// Mean and standard deviation of the accuracy.
    public var accuracy: MeanAndDeviation { MeanAndDeviation(of: folds.map(\.accuracy)) }

    /// Mean and standard deviation of the folds' TAR, or the reason of the first fold that has none.
    public var tar: Outcome<MeanAndDeviation> { summarize(\.tar) }

    /// Mean and standard deviation of the folds' FAR, or the reason of the first fold that has none.
    public var far: Outcome<MeanAndDeviation> { summarize(\.far) }

    private func summarize(_ rate: KeyPath<Fold, Outcome<Double>>) -> Outcome<MeanAndDeviation> {
        Outcome { () throws(UndefinedResult) in
            var rates: [Double] = []
            for fold in folds { rates.append(try fold[keyPath: rate].get()) }
            return MeanAndDeviation(of: rates)
        }
    }
}

/// A mean and its spread over folds.
public struct MeanAndDeviation: Hashable, Sendable, Codable {
    /// The mean.
    public let mean: Double
    /// The standard deviation over the folds, with n in the denominator as the field's scripts have it (`np.std`).
    public let standardDeviation: Double

    init(of values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        self.mean = mean
        standardDeviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }
}

extension FoldedVerification {
    /// Measures each fold by the others.
    ///
    /// - Parameters:
    ///   - scores: One per pair; −∞ is a pair that cannot be accepted.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - folds: The fold of each pair.
    ///   - farTarget: The FAR of the TAR column.
    ///   - candidates: The thresholds to choose among, the first of the best winning; nil for every one that the
    ///     other folds' scores tell apart, from the strictest down. A published number made on a grid needs its
    ///     grid: ``squaredDistanceGrid``.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public init(
        scores: [Double],
        labels: [UInt8],
        folds: Folds,
        farTarget: FARTarget,
        candidates: [Double]? = nil
    ) throws(MetricsError) {
        guard scores.count == labels.count, scores.count == folds.foldOfPair.count else {
            throw MetricsError(
                .countMismatch,
                "\(scores.count) scores, \(labels.count) labels and \(folds.foldOfPair.count) fold numbers"
            )
        }
        // Find what is wrong with a pair here, where its index is that of the caller.
        _ = try ScoreSet(scores: scores, labels: labels)
        self.farTarget = farTarget
        var measured: [Fold] = []
        var allowed = Int.max
        for fold in 0..<folds.count {
            let isHeldOut = folds.foldOfPair.map { $0 == fold }
            let training = try ScoreSet(scores, labels, where: isHeldOut.map { !$0 })
            allowed = min(allowed, farTarget.allowedImpostors(of: training.counts.impostor))
            let heldOut = try ScoreSet(scores, labels, where: isHeldOut)
            measured.append(Fold(training: training, heldOut: heldOut, farTarget: farTarget, candidates: candidates))
        }
        self.folds = measured
        allowedImpostors = allowed
    }

    /// InsightFace's grid: squared distances 0, 0.01, … 3.99 of unit vectors, as cosines, the strictest first.
    ///
    /// Its scripts accept below a distance, and so decide alike except where a score meets the grid exactly.
    public static let squaredDistanceGrid: [Double] = (0..<400).map { 1 - Double($0) * 0.01 / 2 }
}

extension FoldedVerification.Fold {
    fileprivate init(training: ScoreSet, heldOut: ScoreSet, farTarget: FARTarget, candidates: [Double]?) {
        // No candidate at all, or no finite score: then nothing is accepted.
        threshold =
            (candidates.map(training.mostAccurate) ?? training.mostAccurateThreshold()) ?? .greatestFiniteMagnitude
        let counts = heldOut.counts
        let decided = heldOut.accepted(atThreshold: threshold)
        accuracy =
            Double(decided.genuine + counts.impostor - decided.impostors) / Double(counts.genuine + counts.impostor)
        let point = training.operatingPoint(at: farTarget)
        let accepted = point.map { heldOut.accepted(atThreshold: $0.threshold ?? .greatestFiniteMagnitude) }
        tar = accepted.flatMap {
            counts.genuine > 0 ? .success(Double($0.genuine) / Double(counts.genuine)) : .failure(.noGenuine)
        }
        far = accepted.flatMap {
            counts.impostor > 0 ? .success(Double($0.impostors) / Double(counts.impostor)) : .failure(.noImpostor)
        }
    }
}

extension ScoreSet {
    fileprivate init(_ scores: [Double], _ labels: [UInt8], where isIncluded: [Bool]) throws(MetricsError) {
        let included = scores.indices.filter { isIncluded[$0] }
        try self.init(scores: included.map { scores[$0] }, labels: included.map { labels[$0] })
    }

    /// The first of the candidates with the most right decisions.
    fileprivate func mostAccurate(of candidates: [Double]) -> Double? {
        var best: (correct: Int, threshold: Double)?
        for threshold in candidates {
            let decided = accepted(atThreshold: threshold)
            let correct = decided.genuine - decided.impostors
            if best.map({ correct > $0.correct }) ?? true { best = (correct, threshold) }
        }
        return best?.threshold
    }
}

extension SortedScores {
    /// The threshold with the most right decisions; the strictest of several.
    func mostAccurateThreshold() -> Double? {
        var best = emptyState
        var state = emptyState
        while let next = adjacent(after: state) {
            state = next
            // Right decisions, up to a constant: genuines accepted less impostors accepted.
            if state.genuine - state.impostors > best.genuine - best.impostors { best = state }
        }
        return threshold(of: best)
    }
}

/// Which fold each pair belongs to.
public struct Folds: Hashable, Sendable {
    /// The fold of each pair, from 0.
    public let foldOfPair: [Int]
    /// How many folds there are.
    public let count: Int

    /// Consecutive folds of equal size, the first ones one pair larger where it does not divide: the layout of
    /// LFW's list, and what scikit-learn's `KFold` without shuffling makes of the others.
    ///
    /// - Throws: ``MetricsError`` (`invalidOption`) for fewer than two folds or fewer pairs than folds.
    public init(pairs: Int, folds: Int = 10) throws(MetricsError) {
        guard folds >= 2, pairs >= folds else {
            throw MetricsError(.invalidOption, "cannot make \(folds) folds of \(pairs) pairs")
        }
        count = folds
        let (size, larger) = (pairs / folds, pairs % folds)
        foldOfPair = (0..<folds).flatMap { [Int](repeating: $0, count: $0 < larger ? size + 1 : size) }
    }

    /// Folds given pair by pair.
    ///
    /// - Parameter foldOfPair: Numbers from 0; each up to the largest must occur.
    /// - Throws: ``MetricsError`` (`invalidOption`) for fewer than two folds or an empty one.
    public init(foldOfPair: [Int]) throws(MetricsError) {
        let numbers = Set(foldOfPair)
        guard numbers.count >= 2, numbers.min() == 0, numbers.max() == numbers.count - 1 else {
            throw MetricsError(.invalidOption, "folds must be numbered from 0 without a gap, and be two or more")
        }
        self.foldOfPair = foldOfPair
        count = numbers.count
    }
}
