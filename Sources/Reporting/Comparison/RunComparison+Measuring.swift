public import ArtifactFiles
public import VerificationMetrics

extension RunComparison {
    /// Compares two runs by resampling the same subjects for both.
    ///
    /// - Parameters:
    ///   - first: The run that is compared against.
    ///   - second: The run whose gain or loss is measured.
    ///   - farTargets: FAR targets; nil for those that both reports have.
    ///   - bootstrap: How subjects are resampled: at least ``SubjectBootstrap/leastTestReplicates`` times.
    ///   - exampleCount: How many flipped comparisons of each kind are named.
    /// - Throws: `InputError` for folders that cannot be read, and (`mismatch`) for runs over different protocols,
    ///   labels, templates or subjects, with the first difference.
    public init(
        _ first: RunFolder,
        _ second: RunFolder,
        farTargets: [FARTarget]? = nil,
        bootstrap: SubjectBootstrap,
        exampleCount: Int = 6
    ) async throws(InputError) {
        let runs = try ComparedRuns(first, second)
        var targets = farTargets ?? []
        if targets.isEmpty { targets = try Self.commonTargets(first.report, second.report) }
        targets.sort()
        let outcomes: [Outcome<PairedDifference>]
        do {
            outcomes = try bootstrap.compare(
                runs.firstScores,
                runs.secondScores,
                labels: runs.labels,
                subjects: runs.subjects,
                targets: targets
            )
        } catch {
            throw InputError(.malformed, "\(error)", file: second.path)
        }
        schema = Self.currentSchema
        self.first = System(first.report)
        self.second = System(second.report)
        self.protocol = first.report.protocol
        differences = zip(targets, outcomes)
            .map { target, outcome in
                Difference(farTarget: target.value, outcome: Reported(outcome) { Measured($0, FlipCount($0, runs)) })
            }
        folded = try Folded(first, second, level: bootstrap.level)
        flips = Self.headline(outcomes.compactMap(\.value)).map { Flips($0, runs, count: exampleCount) }
        agreement = Agreement(
            genuine: Reported(ScorePairs(runs, label: 1)),
            impostor: Reported(ScorePairs(runs, label: 0))
        )
    }

    private static func commonTargets(
        _ first: VerificationReport,
        _ second: VerificationReport
    ) throws(InputError) -> [FARTarget] {
        let others = Set(second.verification.operatingPoints.map(\.farTarget))
        let common = first.verification.operatingPoints.map(\.farTarget).filter { others.contains($0) }
        let targets = common.compactMap { try? FARTarget($0) }
        guard !targets.isEmpty else {
            throw InputError(.mismatch, "the runs have no FAR target in common: name some")
        }
        return targets
    }

    /// 1e-4 where it is resolved, or else the smallest FAR that is.
    private static func headline(_ differences: [PairedDifference]) -> PairedDifference? {
        let resolved = differences.filter(\.first.resolved)
        return resolved.first { $0.farTarget.value == 1e-4 } ?? resolved.first
    }
}

extension RunComparison.System {
    fileprivate init(_ report: VerificationReport) {
        name = report.name
        architecture = report.checkpoint?.architecture
        sha256 = report.checkpoint?.sha256
        policy = report.policy
    }
}

extension RunComparison.Measured {
    fileprivate init(_ difference: PairedDifference, _ flips: FlipCount) {
        func threshold(_ point: OperatingPoint) -> Reported<Double> {
            point.threshold.map { .value($0) } ?? .undefined(UndefinedCode.noFiniteScore)
        }
        firstTAR = difference.first.tar
        secondTAR = difference.second.tar
        self.difference = difference.tarDifference
        standardError = difference.standardError
        interval = ReportedInterval(difference.interval)
        pValue = difference.pValue
        adjustedPValue = difference.adjustedPValue
        linearisedPValue = difference.linearisedPValue
        resolved = difference.first.resolved
        firstThreshold = threshold(difference.first)
        secondThreshold = threshold(difference.second)
        genuineGained = flips.genuineGained
        genuineLost = flips.genuineLost
        impostorsGained = flips.impostorsGained
        impostorsLost = flips.impostorsLost
    }
}

extension RunComparison.Folded {
    /// Nil where the protocol has no folds.
    fileprivate init?(_ first: RunFolder, _ second: RunFolder, level: Double) throws(InputError) {
        guard let one = try first.foldedScores(), let other = try second.foldedScores() else { return nil }
        guard one.folds == other.folds else {
            throw InputError(
                .mismatch,
                "the runs have different folds",
                file: second.path,
                expected: "as in \(first.path)"
            )
        }
        let found: FoldedDifference
        do {
            found = try FoldedDifference(one.scores, other.scores, labels: one.labels, folds: one.folds, level: level)
        } catch {
            throw InputError(.malformed, "\(error)", file: second.path)
        }
        folds = one.folds.count
        pairs = one.labels.count
        firstAccuracy = FoldedSummary.Spread(found.first)
        secondAccuracy = FoldedSummary.Spread(found.second)
        difference = found.difference
        low = found.low
        high = found.high
        self.level = found.level
        pValue = found.pValue
        gained = found.gained
        lost = found.lost
        pairPValue = found.pairPValue
    }
}

/// How many decisions differ.
private struct FlipCount {
    var genuineGained = 0
    var genuineLost = 0
    var impostorsGained = 0
    var impostorsLost = 0

    init(_ difference: PairedDifference, _ runs: ComparedRuns) {
        let firstThreshold = difference.first.threshold ?? .infinity
        let secondThreshold = difference.second.threshold ?? .infinity
        for (index, label) in runs.labels.enumerated() {
            let isByFirst = runs.firstScores[index] >= firstThreshold
            let isBySecond = runs.secondScores[index] >= secondThreshold
            guard isByFirst != isBySecond else { continue }
            switch (label, isBySecond) {
            case (1, true): genuineGained += 1
            case (1, false): genuineLost += 1
            case (_, true): impostorsGained += 1
            case (_, false): impostorsLost += 1
            }
        }
    }
}

extension RunComparison.Flips {
    fileprivate init(_ difference: PairedDifference, _ runs: ComparedRuns, count: Int) {
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
            flips[(label == 1 ? 0 : 2) + (otherMargin >= 0 ? 0 : 1)].append(flip)
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
