import SeededRandom
import Testing
import VerificationMetrics

@Suite struct ComparisonSubjectsTests {
    @Test func templatesJoinedByGenuineComparisonsAreOneSubject() throws {
        // 0–3–5 by a chain, 1–4 in reverse, 2 alone; the impostors join nothing.
        let subjects = try ComparisonSubjects(
            firstTemplate: [3, 5, 4, 0, 2],
            secondTemplate: [0, 3, 1, 1, 5],
            labels: [1, 1, 1, 0, 0],
            templateCount: 6
        )
        #expect(subjects.subjectOfTemplate == [0, 1, 2, 0, 1, 0])
        #expect(subjects.contradictions(labels: [1, 1, 1, 0, 0]) == (0, 0))
        #expect(subjects.subjects(of: 4) == (2, 0))
    }

    @Test func contradictionsAreCounted() throws {
        let subjects = try ComparisonSubjects(
            firstTemplate: [0, 1, 0, 0],
            secondTemplate: [1, 2, 2, 3],
            subjectOfTemplate: [7, 7, 7, 9]
        )
        #expect(subjects.contradictions(labels: [1, 1, 0, 1]) == (1, 1))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func componentsAgreeWithRepeatedMergingInAnyOrder(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let templates = 40
        let first = (0..<60).map { _ in UInt32(generator.index(below: templates)) }
        let second = (0..<60).map { _ in UInt32(generator.index(below: templates)) }
        let labels = (0..<60).map { _ in UInt8(generator.uniform() < 0.4 ? 1 : 0) }
        // Spread the smallest template index until nothing changes.
        var smallest = (0..<templates).map { $0 }
        for _ in 0..<templates {
            for index in labels.indices where labels[index] == 1 {
                let least = min(smallest[Int(first[index])], smallest[Int(second[index])])
                smallest[Int(first[index])] = least
                smallest[Int(second[index])] = least
            }
        }
        let roots = Set(smallest).sorted()
        let expected = smallest.map { UInt32(roots.firstIndex(of: $0) ?? -1) }
        for order in [Array(labels.indices), generator.permutation(of: 60)] {
            let subjects = try ComparisonSubjects(
                firstTemplate: order.map { second[$0] },
                secondTemplate: order.map { first[$0] },
                labels: order.map { labels[$0] },
                templateCount: templates
            )
            #expect(subjects.subjectOfTemplate == expected)
        }
    }

    @Test func indicesAndCountsThatDoNotFitAreRefused() {
        #expect(throws: MetricsError(.indexOutOfRange, "template index 3, but there are 3 templates", index: 1)) {
            try ComparisonSubjects(firstTemplate: [0, 1], secondTemplate: [1, 3], subjectOfTemplate: [0, 0, 1])
        }
        #expect(throws: MetricsError.self) {
            try ComparisonSubjects(firstTemplate: [0, 1], secondTemplate: [1], subjectOfTemplate: [0, 0, 1])
        }
        #expect(throws: MetricsError.self) {
            try ComparisonSubjects(firstTemplate: [0, 9], secondTemplate: [1, 1], labels: [1, 1], templateCount: 2)
        }
        #expect(throws: MetricsError.self) {
            try ComparisonSubjects(firstTemplate: [0], secondTemplate: [1], labels: [], templateCount: 2)
        }
    }
}
