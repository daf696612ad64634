public import VerificationMetrics

/// A cross-validated set of pairs, LFW's way: each fold judged by a threshold chosen on the others.
public struct FoldedSummary: Codable, Hashable, Sendable {
    /// How many folds there are.
    public var folds: Int
    /// How many pairs.
    public var pairs: Int
    /// The FAR of ``Row/tar``.
    public var farTarget: Double
    /// The figures, by flip and by the rule for thresholds; users confuse them, so all stand side by side.
    public var rows: [Row]

    /// One way of measuring.
    public struct Row: Codable, Hashable, Sendable {
        /// `off`, `sum` or `concat`.
        public var flip: String
        /// Where thresholds come from: ``exact`` or ``grid``.
        public var rule: String
        /// Share of pairs decided rightly.
        public var accuracy: MeanAndDeviation
        /// TAR at the target.
        public var tar: Outcome<MeanAndDeviation>
        /// ⌊target × impostors⌋ of the other folds, where that is smallest; absent in older reports.
        public var allowedImpostors: Int?
        /// The FAR that those thresholds reach on the fold held out.
        public var far: Outcome<MeanAndDeviation>
        public var foldAccuracies: [Double]

        /// Every threshold that the scores tell apart.
        public static let exact = "exact"
        /// InsightFace's squared distances 0, 0.01, … 3.99.
        public static let grid = "squared-distance-grid"

        public init(flip: String, rule: String, measured: FoldedVerification) {
            self.flip = flip
            self.rule = rule
            accuracy = measured.accuracy
            tar = measured.tar
            allowedImpostors = measured.allowedImpostors
            far = measured.far
            foldAccuracies = measured.folds.map(\.accuracy)
        }
    }

    public init(folds: Int, pairs: Int, farTarget: Double, rows: [Row]) {
        self.folds = folds
        self.pairs = pairs
        self.farTarget = farTarget
        self.rows = rows
    }
}

/// 1:N identification: each gallery apart, then the average over them.
public struct IdentificationSummary: Codable, Hashable, Sendable {
    /// The galleries in the protocol's order.
    public var galleries: [GalleryResult]
    /// The mean of the galleries' rates.
    public var average: Average

    /// Closed-set identification at a rank.
    public struct RankRate: Codable, Hashable, Sendable {
        /// From 1.
        public var rank: Int
        /// Mated probes whose mate is that high or higher, over all mated probes.
        public var outcome: Outcome<MeasuredRate>
    }

    /// Open-set identification at a FPIR.
    public struct OpenSetRate: Codable, Hashable, Sendable {
        /// The FPIR asked for.
        public var fpirTarget: Double
        /// Mated probes whose mate is at rank 1 and passes, over all mated probes.
        public var outcome: Outcome<MeasuredRate>
        /// The FPIR reached; never above the target; absent for an average or where it is undefined.
        public var fpir: Double?
        /// The score from which on candidates pass; absent for an average or where nothing separates.
        public var threshold: Double?
        /// False where the target allows not even one probe without a mate.
        public var resolved: Bool
        /// ⌊target × probes without a mate⌋, for an average where that is smallest; absent in older reports.
        public var allowedProbes: Int?

        /// How well the probes show that FPIR, as far as the report says.
        package var resolution: FARResolution {
            allowedProbes.map(FARResolution.init(allowedImpostors:)) ?? (resolved ? .resolved : .unresolved)
        }
    }

    /// What one gallery shows.
    public struct GalleryResult: Codable, Hashable, Sendable {
        /// `G1`.
        public var name: String
        public var templates: Int
        public var subjects: Int
        /// Probes whose subject is in the gallery.
        public var mated: Int
        /// Probes whose subject is not.
        public var unmated: Int
        public var ranks: [RankRate]
        public var openSet: [OpenSetRate]
        /// Identification rate at rank 1, 2, …; empty when no probe has a mate.
        public var cmc: [Double]
        /// Detection and identification rate over FPIR; undefined when a class is empty.
        public var dir: Outcome<[Point]>
    }

    /// A point of the DIR curve.
    public struct Point: Codable, Hashable, Sendable {
        /// Probes without a mate of which a candidate passes, over all of them.
        public var fpir: Double
        /// Mated probes whose mate is at rank 1 and passes, over all of them.
        public var tpir: Double
    }

    /// The mean over galleries.
    public struct Average: Codable, Hashable, Sendable {
        public var ranks: [RankRate]
        public var openSet: [OpenSetRate]
    }

    /// The ranks of tables.
    private static let ranks = [1, 5, 10]
    private static let cmcLength = 50

    /// Measures galleries.
    ///
    /// - Parameters:
    ///   - results: Each gallery's name, templates and outcomes.
    ///   - targets: FPIR targets.
    ///   - bootstrap: How intervals are drawn; nil for none.
    public init(
        _ results: [(name: String, templates: Int, subjects: Int, result: IdentificationResult)],
        targets: [FARTarget],
        bootstrap: SubjectBootstrap?
    ) {
        let drawn = bootstrap.map {
            IdentificationBootstrap($0).intervals(of: results.map(\.result), ranks: Self.ranks, targets: targets)
        }
        let galleries = results.enumerated()
            .map { place, entry in
                GalleryResult(
                    name: entry.name,
                    templates: entry.templates,
                    subjects: entry.subjects,
                    mated: entry.result.matedCount,
                    unmated: entry.result.unmatedCount,
                    ranks: Self.ranks.enumerated()
                        .map { index, rank in
                            let interval = drawn?[place].ranks[index] ?? .failure(.notDrawn)
                            let rate = entry.result.rate(atRank: rank)
                            return RankRate(
                                rank: rank,
                                outcome: rate.map { MeasuredRate(rate: $0, interval: interval) }
                            )
                        },
                    openSet: targets.enumerated()
                        .map { index, target in
                            let interval = drawn?[place].openSet[index] ?? .failure(.notDrawn)
                            let point = entry.result.operatingPoint(at: target)
                            return OpenSetRate(
                                fpirTarget: target.value,
                                outcome: point.map { MeasuredRate(rate: $0.tar, interval: interval) },
                                fpir: point.value?.far,
                                threshold: point.value.flatMap(\.threshold),
                                resolved: point.value?.resolved ?? false,
                                allowedProbes: point.value?.allowedImpostors
                            )
                        },
                    cmc: entry.result.cumulativeMatches(maximumRank: min(Self.cmcLength, entry.subjects)).value ?? [],
                    dir: Self.curve(entry.result)
                )
            }
        let last = drawn?.last
        self.galleries = galleries
        average = Average(
            ranks: Self.ranks.indices.map { index in
                let rates = galleries.map { $0.ranks[index].outcome }
                return RankRate(rank: Self.ranks[index], outcome: Self.mean(rates, last?.ranks[index]))
            },
            openSet: targets.indices.map { index in
                let rates = galleries.map { $0.openSet[index] }
                return OpenSetRate(
                    fpirTarget: targets[index].value,
                    outcome: Self.mean(rates.map(\.outcome), last?.openSet[index]),
                    resolved: rates.allSatisfy(\.resolved),
                    allowedProbes: rates.compactMap(\.allowedProbes).min()
                )
            }
        )
    }

    private static func curve(_ result: IdentificationResult) -> Outcome<[Point]> {
        let search = result.openSet
        let set = try? ScoreSet(scores: search.scores, labels: search.labels)
        let curve = set?.rocCurve(pointsPerDecade: 40) ?? .failure(.noSpread)
        return curve.map { curve in
            curve.points.map { point in
                Point(
                    fpir: Double(point.accepted.impostors) / Double(max(result.unmatedCount, 1)),
                    tpir: Double(point.accepted.genuine) / Double(max(result.matedCount, 1))
                )
            }
        }
    }

    private static func mean(_ rates: [Outcome<MeasuredRate>], _ interval: Outcome<Interval>?) -> Outcome<MeasuredRate>
    {
        Outcome { () throws(UndefinedResult) in
            var sum = 0.0
            for rate in rates { sum += try rate.get().rate }
            return MeasuredRate(rate: sum / Double(max(rates.count, 1)), interval: interval ?? .failure(.notDrawn))
        }
    }
}
