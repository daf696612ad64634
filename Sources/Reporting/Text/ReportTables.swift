internal import VerificationMetrics

/// The tables and lists of a report, the same for every form it is written in.
struct ReportTables {
    let report: VerificationReport

    /// What was evaluated on what, in a sentence.
    var summarySentence: String {
        let counts = report.protocol
        var text = report.checkpoint.map { "\(VisibleText.line($0.architecture)) on " } ?? ""
        text += "\(VisibleText.line(counts.name)): \(NumberText.count(counts.genuine)) genuine and "
        text += "\(NumberText.count(counts.impostor)) impostor comparisons"
        if let templates = counts.templates { text += " of \(NumberText.count(templates)) templates" }
        if let images = counts.images { text += " from \(NumberText.count(images)) images" }
        text += "."
        guard let description = counts.description else { return text }
        return text + " " + VisibleText.line(description) + (description.hasSuffix(".") ? "" : ".")
    }

    /// Remarks that must stand beside the headline.
    var warnings: [String] {
        var warnings: [String] = []
        if report.checkpoint?.isTrained == false {
            warnings.append("The network is untrained: these numbers show that the tool runs, nothing else.")
        }
        if let warning = report.verification.inversionWarning { warnings.append(warning) }
        warnings += (report.checkpoint?.notes ?? []).map { VisibleText.line($0) }
        return warnings
    }

    var operatingPoints: ReportTable {
        let points = report.verification.operatingPoints
        let resolutions = points.compactMap {
            PointText.resolutionSentence($0, impostors: report.protocol.impostor)
        }
        return ReportTable(
            caption: "True-accept rate at fixed false-accept rates",
            columns: [
                .init(title: "FAR", alignment: .right),
                .init(title: "TAR %", alignment: .right),
                .init(title: PointText.intervalTitle(points), alignment: .left, isSmall: true),
                .init(title: "False accepts", alignment: .right),
                .init(title: "allowed", alignment: .right, isSmall: true),
                .init(title: "Genuine accepted", alignment: .right),
                .init(title: "Threshold", alignment: .right),
                .init(title: "Nearest: TAR %", alignment: .right),
                .init(title: "at FAR", alignment: .right, isSmall: true),
            ],
            rows: points.map { point in
                let nearest = report.verification.nearestFAR.first { $0.farTarget == point.farTarget }
                return [.init(NumberText.rate(point.farTarget))] + cells(point) + cells(nearest)
            },
            notes: resolutions + PointText.intervalNotes(points)
        )
    }

    private func cells(_ point: ReportedPoint) -> [ReportTable.Cell] {
        guard let measured = point.outcome.value else {
            return [.init("undefined"), .init(point.outcome.reason ?? "")] + [.init("–"), .init("–")]
                + [.init("–"), .init("–")]
        }
        let tar = NumberText.percent(measured.tar)
        return [
            .init(measured.resolved ? tar : "not resolved"),
            .init(measured.resolved ? PointText.intervalText(measured.interval) : "\(tar) at zero false accepts"),
            .init(NumberText.count(measured.acceptedImpostors)),
            .init(NumberText.count(measured.allowedImpostors) + (measured.resolution == .few ? " (few)" : "")),
            .init(NumberText.count(measured.acceptedGenuine)),
            .init(PointText.thresholdText(measured.threshold)),
        ]
    }

    private func cells(_ nearest: ReportedNearestPoint?) -> [ReportTable.Cell] {
        guard let measured = nearest?.outcome.value else { return [.init("–"), .init("–")] }
        return [.init(NumberText.percent(measured.tar)), .init(NumberText.rate(measured.far))]
    }

    /// TAR under each policy, one column per FAR; nil without several policies.
    var modes: ReportTable? {
        guard let modes = report.modes, let first = modes.first else { return nil }
        let targets = first.operatingPoints.map(\.farTarget)
        let rows = modes.map { mode in
            [ReportTable.Cell(VisibleText.line(PolicyWords.line(mode.policy)))]
                + targets.map { target in
                    guard let point = mode.operatingPoints.first(where: { $0.farTarget == target }) else {
                        return .init("–")
                    }
                    guard let measured = point.outcome.value else { return .init("undefined") }
                    let nearest = mode.nearestFAR.first { $0.farTarget == target }?.outcome.value?.tar
                    let tar = NumberText.percent(measured.tar)
                    return .init(
                        measured.resolved ? tar + (measured.resolution == .few ? " (few)" : "") : "(\(tar))",
                        detail: nearest.map { NumberText.percent($0) }
                    )
                }
        }
        return ReportTable(
            caption: "TAR % under every policy, from the same embeddings",
            columns: [.init(title: "Policy", alignment: .left)]
                + targets.map { .init(title: "FAR \(NumberText.rate($0))", alignment: .right) },
            rows: rows,
            notes: [
                "Small: TAR at the nearest FAR. In parentheses: not resolved by this protocol, at zero false accepts. "
                    + "Few: fewer than \(FARResolution.enough) false accepts are allowed."
            ]
        )
    }

    /// Numbers that do not depend on a FAR.
    var overall: [ReportFact] {
        let results = report.verification
        func rate(_ value: Reported<Double>) -> String {
            value.value.map { NumberText.percent($0) + " %" } ?? "undefined: \(value.reason ?? "")"
        }
        func range(_ interval: Reported<ReportedInterval>?) -> String {
            interval?.value.map { " " + Self.range($0) } ?? ""
        }
        func number(_ value: Reported<Double>, _ decimals: Int) -> String {
            value.value.map { NumberText.fixed($0, decimals: decimals) } ?? "undefined: \(value.reason ?? "")"
        }
        func scores(_ value: Reported<ReportedScores>) -> String {
            guard let scores = value.value else { return "undefined: \(value.reason ?? "")" }
            let spread = scores.standardDeviation.map { " ± \(NumberText.score($0))" } ?? ""
            return "\(NumberText.score(scores.mean))\(spread), "
                + "from \(NumberText.score(scores.minimum)) to \(NumberText.score(scores.maximum))"
        }
        return [
            ReportFact("Equal error rate", rate(results.eer) + range(results.eerInterval)),
            ReportFact(
                "Area under the ROC curve",
                number(results.auc, 6)
                    + (results.aucInterval?.value
                        .map { interval in
                            " [\(NumberText.fixed(interval.low, decimals: 6)), "
                                + "\(NumberText.fixed(interval.high, decimals: 6))]"
                        } ?? "")
            ),
            ReportFact("d′ (distance of the class means)", number(results.dPrime, 3)),
            ReportFact("Genuine scores, mean ± deviation", scores(results.genuineScores)),
            ReportFact("Impostor scores, mean ± deviation", scores(results.impostorScores)),
        ]
    }
}

extension ReportTables {
    /// The network; empty when the scores came from elsewhere.
    var checkpoint: [ReportFact] {
        guard let checkpoint = report.checkpoint else { return [] }
        var facts = [
            ReportFact("Architecture", VisibleText.line(checkpoint.architecture)),
            ReportFact("Parameters", NumberText.magnitude(checkpoint.parameters)),
            ReportFact("Multiply–adds per face", NumberText.magnitude(checkpoint.macs)),
            ReportFact("Embedding", "\(checkpoint.embeddingSize) numbers"),
            ReportFact("File", VisibleText.line(checkpoint.file)),
            ReportFact("SHA-256", VisibleText.line(checkpoint.sha256)),
        ]
        if let format = checkpoint.format { facts.append(ReportFact("Format", VisibleText.line(format))) }
        if let set = checkpoint.trainingSet { facts.append(ReportFact("Trained on", VisibleText.line(set))) }
        return facts
    }

    var preprocessing: [ReportFact] {
        guard let settings = report.preprocessing else { return [] }
        func list(_ values: [Double]) -> String { values.map { NumberText.shortest($0) }.joined(separator: ", ") }
        var facts: [ReportFact] = []
        if let name = settings.name { facts.append(ReportFact("Preset", VisibleText.line(name))) }
        return facts + [
            ReportFact("Size, width × height", settings.size.map(String.init).joined(separator: " × ")),
            ReportFact("Channels", VisibleText.line(settings.channels.uppercased())),
            ReportFact("Mean subtracted", list(settings.mean)),
            ReportFact("Divided by", list(settings.std)),
            ReportFact("Landmark template", VisibleText.line(settings.template)),
        ] + (settings.notes ?? []).map { ReportFact("Note", VisibleText.line($0)) }
    }

    var protocolFacts: [ReportFact] {
        let counts = report.protocol
        var facts = [ReportFact("Name", VisibleText.line(counts.name))]
        if let text = counts.description { facts.append(ReportFact("What it is", VisibleText.line(text))) }
        func add(_ label: String, _ count: Int?) {
            if let count { facts.append(ReportFact(label, NumberText.count(count))) }
        }
        add("Images", counts.images)
        add("Templates", counts.templates)
        if let subjects = counts.subjects {
            let origin =
                switch counts.subjectOrigin {
                case "implied": ", implied by the genuine comparisons"
                case "stated": ", as the files state"
                default: ""
                }
            facts.append(ReportFact("Subjects", NumberText.count(subjects) + origin))
        }
        add("Genuine comparisons", counts.genuine)
        add("Impostor comparisons", counts.impostor)
        add("Failed images", counts.failedImages)
        add("Templates that failed to enrol", counts.failedTemplates)
        if (counts.rejectedGenuine ?? 0) + (counts.rejectedImpostor ?? 0) > 0 {
            add("Genuine comparisons rejected for that", counts.rejectedGenuine)
            add("Impostor comparisons rejected for that", counts.rejectedImpostor)
        }
        facts += errorFacts
        if let digest = counts.sha256 { facts.append(ReportFact("Digest of its files", VisibleText.line(digest))) }
        return facts
    }

    var inputs: [ReportFact] {
        report.inputs.map { input in
            ReportFact(
                VisibleText.line(input.role),
                "\(VisibleText.line(input.file)), SHA-256 \(VisibleText.line(input.sha256))"
            )
        }
    }

    var timing: [ReportFact] {
        guard let timing = report.timing else { return [] }
        var facts: [ReportFact] = []
        if let rate = timing.imagesPerSecond {
            facts.append(ReportFact("Images per second", NumberText.fixed(rate, decimals: 1)))
        }
        if let seconds = timing.totalSeconds { facts.append(ReportFact("Total", NumberText.duration(seconds))) }
        if let bytes = timing.peakMemoryBytes { facts.append(ReportFact("Peak memory", NumberText.bytes(bytes))) }
        if let cached = timing.cachedImages, cached > 0 {
            facts.append(ReportFact("Images from the embedding cache", NumberText.count(cached)))
        }
        facts += timing.stages.map { ReportFact(VisibleText.line($0.name), NumberText.duration($0.seconds)) }
        if let start = timing.startedAt { facts.append(ReportFact("Started", VisibleText.line(start))) }
        return facts
    }

    var environment: [ReportFact] {
        guard let environment = report.environment else { return [] }
        var facts = [ReportFact("Verifar", VisibleText.line(environment.version))]
        if let machine = environment.machine { facts.append(ReportFact("Machine", VisibleText.line(machine))) }
        if let threads = environment.threads { facts.append(ReportFact("Threads", "\(threads)")) }
        if let batch = environment.batch { facts.append(ReportFact("Faces per batch", "\(batch)")) }
        if let seed = environment.seed { facts.append(ReportFact("Seed", "\(seed)")) }
        if let command = environment.command { facts.append(ReportFact("Command", VisibleText.line(command))) }
        return facts
    }
}
