/// xoshiro256** seeded by SplitMix64: the one random source, passed in wherever randomness is needed.
///
/// The stream depends on the seed alone, on any machine. Source: Blackman and Vigna, *Scrambled Linear
/// Pseudorandom Number Generators*, 2021, and their reference code.
public struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    /// The 256 bits of state, for saving and resuming.
    public private(set) var state: [UInt64]

    /// A generator for a seed.
    ///
    /// - Parameters:
    ///   - seed: Any number; near seeds give unrelated streams.
    ///   - stream: A second number that names an independent stream of the same seed.
    public init(seed: UInt64, stream: UInt64 = 0) {
        var mixer = seed ^ Self.mix(stream &+ 0x9e37_79b9_7f4a_7c15)
        state = (0..<4)
            .map { _ in
                mixer &+= 0x9e37_79b9_7f4a_7c15
                return Self.mix(mixer)
            }
    }

    /// A generator that goes on from a saved state of four words, not all zero.
    public init?(state: [UInt64]) {
        guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
        self.state = state
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        let result = Self.rotate(state[1] &* 5, 7) &* 9
        let shifted = state[1] << 17
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = Self.rotate(state[3], 45)
        return result
    }

    /// A number in [0, 1) with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number in [low, high).
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// An integer in 0 ..< bound, without bias.
    ///
    /// - Parameter bound: Above 0.
    public mutating func index(below bound: Int) -> Int {
        // Lemire's method; the rejection loop runs once on average.
        let bound = UInt64(bound)
        var (high, low) = next().multipliedFullWidth(by: bound)
        if low < bound {
            let threshold = (0 &- bound) % bound
            while low < threshold { (high, low) = next().multipliedFullWidth(by: bound) }
        }
        return Int(high)
    }

    /// A standard normal number, by the polar method without a saved spare, so that the state is the whole truth.
    ///
    /// Uses only operations that IEEE 754 rounds exactly, and so gives the same bits on any machine.
    public mutating func normal() -> Double {
        while true {
            let x = uniform(-1, 1)
            let y = uniform(-1, 1)
            let square = x * x + y * y
            if square > 0 && square < 1 { return x * (-2 * Self.naturalLogarithm(square) / square).squareRoot() }
        }
    }

    /// ln x for 0 < x < 1 from exactly rounded operations: series of atanh on the significand; error below 1e-15.
    private static func naturalLogarithm(_ x: Double) -> Double {
        var significand = x.significand
        var exponent = Double(x.exponent)
        if significand > 1.4142135623730951 {
            significand /= 2
            exponent += 1
        }
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        var sum = 0.0
        for denominator in stride(from: 23.0, through: 1.0, by: -2.0) { sum = sum * square + 1 / denominator }
        return 2 * ratio * sum + exponent * 0.6931471805599453
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }

    private static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension SeededGenerator {
    /// The indices 0 ..< count in random order.
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, index(below: last + 1)) }
        return order
    }
}
