import FaceProtocols
import SeededRandom
import Testing

@Suite struct ComparisonCheckTests {
    private static func random(_ random: inout SeededGenerator) -> (value: Comparisons, templates: Int) {
        let templates = 1 + random.index(below: 12)
        let count = random.index(below: 30)
        let first = (0..<count).map { _ in UInt32(random.index(below: templates)) }
        let second = (0..<count).map { _ in UInt32(random.index(below: templates)) }
        return (
            Comparisons(first: first, second: second, labels: first.map { _ in UInt8(random.index(below: 2)) }),
            templates
        )
    }

    @Test func repeatedComparisonsAreThoseOfABruteForceSearch() {
        var generator = SeededGenerator(seed: 21)
        for _ in 0..<400 {
            let (value, templates) = Self.random(&generator)
            var expected: [[Int]] = []
            for index in 0..<value.count {
                if value.first[index] == value.second[index] { expected.append([index, -1]) }
                let pair = Set([value.first[index], value.second[index]])
                let earlier = (0..<index).first { Set([value.first[$0], value.second[$0]]) == pair }
                if let earlier, pair.count == 2 { expected.append([index, earlier]) }
            }
            var found: [[Int]] = []
            RepeatedComparison.forEach(in: value, templateCount: templates) {
                found.append([$0.comparison, $0.earlier ?? -1])
            }
            #expect(found.sorted { $0[0] < $1[0] } == expected)
        }
    }

    @Test(arguments: [false, true]) func groupsHaveTheirComparisonsInOrder(isSorted: Bool) {
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<200 {
            let (value, templates) = Self.random(&generator)
            let numbers = isSorted ? value.second.sorted() : value.second
            let groups = ComparisonGroups(count: value.count, groupCount: templates) { Int(numbers[$0]) }
            #expect(groups.count == templates)
            for group in 0..<templates {
                var found: [Int] = []
                groups.forEach(in: group) { found.append($0) }
                #expect(found == numbers.indices.filter { Int(numbers[$0]) == group })
            }
        }
    }

    @Test func manyTemplatesNeedNoBitmap() {
        let value = Comparisons(first: [0, 5, 40_000], second: [40_000, 6, 0], labels: [1, 0, 1])
        var found: [Int] = []
        RepeatedComparison.forEach(in: value, templateCount: 50_000) { found += [$0.comparison, $0.earlier ?? -1] }
        #expect(found == [2, 0])
    }

    @Test func impliedSubjectsAreTheTransitiveClosureOfGenuineComparisons() throws {
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<200 {
            let (value, count) = Self.random(&generator)
            let ids = (0..<count).map { $0 * 10 + 5 }
            let templates = Templates(
                ids: ids,
                imageTemplates: (0..<UInt32(count)).map { $0 },
                imageMedia: (0..<UInt32(count)).map { $0 }
            )
            guard value.genuineCount > 0 else {
                #expect(TemplateSubjects(connectedBy: value, templates: templates) == nil)
                continue
            }
            var isConnected = (0..<count).map { row in (0..<count).map { $0 == row } }
            for index in 0..<value.count where value.labels[index] == 1 {
                isConnected[Int(value.first[index])][Int(value.second[index])] = true
                isConnected[Int(value.second[index])][Int(value.first[index])] = true
            }
            for middle in 0..<count {
                for row in 0..<count where isConnected[row][middle] {
                    for column in 0..<count where isConnected[middle][column] { isConnected[row][column] = true }
                }
            }
            let subjects = try #require(TemplateSubjects(connectedBy: value, templates: templates))
            for row in 0..<count {
                for column in 0..<count {
                    #expect((subjects.indices[row] == subjects.indices[column]) == isConnected[row][column])
                }
                let first = isConnected[row].firstIndex(of: true) ?? row
                #expect(subjects.names[Int(subjects.indices[row])] == "\(ids[first])")
            }
        }
    }
}
