/// A gallery of enrolled templates, prepared for ranking.
public struct Gallery: Sendable {
    /// The subject of each gallery template, as it was given.
    public let subjects: [UInt32]
    /// Each template's subject as a dense number.
    fileprivate let places: [Int]
    fileprivate let placeOfSubject: [UInt32: Int]

    /// Prepares a gallery.
    ///
    /// - Parameter subjects: The subject of each template; a subject may have several.
    public init(subjects: [UInt32]) {
        self.subjects = subjects
        var placeOfSubject: [UInt32: Int] = [:]
        places = subjects.map { subject in
            if let place = placeOfSubject[subject] { return place }
            let place = placeOfSubject.count
            placeOfSubject[subject] = place
            return place
        }
        self.placeOfSubject = placeOfSubject
    }
}

/// What a search of the gallery for one probe finds.
public struct ProbeOutcome: Hashable, Sendable {
    /// The probe's subject.
    public let subject: UInt32
    /// Whether the subject is in the gallery.
    public let isMated: Bool
    /// The highest score of any gallery subject; −∞ where the probe or every gallery template failed to enrol.
    public let highestScore: Float
    /// The mate's place in the candidate list, from 1; nil for a probe without a mate, or one whose mate has no score.
    ///
    /// Ties count against the system: subjects who score as high as the mate come before it.
    public let mateRank: Int?

    /// Ranks a probe's candidates.
    ///
    /// A gallery subject's score is the highest of its templates.
    ///
    /// - Parameters:
    ///   - scores: The probe against each gallery template; −∞ for a failure to enrol.
    ///   - gallery: Who they are.
    ///   - subject: Who the probe is.
    /// - Throws: ``MetricsError`` for a count that differs, NaN or +∞; the index is that of the gallery template.
    public init(
        scores: UnsafeBufferPointer<Float>,
        gallery: Gallery,
        subject: UInt32
    ) throws(MetricsError) {
        guard scores.count == gallery.subjects.count else {
            throw MetricsError(
                .countMismatch,
                "\(scores.count) scores for a gallery of \(gallery.subjects.count) templates"
            )
        }
        var best = [Float](repeating: -.infinity, count: gallery.placeOfSubject.count)
        for (index, score) in scores.enumerated() {
            guard score < .infinity else { throw Array(scores).invalidScore(at: index) }
            best[gallery.places[index]] = max(best[gallery.places[index]], score)
        }
        self.subject = subject
        highestScore = best.max() ?? -.infinity
        let mate = gallery.placeOfSubject[subject]
        isMated = mate != nil
        mateRank = mate.flatMap { mate in
            best[mate] == -.infinity ? nil : best.count { $0 >= best[mate] }
        }
    }

    /// Ranks a probe's candidates; the same for an array.
    public init(scores: [Float], gallery: Gallery, subject: UInt32) throws(MetricsError) {
        // A closure cannot rethrow a typed error here; carry the outcome out.
        let outcome = scores.withUnsafeBufferPointer { buffer in
            Result { () throws(MetricsError) in
                try ProbeOutcome(scores: buffer, gallery: gallery, subject: subject)
            }
        }
        self = try outcome.get()
    }
}

/// 1:N identification over one gallery.
public struct IdentificationResult: Sendable {
    /// The probes, in their order.
    public let probes: [ProbeOutcome]
    /// How many probes have a mate.
    public var matedCount: Int { probes.count { $0.isMated } }
    /// How many probes have none.
    public var unmatedCount: Int { probes.count - matedCount }

    /// Wraps the outcomes of all probes.
    public init(probes: [ProbeOutcome]) { self.probes = probes }

    /// Closed-set identification rates at rank 1, 2, … `maximumRank`: mated probes whose mate is that high or higher,
    /// over all mated probes.
    ///
    /// - Returns: The cumulative match characteristic, or `noMatedProbe`.
    public func cumulativeMatches(maximumRank: Int) -> Outcome<[Double]> {
        let mated = matedCount
        guard mated > 0 else { return .failure(.noMatedProbe) }
        var atRank = [Int](repeating: 0, count: max(maximumRank, 0))
        for probe in probes {
            if let rank = probe.mateRank, rank <= maximumRank { atRank[rank - 1] += 1 }
        }
        var sum = 0
        return .success(
            atRank.map {
                sum += $0
                return Double(sum) / Double(mated)
            }
        )
    }

    /// The closed-set identification rate at one rank, from 1, or `noMatedProbe`.
    public func rate(atRank rank: Int) -> Outcome<Double> {
        precondition(rank > 0, "ranks count from 1")
        return cumulativeMatches(maximumRank: rank)
            .flatMap { rates in
                rates.last.map { .success($0) } ?? .failure(.noMatedProbe)
            }
    }

    /// The open-set search as accepted and rejected comparisons: TPIR at an FPIR is ``ScoreSet/operatingPoint(at:)``
    /// of these.
    ///
    /// A probe without a mate is an impostor with its highest score. A mated probe is a genuine with its mate's
    /// score where that is rank 1, and is rejected where it is not. For intervals, each belongs to its own subject
    /// (``SubjectBootstrap`` with the probe's subject on both sides).
    public var openSet: (scores: [Float], labels: [UInt8], subjects: [UInt32]) {
        (
            probes.map { !$0.isMated || $0.mateRank == 1 ? $0.highestScore : -.infinity },
            probes.map { $0.isMated ? 1 : 0 },
            probes.map(\.subject)
        )
    }

    /// TPIR at an FPIR: mated probes whose mate is at rank 1 and passes, where at most that share of the probes
    /// without a mate has any candidate that passes.
    ///
    /// - Returns: The `at-most` operating point with TPIR as its TAR and FPIR as its FAR, or `noMatedProbe` or
    ///   `noUnmatedProbe`.
    public func operatingPoint(at fpirTarget: FARTarget) -> Outcome<OperatingPoint> {
        let search = openSet
        guard let scores = try? ScoreSet(scores: search.scores, labels: search.labels) else {
            preconditionFailure("an outcome holds no NaN and no +infinity")
        }
        let point = scores.operatingPoint(at: fpirTarget)
        switch point.undefinedReason {
        case .noGenuine: return .failure(.noMatedProbe)
        case .noImpostor: return .failure(.noUnmatedProbe)
        default: return point
        }
    }
}
