import Testing
import VerificationMetrics

@Suite struct SignificanceTests {
    /// Closed forms for 1, 2 and 4 degrees of freedom; the normal distribution is the limit.
    @Test func studentsTIsItsClosedForms() throws {
        for t in [0, 0.1, 0.7, 1, 2.5, 8, 40, 1e3] {
            let root = (2 + t * t).squareRoot()
            #expect(abs(Significance.student(t, degreesOfFreedom: 2) - (1 - t / root)) < 1e-12)
            let u = t / (4 + t * t).squareRoot()
            let four = 1 - 1.5 * u * (1 - u * u / 3)
            #expect(abs(Significance.student(-t, degreesOfFreedom: 4) - four) < 1e-12)
        }
        // The quartiles of Cauchy's distribution are ±1.
        #expect(abs(Significance.student(1, degreesOfFreedom: 1) - 0.5) < 1e-12)
        #expect(Significance.student(.infinity, degreesOfFreedom: 3) == 0)
        let deviate = try #require(normalDeviate(0.975))
        #expect(abs(Significance.student(deviate, degreesOfFreedom: 1e6) - 0.05) < 1e-6)
    }

    /// Tables of Student's t: 95 % two-sided.
    @Test(arguments: [(2.0, 4.302652729696), (4, 2.776445105198), (9, 2.262157162741), (29, 2.045229642133)])
    func studentsDeviateIsTheTables(degrees: Double, expected: Double) {
        #expect(abs(Significance.studentDeviate(level: 0.95, degreesOfFreedom: degrees) - expected) < 1e-9)
    }

    @Test func theSignTestSumsTheBinomial() {
        for gained in 0...12 {
            for lost in 0...12 {
                let (few, count) = (min(gained, lost), gained + lost)
                var term = 1.0
                var sum = 0.0
                for k in 0...few {
                    sum += term
                    term *= Double(count - k) / Double(k + 1)
                }
                for _ in 0..<count { sum /= 2 }
                #expect(abs(Significance.signTest(gained: gained, lost: lost) - min(1, 2 * sum)) < 1e-12)
            }
        }
    }

    @Test func holmMultipliesTheSmallestMostAndKeepsTheOrder() {
        #expect(Significance.holm([]) == [])
        let found = Significance.holm([0.01, 0.04, 0.03, 0.005])
        for (value, expected) in zip(found, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(value - expected) < 1e-15) }
        #expect(Significance.holm([0.5, 0.9]) == [1, 1])
    }
}
