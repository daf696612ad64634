import Testing
import VerificationMetrics

@Suite struct IntervalTests {
    @Test func wilsonAgreesWithSciPy() throws {
        for row in try Goldens.closedForms().wilson {
            let interval = try Interval.wilson(successes: Int(row[0]), trials: Int(row[1]), level: row[2]).get()
            #expect(abs(interval.low - row[3]) < 1e-13 && abs(interval.high - row[4]) < 1e-13, "\(row)")
            #expect(interval.method == .wilson && interval.replicates == 0 && interval.level == row[2])
            #expect(interval.caveats == [.thresholdUncertaintyOmitted, .subjectsTakenAsIndependent])
        }
        #expect(Interval.wilson(successes: 0, trials: 0).undefinedReason == .noGenuine)
    }

    @Test func wilsonNeverLeavesTheUnitIntervalAndEndsExactlyAtItsEnds() throws {
        for trials in [1, 7, 100, 19_557] {
            let none = try Interval.wilson(successes: 0, trials: trials).get()
            let all = try Interval.wilson(successes: trials, trials: trials).get()
            #expect(none.low == 0 && none.high > 0 && none.high < 1)
            #expect(all.high == 1 && all.low > 0 && all.low < 1)
            #expect(abs(none.high - (1 - all.low)) < 1e-15)
        }
    }

    @Test func everyReasonAndCaveatHasWordsOfItsOwn() {
        #expect(Set(UndefinedResult.allCases.map(\.description)).count == UndefinedResult.allCases.count)
        #expect(Interval.Caveat(rawValue: "threshold-uncertainty-omitted")?.description.isEmpty == false)
        #expect(Interval.Method.subjectBootstrap.rawValue == "subject-bootstrap")
    }
}
