import Foundation
import Parallelism
import Testing
import VerificationMetrics

/// How often the default interval holds the truth; with `VERIFAR_COVERAGE` naming a file, a larger simulation writes its
/// table there (`Scripts/coverage`).
@Suite struct CoverageTests {
    private static let tars = [0.7, 0.9, 0.97, 0.992, 0.999, 0.9997]
    private static let reportPath = ProcessInfo.processInfo.environment["VERIFAR_COVERAGE"]

    @Test(arguments: [30, 100, 500]) func nineOfTenIntervalsAndMoreHoldTheTruth(subjects: Int) throws {
        let experiments = 60
        let cases = try CoverageCase.run(
            CoveragePopulation(subjects: subjects, wolves: 0),
            allowed: [5, 50],
            tars: Self.tars,
            experiments: experiments,
            replicates: 128
        )
        for one in cases {
            let coverage = one[.subjectBootstrapWilson]
            // 93 % less three standard deviations of 60 experiments.
            #expect(coverage.share > 0.93 - 3 * (0.93 * 0.07 / Double(experiments)).squareRoot(), "\(one)")
        }
        let all = cases.reduce(0) { $0 + $1[.subjectBootstrapWilson].share } / Double(cases.count)
        #expect(all > 0.93, "\(all)")
        // What it replaces: no interval near 100 %, and comparisons taken as independent.
        let ends = cases.filter { $0.tar > 0.999 }
        let lead = subjects > 100 ? 0 : 0.1
        #expect(ends.allSatisfy { $0[.subjectBootstrap].share < $0[.subjectBootstrapWilson].share - lead })
        let middle = cases.filter { $0.tar < 0.95 }
        #expect(middle.allSatisfy { $0[.wilson].share < 0.8 })
    }

    /// A few subjects whom many impostors match decide at which score the threshold lies.
    ///
    /// No resampling knows of those that were not drawn. Where genuine comparisons are rarely rejected it still holds.
    @Test(arguments: [30, 100, 500]) func wolvesAreWhereItFallsShort(subjects: Int) throws {
        let cases = try CoverageCase.run(
            CoveragePopulation(subjects: subjects, wolves: 0.03),
            allowed: [50],
            tars: Self.tars,
            experiments: 60,
            replicates: 128
        )
        for one in cases {
            let coverage = one[.subjectBootstrapWilson].share
            #expect(coverage > (one.tar > 0.99 ? 0.84 : 0.5), "\(one)")
            #expect(coverage >= one[.wilson].share, "\(one)")
        }
    }

    @Test(.enabled(if: CoverageTests.reportPath != nil, "VERIFAR_COVERAGE names no file"))
    func tableOfALargerSimulation() throws {
        let path = try #require(Self.reportPath)
        let experiments = 200
        let populations = [0, 0.03]
            .flatMap { wolves in
                [30, 100, 500].map { CoveragePopulation(subjects: $0, wolves: wolves) }
            }
        let cases = try ThreadPool(ProcessInfo.processInfo.activeProcessorCount)
            .map(populations.count) { place in
                try CoverageCase.run(
                    populations[place],
                    allowed: [5, 20, 50, 200],
                    tars: Self.tars,
                    experiments: experiments,
                    replicates: 256
                )
            }
            .flatMap { $0 }
        try Self.page(cases, experiments: experiments).write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static func page(_ cases: [CoverageCase], experiments: Int) -> String {
        func percent(_ share: Double) -> String { String(format: "%.1f", share * 100) }
        var text = """
            # How often the intervals hold the truth

            `Scripts/coverage` made this page: \(experiments) experiments for each row, each with subjects drawn anew from a
            population whose TAR is known (`Tests/VerificationMetricsTests/CoverageSimulation.swift`), 256 replicates, nominal
            95 %. Ten genuine comparisons for each subject; every pair of subjects is compared (30 subjects 22 times, 100
            twice). k is the number of false accepts that the FAR allows: `few` below 30. A wolf is a subject whose impostor
            scores lie 1.5 deviations higher; 3 % of subjects are wolves in the second half of the table. **Bold**: below
            93 %. "above" and "below": the share of intervals that lie wholly above or below the truth. The simulation's own
            standard deviation at 95 % is \(percent((0.95 * 0.05 / Double(experiments)).squareRoot())) points.


            """
        for wolves in [false, true] {
            text += "## \(wolves ? "With 3 % wolves" : "Without wolves")\n\n"
            text +=
                "| subjects | k | TAR % | subject bootstrap, Wilson on n_eff | above | below | width | percentiles | "
            text += "Wilson on bare scores |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
            for one in cases where (one.population.wolves > 0) == wolves {
                let own = one[.subjectBootstrapWilson]
                let mark = own.share < 0.93 ? "**" : ""
                text += "| \(one.population.subjects) | \(one.allowed) | \(String(format: "%g", one.tar * 100)) | "
                text += "\(mark)\(percent(own.share))\(mark) | \(percent(Double(own.above) / Double(experiments))) | "
                text += "\(percent(Double(own.below) / Double(experiments))) | \(percent(own.width)) | "
                text += "\(percent(one[.subjectBootstrap].share)) | \(percent(one[.wilson].share)) |\n"
            }
            text += "\n"
        }
        return text
    }
}
