internal import ArtifactFiles
internal import VerificationMetrics

/// A rate with its interval.
public struct ReportedRate: Codable, Hashable, Sendable {
    /// The share, in [0, 1].
    public var rate: Double
    /// An interval for it.
    public var interval: Reported<ReportedInterval>
}

/// The error rates of a threshold that was given, not chosen on these scores; as `ThresholdRates`.
public struct ReportedThreshold: Codable, Hashable, Sendable {
    /// Scores from here on are accepted.
    public var threshold: Double
    /// Impostors accepted.
    public var acceptedImpostors: Int
    /// Genuines accepted.
    public var acceptedGenuine: Int
    /// False-match rate: of the impostor comparisons whose templates exist.
    public var fmr: Reported<ReportedRate>
    /// False-non-match rate: of the genuine comparisons whose templates exist.
    public var fnmr: Reported<ReportedRate>
    /// Generalised false-accept rate: of all impostor comparisons.
    public var far: Reported<ReportedRate>
    /// Generalised false-reject rate: of all genuine comparisons.
    public var frr: Reported<ReportedRate>
}

extension ReportedRate {
    init(_ measured: MeasuredRate) {
        rate = measured.rate
        interval = Reported(measured.interval) { ReportedInterval($0) }
    }

    /// The share of images or templates that failed, taken as independent; nil where the counts are not known.
    init?(failed: Int?, of total: Int?) {
        guard let failed, let total, total > 0, (0...total).contains(failed) else { return nil }
        rate = Double(failed) / Double(total)
        interval = Reported(Interval.wilson(successes: failed, trials: total)) { wilson in
            var interval = ReportedInterval(wilson)
            interval.caveats.removeAll { $0 == Interval.Caveat.thresholdUncertaintyOmitted.rawValue }
            return interval
        }
    }
}

extension ReportedThreshold {
    init(_ rates: ThresholdRates) {
        threshold = rates.threshold
        acceptedImpostors = rates.accepted.impostors
        acceptedGenuine = rates.accepted.genuine
        fmr = Reported(rates.fmr) { ReportedRate($0) }
        fnmr = Reported(rates.fnmr) { ReportedRate($0) }
        far = Reported(rates.far) { ReportedRate($0) }
        frr = Reported(rates.frr) { ReportedRate($0) }
    }
}

extension VerificationReport {
    /// Refuses rates that cannot be.
    func checkErrorRates() throws(InputError) {
        for (index, point) in (verification.thresholds ?? []).enumerated() {
            let key = "verification.thresholds[\(index)]"
            try ReportClaim(key + ".acceptedImpostors").isCount(point.acceptedImpostors, in: 0...self.protocol.impostor)
            try ReportClaim(key + ".acceptedGenuine").isCount(point.acceptedGenuine, in: 0...self.protocol.genuine)
            for (name, rate) in [("fmr", point.fmr), ("fnmr", point.fnmr), ("far", point.far), ("frr", point.frr)] {
                if let rate = rate.value { try Self.check(rate, "\(key).\(name)") }
            }
        }
        for (name, rate) in [
            ("failureToAcquire", self.protocol.failureToAcquire), ("failureToEnrol", self.protocol.failureToEnrol),
        ] {
            if let rate { try Self.check(rate, "protocol.\(name)") }
        }
        if let interval = verification.eerInterval?.value { try interval.check("verification.eerInterval") }
    }

    private static func check(_ rate: ReportedRate, _ key: String) throws(InputError) {
        try ReportClaim(key + ".rate").isRate(rate.rate)
        if let interval = rate.interval.value { try interval.check(key + ".interval") }
    }
}

extension ReportTables {
    /// Whether some comparison was rejected because a template failed to enrol.
    private var hasRejections: Bool {
        (report.protocol.rejectedGenuine ?? 0) + (report.protocol.rejectedImpostor ?? 0) > 0
    }

    /// What the rates of this report are called in ISO/IEC 19795-1, in a sentence.
    var rateNames: String {
        guard hasRejections else {
            return "No comparison was rejected for want of a template: FAR is FMR, and 1 − TAR is FNMR."
        }
        return report.policy?.failures == "exclude"
            ? "Excluded: comparisons of templates that failed to enrol count nowhere. FAR is FMR, and 1 − TAR is FNMR."
            : "Rejected: comparisons of templates that failed to enrol count as rejected. FAR and FRR = 1 − TAR are the "
                + "generalised rates; FMR and FNMR would leave them out."
    }

    /// FMR and FNMR at given thresholds; nil where none was given.
    var thresholds: ReportTable? {
        guard let points = report.verification.thresholds, !points.isEmpty else { return nil }
        let isGeneralised = hasRejections && report.policy?.failures != "exclude"
        func cell(_ rate: Reported<ReportedRate>) -> ReportTable.Cell {
            guard let rate = rate.value else { return .init("undefined", detail: rate.reason) }
            return .init(Self.percent(rate.rate), detail: rate.interval.value.map { Self.range($0) } ?? "no interval")
        }
        let intervals = points.flatMap { [$0.fmr, $0.fnmr] }.compactMap { $0.value?.interval.value }
        return ReportTable(
            caption: "Error rates at given thresholds",
            columns: [
                .init(title: "Threshold", alignment: .right), .init(title: "FMR %", alignment: .right),
                .init(title: "FNMR %", alignment: .right),
            ] + (isGeneralised ? ["FAR %", "FRR %"].map { .init(title: $0, alignment: .right) } : []) + [
                .init(title: "False accepts", alignment: .right), .init(title: "Genuine accepted", alignment: .right),
            ],
            rows: points.map { point in
                [.init(NumberText.shortest(point.threshold)), cell(point.fmr), cell(point.fnmr)]
                    + (isGeneralised ? [cell(point.far), cell(point.frr)] : [])
                    + [
                        .init(NumberText.count(point.acceptedImpostors)),
                        .init(NumberText.count(point.acceptedGenuine)),
                    ]
            },
            notes: ["These thresholds were given: nothing was chosen on these scores."]
                + (PointText.methods(intervals).map { ["Intervals: \($0)."] } ?? [])
        )
    }

    /// Failures to acquire and to enrol, and whom the impostor comparisons compare.
    var errorFacts: [ReportFact] {
        let counts = report.protocol
        var facts: [ReportFact] = []
        func add(_ label: String, _ rate: ReportedRate?, _ failed: Int?, _ total: Int?) {
            guard let rate, let failed, let total else { return }
            let interval = rate.interval.value.map { " \(Self.range($0)) (Wilson, taken as independent)" } ?? ""
            let share = "\(NumberText.count(failed)) of \(NumberText.count(total))"
            facts.append(ReportFact(label, "\(Self.percent(rate.rate)) %\(interval), \(share)"))
        }
        add("Failure to acquire (FTA), images", counts.failureToAcquire, counts.failedImages, counts.images)
        add("Failure to enrol (FTE), templates", counts.failureToEnrol, counts.failedTemplates, counts.templates)
        if let pairs = counts.impostorSubjectPairs {
            facts.append(ReportFact("Distinct pairs of subjects in impostor comparisons", NumberText.count(pairs)))
        }
        return facts + [ReportFact("Names of the rates", rateNames)]
    }

    /// A small rate in percent with three significant digits.
    static func percent(_ rate: Double) -> String {
        switch rate {
        case 0: NumberText.percent(0)
        case 0.01...: NumberText.percent(rate)
        case 0.001...: NumberText.fixed(rate * 100, decimals: 3)
        case 0.0001...: NumberText.fixed(rate * 100, decimals: 4)
        default: NumberText.rate(rate * 100)
        }
    }

    static func range(_ interval: ReportedInterval) -> String {
        "[\(percent(interval.low)), \(percent(interval.high))]"
    }
}
