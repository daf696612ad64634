#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension TapeValue {
    /// Elementwise function with its derivative, which may use the argument and the value.
    @inline(__always)
    private func map(
        _ function: (Float) -> Float,
        derivative: @escaping (_ x: Float, _ y: Float) -> Float
    ) -> TapeValue {
        let (input, threads) = (node, tape.threads)
        let result = TapeStorage(rows: rows, columns: columns)
        let (x, y) = (input.value.base, result.base)
        inChunks(of: input.value.count, threads: threads) { range in
            for index in range { y[index] = function(x[index]) }
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let (x, y, g) = (input.value.base, result.base, upstream.base)
            input.accumulate(threads: threads) { g[$0] * derivative(x[$0], y[$0]) }
        }
    }

    /// x².
    public var squared: TapeValue {
        map {
            $0 * $0
        } derivative: { x, _ in
            2 * x
        }
    }

    /// √x; the derivative at 0 is taken as 0.
    public var squareRoot: TapeValue {
        map {
            $0.squareRoot()
        } derivative: { _, y in
            y > 0 ? 0.5 / y : 0
        }
    }

    /// eˣ.
    public var exponential: TapeValue {
        map {
            exp($0)
        } derivative: { _, y in
            y
        }
    }

    /// ln x.
    public var logarithm: TapeValue {
        map {
            log($0)
        } derivative: { x, _ in
            1 / x
        }
    }

    /// max(x, 0), with derivative 0 at 0.
    public var rectified: TapeValue {
        map {
            $0 > 0 ? $0 : 0 * $0
        } derivative: { x, _ in
            x > 0 ? 1 : 0
        }
    }

    /// |x|, with derivative 0 at 0.
    public var magnitude: TapeValue {
        map {
            abs($0)
        } derivative: { x, _ in
            x > 0 ? 1 : x < 0 ? -1 : 0
        }
    }

    /// The logistic function 1 / (1 + e⁻ˣ); no overflow at either end.
    public var sigmoid: TapeValue {
        map {
            $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0))
        } derivative: { _, y in
            y * (1 - y)
        }
    }

    /// Huber's function with threshold 1: x²/2 up to |x| = 1, |x| − ½ beyond (PyTorch's smooth L1).
    public var smoothAbsolute: TapeValue {
        map {
            abs($0) < 1 ? 0.5 * $0 * $0 : abs($0) - 0.5
        } derivative: { x, _ in
            x > 1 ? 1 : x < -1 ? -1 : x
        }
    }

    /// The nearest number of a range.
    ///
    /// The derivative is 1 within, ends included, and 0 outside. NaN stays NaN.
    public func clamped(to range: ClosedRange<Float>) -> TapeValue {
        let (low, high) = (range.lowerBound, range.upperBound)
        return map {
            $0 < low ? low : $0 > high ? high : $0
        } derivative: { x, _ in
            x < low || x > high ? 0 : 1
        }
    }

    /// factor · x + offset.
    private func affine(_ factor: Float, _ offset: Float) -> TapeValue {
        map {
            factor * $0 + offset
        } derivative: { _, _ in
            factor
        }
    }

    /// −x.
    public static prefix func - (value: TapeValue) -> TapeValue { value.affine(-1, 0) }
    /// x + c.
    public static func + (value: TapeValue, constant: Float) -> TapeValue { value.affine(1, constant) }
    /// c + x.
    public static func + (constant: Float, value: TapeValue) -> TapeValue { value.affine(1, constant) }
    /// x − c.
    public static func - (value: TapeValue, constant: Float) -> TapeValue { value.affine(1, -constant) }
    /// c − x.
    public static func - (constant: Float, value: TapeValue) -> TapeValue { value.affine(-1, constant) }
    /// c · x.
    public static func * (constant: Float, value: TapeValue) -> TapeValue { value.affine(constant, 0) }
    /// x · c.
    public static func * (value: TapeValue, constant: Float) -> TapeValue { value.affine(constant, 0) }
    /// x / c.
    public static func / (value: TapeValue, constant: Float) -> TapeValue { value.affine(1 / constant, 0) }
}
