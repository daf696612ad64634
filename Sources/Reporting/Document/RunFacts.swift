internal import VerificationMetrics

/// What is known of a run: its network, its settings, its protocol and what it ran on, as lists of facts.
extension VerificationReport {
    var networkFacts: [ReportFact] {
        guard let checkpoint else { return [] }
        return Self.facts([
            ("Architecture", checkpoint.architecture), ("Parameters", NumberText.magnitude(checkpoint.parameters)),
            ("Multiply–adds per face", NumberText.magnitude(checkpoint.macs)),
            ("Embedding", "\(checkpoint.embeddingSize) numbers"), ("File", checkpoint.file),
            ("SHA-256", checkpoint.sha256), ("Format", checkpoint.format), ("Trained on", checkpoint.trainingSet),
        ])
    }

    var preprocessingFacts: [ReportFact] {
        guard let settings = preprocessing else { return [] }
        func list(_ values: [Double]) -> String { values.map { NumberText.shortest($0) }.joined(separator: ", ") }
        return Self.facts([
            ("Preset", settings.name),
            ("Size, width × height", settings.size.map { "\($0)" }.joined(separator: " × ")),
            ("Channels", settings.channels.uppercased()), ("Mean subtracted", list(settings.mean)),
            ("Divided by", list(settings.std)), ("Landmark template", settings.template),
        ]) + (settings.notes ?? []).map { ReportFact("Note", $0) }
    }

    var protocolFacts: [ReportFact] {
        let counts = self.protocol
        let origins = ["implied": ", implied by the genuine comparisons", "stated": ", as the files state"]
        let origin = origins[counts.subjectOrigin ?? ""] ?? ""
        func count(_ value: Int?) -> String? { value.map { NumberText.count($0) } }
        return Self.facts([
            ("Name", counts.name), ("What it is", counts.description), ("Images", count(counts.images)),
            ("Templates", count(counts.templates)), ("Subjects", count(counts.subjects).map { $0 + origin }),
            ("Genuine comparisons", count(counts.genuine)), ("Impostor comparisons", count(counts.impostor)),
            ("Failed images", count(counts.failedImages)),
            ("Templates that failed to enrol", count(counts.failedTemplates)),
            ("Genuine comparisons rejected for that", hasRejections ? count(counts.rejectedGenuine) : nil),
            ("Impostor comparisons rejected for that", hasRejections ? count(counts.rejectedImpostor) : nil),
            (
                "Failure to acquire (FTA), images",
                Self.share(counts.failureToAcquire, counts.failedImages, counts.images)
            ),
            (
                "Failure to enrol (FTE), templates",
                Self.share(counts.failureToEnrol, counts.failedTemplates, counts.templates)
            ),
            ("Distinct pairs of subjects in impostor comparisons", count(counts.impostorSubjectPairs)),
            ("Names of the rates", rateNames), ("Digest of the comparisons", counts.sha256),
        ])
    }

    /// What the rates of this report are called in ISO/IEC 19795-1, in a sentence.
    private var rateNames: String {
        guard hasRejections else {
            return "No comparison was rejected for want of a template: FAR is FMR, and 1 − TAR is FNMR."
        }
        return policy?.failures == "exclude"
            ? "Excluded: comparisons of templates that failed to enrol count nowhere. FAR is FMR, and 1 − TAR is FNMR."
            : "Rejected: comparisons of templates that failed to enrol count as rejected. FAR and FRR = 1 − TAR are the "
                + "generalised rates; FMR and FNMR would leave them out."
    }

    private static func share(_ rate: MeasuredRate?, _ failed: Int?, _ total: Int?) -> String? {
        guard let rate, let failed, let total else { return nil }
        let interval = rate.interval.value.map { " \(PointText.smallRange($0)) (Wilson, taken as independent)" } ?? ""
        let counts = "\(NumberText.count(failed)) of \(NumberText.count(total))"
        return "\(NumberText.smallPercent(rate.rate)) %\(interval), \(counts)"
    }

    var inputFacts: [ReportFact] {
        inputs.map { ReportFact($0.role, "\($0.file), SHA-256 \($0.sha256)") }
    }

    var timingFacts: [ReportFact] {
        guard let timing else { return [] }
        let cached = timing.cachedImages.flatMap { $0 > 0 ? NumberText.count($0) : nil }
        return Self.facts([
            ("Images per second", timing.imagesPerSecond.map { NumberText.fixed($0, decimals: 1) }),
            ("Total", timing.totalSeconds.map(NumberText.duration)),
            ("Peak memory", timing.peakMemoryBytes.map(NumberText.bytes)), ("Images from the embedding cache", cached),
        ]) + timing.stages.map { ReportFact($0.name, NumberText.duration($0.seconds)) }
            + Self.facts([("Started", timing.startedAt)])
    }

    var environmentFacts: [ReportFact] {
        guard let environment else { return [] }
        return Self.facts([
            ("Verifar", environment.version), ("Machine", environment.machine),
            ("Threads", environment.threads.map { "\($0)" }), ("Faces per batch", environment.batch.map { "\($0)" }),
            ("Seed", environment.seed.map { "\($0)" }), ("Command", environment.command),
        ])
    }

    /// What is known of a list.
    private static func facts(_ list: [(label: String, value: String?)]) -> [ReportFact] {
        list.compactMap { label, value in value.map { ReportFact(label, $0) } }
    }
}
