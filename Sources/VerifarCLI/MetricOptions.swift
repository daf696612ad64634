internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting
internal import VerificationMetrics

/// What is measured.
struct MetricOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Target false-accept rates.", valueName: "list"))
    var far: String = "1e-6,1e-5,1e-4,1e-3,1e-2,1e-1"

    @Option(
        help: ArgumentHelp(
            "Replicates of the subject bootstrap; 0 for Wilson's intervals on bare scores.",
            valueName: "n"
        )
    )
    var bootstrap: Int = 1000

    @Option(
        help: ArgumentHelp(
            "How intervals are made of replicates: wilson (on the effective number of comparisons) or percentile.",
            valueName: "method"
        ),
        transform: { text in
            guard let ends = SubjectBootstrap.Ends(rawValue: text) else {
                throw ValidationError("--interval: expected wilson or percentile (found '\(text)')")
            }
            return ends
        }
    )
    var interval: SubjectBootstrap.Ends = .wilson

    @Option(
        help: ArgumentHelp("Thresholds whose FMR and FNMR are wanted: of a system that has one.", valueName: "list")
    )
    var threshold: String?

    @Option(help: ArgumentHelp("Seed of the bootstrap.", valueName: "n"))
    var seed: UInt64 = 1

    func validate() throws {
        if !(0...1_000_000).contains(bootstrap) {
            throw ValidationError("--bootstrap must be between 0 and 1000000 (found \(bootstrap))")
        }
        _ = try Self.targets(far)
        _ = try thresholds()
    }

    private func thresholds() throws -> [Double] {
        try (threshold ?? "").split(separator: ",")
            .map { text in
                guard let value = Double(text), value.isFinite else {
                    throw ValidationError("--threshold: expected numbers (found '\(text)')")
                }
                return value
            }
    }

    /// Parses the value of `--far`.
    static func targets(_ far: String) throws -> [FARTarget] {
        try far.split(separator: ",", omittingEmptySubsequences: false)
            .map { text in
                do {
                    let target = try FARTarget(String(text))
                    if target.isNamedByValue { return target }
                } catch {
                    throw ValidationError("--far: \(error)")
                }
                throw ValidationError("--far: '\(text)' has more digits than a report keeps; at most 15 always fit")
            }
    }

    func settings(threads: Int) throws -> VerificationMeasurement.Options {
        var options = VerificationMeasurement.Options(
            farTargets: try Self.targets(far),
            bootstrap: bootstrap > 0
                ? try SubjectBootstrap(replicates: bootstrap, seed: seed, threads: threads, ends: interval) : nil
        )
        options.thresholds = try thresholds()
        return options
    }
}
