import LargeArrays
import Reporting
import Testing
import VerificationMetrics

@Suite struct MeasurementTests {
    @Test func pointsAreCountedAsDefined() async throws {
        let run = SampleRun()
        let measured = try await run.measurement()
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
            #expect(interval.method == "subject-bootstrap" && interval.low <= found.tar && found.tar <= interval.high)
        }
        #expect(measured.results.operatingPoints.map(\.farTarget) == [1e-4, 1e-3, 1e-2, 1e-1])
    }

    @Test func bandLiesOnResolvedFARsInOrder() async throws {
        let band = try await SampleRun().measurement().curves.band
        #expect(band.map(\.far) == [1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1])
    }

    @Test func withoutSubjectsIntervalsAreWilsons() async throws {
        let run = SampleRun()
        let measured = try await VerificationMeasurement(
            scores: .single(run.scores),
            labels: run.labels,
            subjects: nil,
            options: .init(bootstrap: try SubjectBootstrap(seed: 1))
        )
        for point in measured.results.operatingPoints {
            let interval = try #require(point.outcome.value?.interval.value)
            #expect(interval.method == "wilson")
            #expect(interval.caveats.contains("threshold-uncertainty-omitted"))
        }
    }
}
