import Foundation
import SeededRandom
import Testing

/// What `Scripts/oracles/seeded_random.py` wrote.
struct StreamGolden: Decodable, Sendable {
    let seed: String
    let stream: String
    let numbers: [String]

    static func all() throws -> [StreamGolden] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Fixtures/SeededRandom/streams.json")
        return try JSONDecoder().decode([StreamGolden].self, from: Data(contentsOf: path))
    }
}

@Suite struct SeededGeneratorTests {
    @Test func theStreamIsThatOfTheReferenceCode() throws {
        var generator = try #require(SeededGenerator(state: [1, 2, 3, 4]))
        let numbers = (0..<4).map { _ in generator.next() }
        #expect(numbers == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    }

    @Test(arguments: try StreamGolden.all())
    func seedsAndStreamsGiveTheNumbersOfAnIndependentImplementation(golden: StreamGolden) throws {
        let seed = try #require(UInt64(golden.seed))
        let stream = try #require(UInt64(golden.stream))
        var generator = SeededGenerator(seed: seed, stream: stream)
        for number in golden.numbers { #expect(String(generator.next()) == number) }
    }

    @Test func aSavedStateGoesOnWhereItWas() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<100 { _ = generator.normal() }
        var resumed = try #require(SeededGenerator(state: generator.state))
        #expect(resumed == generator)
        for _ in 0..<100 { #expect(resumed.normal() == generator.normal()) }
        #expect(SeededGenerator(state: [0, 0, 0, 0]) == nil)
        #expect(SeededGenerator(state: [1, 2, 3]) == nil)
    }

    @Test func uniformNumbersAreInTheirIntervalAndFillIt() {
        var generator = SeededGenerator(seed: 1)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 {
            let number = generator.uniform(-2, 3)
            #expect(number >= -2 && number < 3)
            counts[Int((number + 2) * 2)] += 1
        }
        #expect(chiSquare(counts) < 27.9)  // 9 degrees of freedom, one chance in a thousand
    }

    @Test(arguments: [1, 2, 3, 7, 10, 1000])
    func indicesAreWithoutBias(bound: Int) {
        var generator = SeededGenerator(seed: UInt64(bound))
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<200_000 { counts[generator.index(below: bound)] += 1 }
        // Mean bound − 1, variance twice that: five deviations.
        let freedom = Double(bound - 1)
        #expect(chiSquare(counts) <= freedom + 5 * (2 * freedom).squareRoot() + 1e-9)
    }

    @Test func hugeBoundsAreRejectedWithoutBias() {
        // Two thirds of 2⁶⁴ numbers: taking remainders would fall twice as often in the lower half.
        var generator = SeededGenerator(seed: 3)
        let bound = Int.max / 4 * 3
        let lower = (0..<20_000).count { _ in generator.index(below: bound) < bound / 2 }
        #expect(abs(lower - 10_000) < 350)
    }

    @Test func normalNumbersFollowTheNormalDistribution() {
        var generator = SeededGenerator(seed: 4)
        let count = 100_000
        let numbers = (0..<count).map { _ in generator.normal() }.sorted()
        let mean = numbers.reduce(0, +) / Double(count)
        let variance = numbers.reduce(0) { $0 + $1 * $1 } / Double(count) - mean * mean
        #expect(abs(mean) < 0.0125 && abs(variance - 1) < 0.018)
        // Kolmogorov–Smirnov at one chance in a thousand: 1.95 / √n.
        var distance = 0.0
        for (rank, number) in numbers.enumerated() {
            let expected = 0.5 * erfc(-number / 2.0.squareRoot())
            distance = max(distance, abs(expected - Double(rank) / Double(count)))
        }
        #expect(distance < 1.95 / Double(count).squareRoot())
    }

    @Test func permutationsHoldEveryIndexOnceAndEveryOrderAlike() {
        var generator = SeededGenerator(seed: 6)
        #expect(generator.permutation(of: 0).isEmpty)
        #expect(generator.permutation(of: 1) == [0])
        #expect(generator.permutation(of: 1000).sorted() == Array(0..<1000))
        var counts: [[Int]: Int] = [:]
        for _ in 0..<24_000 { counts[generator.permutation(of: 4), default: 0] += 1 }
        #expect(counts.count == 24)
        #expect(chiSquare(Array(counts.values)) < 49.7)  // 23 degrees of freedom, one chance in a thousand
    }

    /// Σ (count − expected)² / expected for equally likely cells.
    private func chiSquare(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    }
}
