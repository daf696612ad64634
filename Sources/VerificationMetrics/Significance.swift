#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Chances of a deviation at least as large as the one seen, and their correction for several looks.
public enum Significance {
    /// The chance that Student's t lies at least so far from zero, on either side.
    ///
    /// Absolute error below 1e-12.
    ///
    /// - Parameters:
    ///   - t: The statistic; ±∞ gives 0.
    ///   - degreesOfFreedom: Above 0, not necessarily whole.
    public static func student(_ t: Double, degreesOfFreedom: Double) -> Double {
        precondition(degreesOfFreedom > 0, "degrees of freedom must be above 0")
        guard t.isFinite else { return t.isNaN ? 1 : 0 }
        return incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
    }

    /// How far from zero Student's t lies with the chance `1 - level`, on either side: 2.776 for 95 % and 4.
    ///
    /// - Parameters:
    ///   - level: In (0, 1).
    ///   - degreesOfFreedom: Above 0.
    public static func studentDeviate(level: Double, degreesOfFreedom: Double) -> Double {
        precondition(level > 0 && level < 1, "level must be in (0, 1)")
        var low = 0.0
        var high = 1.0
        while student(high, degreesOfFreedom: degreesOfFreedom) > 1 - level { high *= 2 }
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if student(middle, degreesOfFreedom: degreesOfFreedom) > 1 - level { low = middle } else { high = middle }
        }
        return high
    }

    /// The exact two-sided sign test of McNemar: the chance, if gains and losses were as likely, of counts at least as
    /// unlike.
    public static func signTest(gained: Int, lost: Int) -> Double {
        precondition(gained >= 0 && lost >= 0, "counts are 0 or more")
        let (fewer, more) = (min(gained, lost), max(gained, lost))
        guard fewer < more else { return 1 }
        // P(X ≤ fewer) of a binomial with ½.
        return min(1, 2 * incompleteBeta(0.5, Double(more), Double(fewer + 1)))
    }

    /// Holm's step-down correction: each value may be held against the level as though it were the only one.
    ///
    /// Source: S. Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics 6
    /// (1979). Whatever the dependence of the tests, the chance of any false finding stays below the level.
    public static func holm(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var largest = 0.0
        for (step, index) in pValues.indices.sorted(by: { (pValues[$0], $0) < (pValues[$1], $1) }).enumerated() {
            largest = max(largest, min(1, Double(pValues.count - step) * pValues[index]))
            adjusted[index] = largest
        }
        return adjusted
    }

    /// The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22) with Lentz's method.
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges fast below the mean; above it the other tail is taken.
        guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
        let tiny = 1e-300
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var fraction = d
        for step in 1...100_000 {
            let m = Double(step)
            let terms = [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ]
            var change = 1.0
            for term in terms {
                d = 1 + term * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + term / c
                if abs(c) < tiny { c = tiny }
                change *= c * d
            }
            fraction *= change
            if abs(change - 1) < 1e-15 { break }
        }
        let logFactor = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
        return exp(logFactor) * fraction / a
    }
}
