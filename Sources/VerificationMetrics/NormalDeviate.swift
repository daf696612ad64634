#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The normal deviate (probit) of a probability: where the standard normal distribution reaches it.
///
/// Relative error about 1e-15. Source: M. J. Wichura, *Algorithm AS 241: The Percentage Points of the Normal
/// Distribution*, Applied Statistics 37 (1988), routine PPND16.
///
/// - Parameter probability: A number.
/// - Returns: The deviate, or nil outside (0, 1).
public func normalDeviate(_ probability: Double) -> Double? {
    guard probability > 0 && probability < 1 else { return nil }
    let offset = probability - 0.5
    if abs(offset) <= 0.425 {
        let square = 0.180625 - offset * offset
        return offset * centre.value(at: square)
    }
    let tail = (-log(offset < 0 ? probability : 1 - probability)).squareRoot()
    let deviate = tail <= 5 ? shoulder.value(at: tail - 1.6) : farTail.value(at: tail - 5)
    return offset < 0 ? -deviate : deviate
}

/// A quotient of two polynomials, coefficients from the constant up.
private struct RationalFunction {
    let numerator: [Double]
    let denominator: [Double]

    func value(at x: Double) -> Double { Self.horner(numerator, x) / Self.horner(denominator, x) }

    private static func horner(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reversed().reduce(0) { $0 * x + $1 }
    }
}

private let centre = RationalFunction(
    numerator: [
        3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
        45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
    ],
    denominator: [
        1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
        21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
    ]
)

private let shoulder = RationalFunction(
    numerator: [
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
    ],
    denominator: [
        1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
        0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ]
)

private let farTail = RationalFunction(
    numerator: [
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
        0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ],
    denominator: [
        1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ]
)
