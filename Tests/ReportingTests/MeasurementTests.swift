import Reporting
import Testing
import VerificationMetrics

@Suite struct MeasurementTests {
    @Test func pointsAreCountedAsDefined() throws {
        let run = SampleRun()
        let measured = try run.measurement()
        let impostors = zip(run.scores, run.labels).filter { $0.1 == 0 }.map(\.0).sorted(by: >)
        for point in measured.results.operatingPoints {
            let found = try #require(point.outcome.value)
            let allowed = Int((point.farTarget * 1740).rounded(.down))
            #expect(found.allowedImpostors == allowed)
            let accepted = zip(run.scores, run.labels).count { $0.1 == 1 && $0.0 > impostors[allowed] }
            #expect(found.acceptedGenuine == accepted)
            #expect(found.tar == Double(accepted) / 30)
            #expect(found.resolved == (allowed > 0))
            let interval = try #require(found.interval.value)
            #expect(
                interval.method == .subjectBootstrapWilson && interval.low <= found.tar && found.tar <= interval.high
            )
        }
        #expect(measured.results.operatingPoints.map(\.farTarget) == [1e-4, 1e-3, 1e-2, 1e-1])
    }

    /// 1,740 impostors: 1e-4 is not resolved, 1e-3 and 1e-2 allow 1 and 17 of them, 1e-1 allows 174.
    @Test func linesSayWhatAFARRestsOn() throws {
        let run = SampleRun()
        let lines = try run.measurement().results.operatingPoints.map(PointText.line)
        #expect(lines[0].hasPrefix("not resolved (k < 1): ") && !lines[0].contains("["))
        #expect(lines[0].contains("at zero false accepts"))
        #expect(lines[1].contains("[") && lines[1].hasSuffix("few (k = 1)"))
        #expect(lines[2].hasSuffix("few (k = 17)"))
        #expect(lines[3].contains("[") && lines[3].hasSuffix("accepted"))
        let set = try ScoreSet(scores: run.scores, labels: run.labels)
        let progress = try ["1e-4", "1e-3", "1e-1"]
            .map { PointText.progress(try set.operatingPoint(at: FARTarget($0)).get()) }
        #expect(progress[0] == "1e-4 not resolved (k < 1)")
        #expect(progress[1].hasSuffix(" % at 1e-3, few (k = 1)"))
        #expect(progress[2].hasSuffix(" % at 1e-1") && !progress[2].contains("["))
    }

    /// 30 subjects of whom all are always accepted: 30 of 30, not certainty.
    @Test func whereNothingVariesTheLineHasAnInterval() throws {
        let results = try SampleRun(shift: 100).measurement().results
        #expect(PointText.line(results.operatingPoints[3]).hasPrefix("100.00 [88.65, 100.00]"))
        #expect(results.operatingPoints[3].outcome.value?.interval.value?.effectiveCount == 30)
    }

    @Test func bandLiesOnResolvedFARsInOrder() throws {
        let band = try SampleRun().measurement().curves.band
        #expect(band.map(\.far) == [1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1])
    }

    @Test func withoutSubjectsIntervalsAreWilsons() throws {
        let run = SampleRun()
        let measured = try VerificationMeasurement(
            scores: .single(run.scores),
            labels: run.labels,
            subjects: nil,
            options: .init(bootstrap: try SubjectBootstrap(seed: 1))
        )
        for point in measured.results.operatingPoints {
            let interval = try #require(point.outcome.value?.interval.value)
            #expect(interval.method == .wilson)
            #expect(interval.caveats.contains(.thresholdUncertaintyOmitted))
        }
    }
}
