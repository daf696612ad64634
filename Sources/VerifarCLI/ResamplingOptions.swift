internal import ArgumentParser
internal import VerificationMetrics

/// How subjects are resampled to test differences.
struct ResamplingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Resamplings of the subjects.", valueName: "n"))
    var bootstrap: Int = 10_000

    @Option(help: ArgumentHelp("Seed of the resampling.", valueName: "n"))
    var seed: UInt64 = 1

    func validate() throws {
        let least = SubjectBootstrap.leastTestReplicates
        if !(least...1_000_000).contains(bootstrap) {
            throw ValidationError(
                "--bootstrap must be between \(least) and 1000000 (found \(bootstrap)): with fewer, a verdict turns on the seed"
            )
        }
    }

    func bootstrap(threads: Int) throws(MetricsError) -> SubjectBootstrap {
        try SubjectBootstrap(replicates: bootstrap, seed: seed, threads: threads)
    }
}
