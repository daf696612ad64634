import LargeArrays
import SeededRandom
import Testing
import VerificationMetrics

/// What is sorted and counted a part at a time is what would be sorted and counted whole.
@Suite struct BoundedMemoryTests {
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

    @Test func pairsAreCountedAlikeInParts() throws {
        var random = SeededGenerator(seed: 42)
        for round in 0..<60 {
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
            #expect(PairCounts(subjects: subjects, labels: labels, partLimit: 1 + round) == whole)
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

    /// Scores, labels and templates in files give what arrays give.
    @Test func whereTheListsLieChangesNothing() async throws {
        var random = SeededGenerator(seed: 43)
        let count = 30_000
        let scores = (0..<count).map { _ in Float(random.index(below: 5_000)) / 5_000 }
        let labels = (0..<count).map { _ in UInt8(random.index(below: 8) == 0 ? 1 : 0) }
        let templates = (0..<2).map { _ in (0..<count).map { _ in UInt32(random.index(below: 200)) } }
        let subjects = (0..<200).map { UInt32($0 / 4) }
        func inFile<Element>(_ values: [Element]) -> LargeArray<Element> {
            let builder = LargeArrayBuilder<Element>(count: values.count, place: .file)
            _ = builder.elements.initialize(fromContentsOf: values)
            return builder.finish()
        }
        let targets = try ["1e-3", "0.1"].map { try FARTarget($0) }
        let bootstrap = try SubjectBootstrap(replicates: 70, seed: 3)
        let expected = try await bootstrap.tarIntervals(
            scores: .single(scores),
            labels: labels,
            subjects: try ComparisonSubjects(
                firstTemplate: templates[0],
                secondTemplate: templates[1],
                subjectOfTemplate: subjects
            ),
            targets: targets
        )
        let found = try await bootstrap.tarIntervals(
            scores: .single(inFile(scores)),
            labels: inFile(labels),
            subjects: try ComparisonSubjects(
                firstTemplate: inFile(templates[0]),
                secondTemplate: inFile(templates[1]),
                subjectOfTemplate: subjects
            ),
            targets: targets
        )
        #expect(found == expected)
        let sets = try (
            ScoreSet(scores: scores, labels: labels), ScoreSet(scores: .single(inFile(scores)), labels: inFile(labels))
        )
        #expect(sets.0.areaUnderCurve == sets.1.areaUnderCurve && sets.0.equalErrorRate == sets.1.equalErrorRate)
        for target in targets { #expect(sets.0.operatingPoint(at: target) == sets.1.operatingPoint(at: target)) }
    }
}
