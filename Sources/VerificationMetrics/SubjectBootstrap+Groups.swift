internal import LargeArrays

/// How two groups of systems differ at one FAR, over the same comparisons: the runs of one training with several seeds
/// against those of another.
public struct GroupDifference: Hashable, Sendable {
    /// The rate asked for.
    public let farTarget: FARTarget
    /// Each system's TAR.
    public let tars: [Double]
    /// Their mean.
    public let meanTAR: Double
    /// An interval for ``meanTAR`` over resampled subjects; the seeds stay as they are.
    public let interval: Interval
    /// The mean TAR less that of the baseline group.
    public let difference: Double
    /// An interval for ``difference``.
    public let differenceInterval: Interval
    /// The chance, if the groups were alike, of a difference as large in either direction; as ``PairedDifference/pValue``.
    public let pValue: Double
    /// How well the protocol shows that FAR.
    public let resolution: FARResolution
    /// Whether the protocol allows an impostor at that FAR.
    public var resolved: Bool { resolution != .unresolved }
}

extension SubjectBootstrap {
    /// Compares groups of systems with a baseline group: each replicate draws the same subjects for all.
    ///
    /// - Parameters:
    ///   - groups: Scores of every system of every group, one per comparison; no group is empty.
    ///   - baseline: The group that the others are compared with.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares.
    ///   - targets: In any order.
    /// - Returns: `[groups][targets]`, or the reason why there is no number.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public func compareGroups(
        _ groups: [[ScoreValues]],
        baseline: Int,
        labels: some Collection<UInt8>,
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) async throws(MetricsError) -> [[Outcome<GroupDifference>]] {
        guard groups.indices.contains(baseline), groups.allSatisfy({ !$0.isEmpty }) else {
            throw MetricsError(.invalidOption, "a group without systems, or no baseline")
        }
        let labels = LargeArray(labels)
        let systems = groups.flatMap { $0 }
        let drawn = try await replicates(of: systems, labels: labels, subjects: subjects, targets: targets)
        var points: [[Outcome<OperatingPoint>]] = []
        for scores in systems {
            let set = try ScoreSet(scores: scores, labels: labels)
            points.append(targets.map { set.operatingPoint(at: $0) })
        }
        var starts = [0]
        for group in groups { starts.append(starts[starts.count - 1] + group.count) }
        let members = groups.indices.map { Array(starts[$0]..<starts[$0 + 1]) }
        return groups.indices.map { group in
            targets.indices.map { target in
                drawn.flatMap { drawn in
                    difference(
                        members[group].map { points[$0][target] },
                        members[baseline].map { points[$0][target] },
                        members[group].map { drawn.rates[$0][target].map { $0?.tar } },
                        members[baseline].map { drawn.rates[$0][target].map { $0?.tar } },
                        trials: drawn.observed[0][target],
                        isBaseline: group == baseline
                    )
                }
            }
        }
    }

    private func difference(
        _ points: [Outcome<OperatingPoint>],
        _ baselinePoints: [Outcome<OperatingPoint>],
        _ rates: [[Double?]],
        _ baselineRates: [[Double?]],
        trials: ObservedRate,
        isBaseline: Bool
    ) -> Outcome<GroupDifference> {
        let found = points.compactMap(\.value)
        let baselineFound = baselinePoints.compactMap(\.value)
        guard let first = found.first, found.count == points.count, baselineFound.count == baselinePoints.count else {
            return .failure(.noGenuine)
        }
        let means = Self.means(rates)
        let differences = zip(means, Self.means(baselineRates))
            .map { mean, other in
                mean.flatMap { mean in other.map { mean - $0 } }
            }
        let caveats: [Interval.Caveat] = first.resolved ? [] : [.unresolvedTarget]
        let mean = found.map(\.tar).reduce(0, +) / Double(found.count)
        let baselineMean = baselineFound.map(\.tar).reduce(0, +) / Double(baselineFound.count)
        let drawn = differences.compactMap { $0 }
        let tail = min(drawn.count { $0 <= 0 }, drawn.count { $0 >= 0 })
        let observed = ObservedRate(rate: mean, trials: trials.trials, subjects: trials.subjects)
        return interval(observed, values: means, caveats: caveats)
            .flatMap { own in
                Interval.percentiles(of: drawn, drawn: replicates, level: level, caveats: caveats)
                    .map { gap in
                        GroupDifference(
                            farTarget: first.farTarget,
                            tars: found.map(\.tar),
                            meanTAR: mean,
                            interval: own,
                            difference: mean - baselineMean,
                            differenceInterval: gap,
                            pValue: isBaseline ? 1 : min(1, 2 * Double(tail + 1) / Double(drawn.count + 1)),
                            resolution: first.resolution
                        )
                    }
            }
    }

    /// The mean over systems of every replicate; nil where one of them has none.
    private static func means(_ rates: [[Double?]]) -> [Double?] {
        guard let first = rates.first else { return [] }
        return first.indices.map { replicate in
            let values = rates.compactMap { $0[replicate] }
            return values.count == rates.count ? values.reduce(0, +) / Double(values.count) : nil
        }
    }
}
