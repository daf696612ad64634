import SeededRandom
import Testing
import VerificationMetrics

@Suite struct IdentificationTests {
    @Test func ranksByHand() throws {
        let gallery = Gallery(subjects: [10, 20, 30, 20])
        // Subject 20's best is 0.8; 10 ties with it and comes first.
        let tied = try ProbeOutcome(scores: [0.8, 0.1, 0.5, 0.8], gallery: gallery, subject: 20)
        #expect(tied.isMated && tied.mateRank == 2 && tied.highestScore == 0.8)
        let first = try ProbeOutcome(scores: [0.7, 0.1, 0.5, 0.8], gallery: gallery, subject: 20)
        #expect(first.mateRank == 1)
        let third = try ProbeOutcome(scores: [0.7, 0.1, 0.5, 0.8], gallery: gallery, subject: 30)
        #expect(third.mateRank == 3)
        let stranger = try ProbeOutcome(scores: [0.7, 0.1, 0.5, 0.8], gallery: gallery, subject: 99)
        #expect(!stranger.isMated && stranger.mateRank == nil && stranger.highestScore == 0.8)
        let failed = try ProbeOutcome(
            scores: [Float](repeating: -.infinity, count: 4),
            gallery: gallery,
            subject: 10
        )
        #expect(failed.isMated && failed.mateRank == nil && failed.highestScore == -.infinity)
        #expect(throws: MetricsError.self) { try ProbeOutcome(scores: [1], gallery: gallery, subject: 10) }
        #expect(throws: MetricsError(.scoreNotANumber, "the score is not a number", index: 2)) {
            try ProbeOutcome(scores: [0, 1, .nan, 1], gallery: gallery, subject: 10)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func ratesAgreeWithBruteForce(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let gallerySubjects = (0..<15).map { _ in UInt32(generator.index(below: 12)) }
        let gallery = Gallery(subjects: gallerySubjects)
        var outcomes: [ProbeOutcome] = []
        var rows: [(subject: UInt32, best: [(subject: UInt32, score: Float)])] = []
        for _ in 0..<200 {
            let subject = UInt32(generator.index(below: 24))
            let scores = gallerySubjects.map { other in
                Float(((generator.normal() + (other == subject ? 1.5 : 0)) * 4).rounded() / 4)
            }
            outcomes.append(try ProbeOutcome(scores: scores, gallery: gallery, subject: subject))
            let best = Set(gallerySubjects)
                .map { other in
                    (other, zip(gallerySubjects, scores).filter { $0.0 == other }.map(\.1).max() ?? -.infinity)
                }
            rows.append((subject, best))
        }
        let result = IdentificationResult(probes: outcomes)
        let mated = rows.filter { row in row.best.contains { $0.subject == row.subject } }
        let unmated = rows.filter { row in !row.best.contains { $0.subject == row.subject } }
        #expect(result.matedCount == mated.count && result.unmatedCount == unmated.count)
        func rank(_ row: (subject: UInt32, best: [(subject: UInt32, score: Float)])) -> Int {
            let mate = row.best.first { $0.subject == row.subject }?.score ?? 0
            return row.best.count { $0.score > mate || ($0.score == mate && $0.subject != row.subject) } + 1
        }
        let curve = try result.cumulativeMatches(maximumRank: 12).get()
        for limit in 1...12 {
            #expect(curve[limit - 1] == Double(mated.count { rank($0) <= limit }) / Double(mated.count))
            #expect(try result.rate(atRank: limit).get() == curve[limit - 1])
        }
        for text in ["0.01", "0.1", "0.4"] {
            let target = try FARTarget(text)
            let point = try result.operatingPoint(at: target).get()
            // The lowest threshold at which no more than the allowed share of unmated probes has a candidate.
            let tops = unmated.map { row in row.best.map(\.score).max() ?? 0 }.sorted(by: >)
            let boundary = tops[target.allowedImpostors(of: tops.count)]
            let hits = mated.count { row in rank(row) == 1 && (row.best.map(\.score).max() ?? 0) > boundary }
            #expect(point.tar == Double(hits) / Double(mated.count))
            #expect(point.acceptedImpostors == tops.count { $0 > boundary } && point.far <= target.value)
        }
    }

    @Test func oneKindOfProbeAloneHasNoOpenSetRate() throws {
        let gallery = Gallery(subjects: [1, 2])
        let mated = try ProbeOutcome(scores: [1, 0], gallery: gallery, subject: 1)
        let unmated = try ProbeOutcome(scores: [1, 0], gallery: gallery, subject: 3)
        let target = try FARTarget("0.1")
        #expect(IdentificationResult(probes: [mated]).operatingPoint(at: target).undefinedReason == .noUnmatedProbe)
        #expect(IdentificationResult(probes: [unmated]).operatingPoint(at: target).undefinedReason == .noMatedProbe)
        #expect(IdentificationResult(probes: [unmated]).rate(atRank: 1).undefinedReason == .noMatedProbe)
        #expect(try IdentificationResult(probes: [mated, unmated]).rate(atRank: 5).get() == 1)
    }

    @Test func openSetIntervalsResampleTheProbesSubjects() throws {
        var generator = SeededGenerator(seed: 77)
        let gallery = Gallery(subjects: (0..<20).map { UInt32($0) })
        let probes = try (0..<300)
            .map { _ in
                let subject = UInt32(generator.index(below: 40))
                let scores = (0..<20).map { Float(generator.normal() + ($0 == subject ? 2.5 : 0)) }
                return try ProbeOutcome(scores: scores, gallery: gallery, subject: subject)
            }
        let result = IdentificationResult(probes: probes)
        let search = result.openSet
        let places = probes.indices.map { UInt32($0) }
        let target = try FARTarget("0.1")
        let interval =
            try SubjectBootstrap(replicates: 200, seed: 1)
            .tarIntervals(
                scores: .single(search.scores),
                labels: search.labels,
                subjects: ComparisonSubjects(
                    firstTemplate: places,
                    secondTemplate: places,
                    subjectOfTemplate: search.subjects
                ),
                targets: [target]
            )[0]
            .get()
        let rate = try result.operatingPoint(at: target).get().tar
        #expect(interval.low < rate && rate < interval.high && interval.high - interval.low < 0.6)
    }
}
