import SeededRandom
import Testing
import VerificationMetrics

@Suite struct SortingTests {
    @Test(arguments: [500, 3_000, 20_000, 100_000])
    func sortingInPlaceSorts(scratchLimit: Int) {
        var random = SeededGenerator(seed: 41)
        for spread in [1, 50, 3_000, 1 << 30] {
            var numbers = (0..<20_000).map { _ in UInt32(random.index(below: spread)) &* 7 }
            let expected = numbers.sorted()
            RadixSort.sort(&numbers, scratchLimit: scratchLimit) { $0 }
            #expect(numbers == expected)
        }
        var wide = (0..<20_000).map { _ in UInt64(random.index(below: 1 << 60)) >> UInt64(random.index(below: 61)) }
        let expected = wide.sorted()
        RadixSort.sort(&wide, scratchLimit: scratchLimit) { $0 }
        #expect(wide == expected)
    }

    @Test func pairsOfSubjectsAreCounted() throws {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<60 {
            let (count, templates) = (random.index(below: 900), 2 + random.index(below: 40))
            let first = (0..<count).map { _ in UInt32(random.index(below: templates)) }
            let second = (0..<count).map { _ in UInt32(random.index(below: templates)) }
            let labels = (0..<count).map { _ in UInt8(random.index(below: 2)) }
            // Every template a subject, so that the numbering is that of the templates that occur.
            let subjects = try ComparisonSubjects(
                firstTemplate: first,
                secondTemplate: second,
                subjectOfTemplate: (0..<UInt32(templates)).map { $0 }
            )
            let whole = PairCounts(subjects: subjects, labels: labels)
            let occurring = Set(first + second).sorted()
            var expected: [[UInt32]: UInt32] = [:]
            for index in 0..<count where labels[index] == 0 {
                let rows = [first[index], second[index]].map { UInt32(occurring.firstIndex(of: $0) ?? 0) }.sorted()
                let isOne = rows[0] == rows[1]
                expected[[rows[0], isOne ? UInt32(occurring.count) : rows[1]], default: 0] += 1
            }
            var found: [[UInt32]: UInt32] = [:]
            for row in 0..<whole.starts.count - 1 {
                for pair in whole.starts[row]..<whole.starts[row + 1] {
                    found[[UInt32(row), whole.second[pair]]] = whole.counts[pair]
                }
            }
            #expect(found == expected)
        }
    }
}
