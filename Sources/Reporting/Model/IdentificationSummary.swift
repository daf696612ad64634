public import VerificationMetrics

/// 1:N identification: each gallery apart, then the average over them.
public struct IdentificationSummary: Codable, Hashable, Sendable {
    /// The galleries in the protocol's order.
    public var galleries: [GalleryResult]
    /// The mean of the galleries' rates.
    public var average: Average

    /// A rate and its interval.
    public struct Rate: Codable, Hashable, Sendable {
        /// The rate, in [0, 1].
        public var rate: Double
        /// From resampled probe subjects.
        public var interval: Reported<ReportedInterval>
    }

    /// Closed-set identification at a rank.
    public struct RankRate: Codable, Hashable, Sendable {
        /// From 1.
        public var rank: Int
        /// Mated probes whose mate is that high or higher, over all mated probes.
        public var outcome: Reported<Rate>
    }

    /// Open-set identification at a FPIR.
    public struct OpenSetRate: Codable, Hashable, Sendable {
        /// The FPIR asked for.
        public var fpirTarget: Double
        /// Mated probes whose mate is at rank 1 and passes, over all mated probes.
        public var outcome: Reported<Rate>
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
        /// Gallery templates.
        public var templates: Int
        /// Gallery subjects.
        public var subjects: Int
        /// Probes whose subject is in the gallery.
        public var mated: Int
        /// Probes whose subject is not.
        public var unmated: Int
        /// Closed-set rates.
        public var ranks: [RankRate]
        /// Open-set rates.
        public var openSet: [OpenSetRate]
        /// Identification rate at rank 1, 2, …; empty when no probe has a mate.
        public var cmc: [Double]
        /// Detection and identification rate over FPIR; undefined when a class is empty.
        public var dir: Reported<[Point]>
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
        /// Closed-set rates.
        public var ranks: [RankRate]
        /// Open-set rates.
        public var openSet: [OpenSetRate]
    }

    /// The ranks of tables.
    public static let ranks = [1, 5, 10]
    static let cmcLength = 50

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
        func interval(_ outcome: Outcome<Interval>?) -> Reported<ReportedInterval> {
            outcome.map { Reported($0) { ReportedInterval($0) } } ?? .undefined(UndefinedCode.notDrawn)
        }
        galleries = results.enumerated()
            .map { place, entry in
                GalleryResult(entry, targets: targets) { rank in
                    interval(drawn?[place].ranks[rank])
                } openInterval: { target in
                    interval(drawn?[place].openSet[target])
                }
            }
        let (galleries, last) = (galleries, results.count)
        average = Average(
            ranks: Self.ranks.indices.map { index in
                RankRate(
                    rank: Self.ranks[index],
                    outcome: Self.mean(galleries.map { $0.ranks[index].outcome }, interval(drawn?[last].ranks[index]))
                )
            },
            openSet: targets.indices.map { index in
                OpenSetRate(
                    fpirTarget: targets[index].value,
                    outcome: Self.mean(
                        galleries.map { $0.openSet[index].outcome },
                        interval(drawn?[last].openSet[index])
                    ),
                    resolved: galleries.allSatisfy { $0.openSet[index].resolved },
                    allowedProbes: galleries.compactMap { $0.openSet[index].allowedProbes }.min()
                )
            }
        )
    }

    /// How its intervals were made, in a few words; nil without any.
    package var intervalMethods: String? {
        let rates = average.ranks.map(\.outcome) + average.openSet.map(\.outcome)
        return PointText.methods(rates.compactMap { $0.value?.interval.value })
    }

    private static func mean(_ rates: [Reported<Rate>], _ interval: Reported<ReportedInterval>) -> Reported<Rate> {
        var sum = 0.0
        for rate in rates {
            switch rate {
            case .undefined(let code): return .undefined(code)
            case .value(let value): sum += value.rate
            }
        }
        return .value(Rate(rate: sum / Double(max(rates.count, 1)), interval: interval))
    }
}

extension IdentificationSummary.GalleryResult {
    fileprivate init(
        _ entry: (name: String, templates: Int, subjects: Int, result: IdentificationResult),
        targets: [FARTarget],
        rankInterval: (Int) -> Reported<ReportedInterval>,
        openInterval: (Int) -> Reported<ReportedInterval>
    ) {
        typealias Summary = IdentificationSummary
        let result = entry.result
        name = entry.name
        templates = entry.templates
        subjects = entry.subjects
        mated = result.matedCount
        unmated = result.unmatedCount
        ranks = Summary.ranks.indices.map { index in
            Summary.RankRate(
                rank: Summary.ranks[index],
                outcome: Reported(result.rate(atRank: Summary.ranks[index])) { rate in
                    Summary.Rate(rate: rate, interval: rankInterval(index))
                }
            )
        }
        openSet = targets.indices.map { index in
            let point = result.operatingPoint(at: targets[index])
            return Summary.OpenSetRate(
                fpirTarget: targets[index].value,
                outcome: Reported(point) { Summary.Rate(rate: $0.tar, interval: openInterval(index)) },
                fpir: point.value?.far,
                threshold: point.value.flatMap(\.threshold),
                resolved: point.value?.resolved ?? false,
                allowedProbes: point.value?.allowedImpostors
            )
        }
        let length = min(Summary.cmcLength, entry.subjects)
        cmc = result.cumulativeMatches(maximumRank: length).value ?? []
        let search = result.openSet
        let set = try? ScoreSet(scores: search.scores, labels: search.labels)
        let curve = set?.rocCurve(pointsPerDecade: 40) ?? .failure(.noSpread)
        let (genuine, impostor) = (Double(max(mated, 1)), Double(max(unmated, 1)))
        dir = Reported(curve) { curve in
            curve.points.map {
                Summary.Point(
                    fpir: Double($0.accepted.impostors) / impostor,
                    tpir: Double($0.accepted.genuine) / genuine
                )
            }
        }
    }
}
