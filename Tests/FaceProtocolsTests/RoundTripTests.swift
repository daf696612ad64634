import ArtifactFiles
import FaceProtocols
import SeededRandom
import Testing

@Suite struct RoundTripTests {
    private static func randomProtocol(_ seed: UInt64) throws -> VerificationProtocol {
        var random = SeededGenerator(seed: seed)
        let points = random.uniform() < 0.7 ? 5 : 68
        let largest = [40, 1 << 23, Int.max][random.index(below: 3)]
        let ids = (0..<1 + random.index(below: 12)).map { _ in random.index(below: largest) }
        var builder = ProtocolBuilder(name: "random", landmarksPerFace: points)
        for row in 0..<ids.count + random.index(below: 40) {
            let template = row < ids.count ? ids[row] : ids[random.index(below: ids.count)]
            builder.addImage(
                ["\(row).jpg", "föl/\(row).png", "a/b/c/\(row)-(1)_é.jpeg"][random.index(below: 3)],
                template: template,
                medium: random.index(below: largest),
                landmarks: (0..<points * 2).map { _ in number(&random) },
                detectorScore: number(&random)
            )
        }
        for _ in 0..<random.index(below: 80) {
            let (first, second) = (ids[random.index(below: ids.count)], ids[random.index(below: ids.count)])
            builder.addComparison(first, second, isGenuine: random.uniform() < 0.3)
        }
        if random.uniform() < 0.5 {
            for id in ids { builder.setSubject("subject \(random.index(below: 5)) ü", ofTemplate: id) }
        }
        return try builder.build()
    }

    private static func number(_ random: inout SeededGenerator) -> Float {
        switch random.index(below: 12) {
        case 0:
            [0, -0.0, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, .leastNonzeroMagnitude][
                random.index(below: 7)
            ]
        case 1: Float(bitPattern: UInt32(random.index(below: 1 << 31)))
        default: Float(random.uniform(-20, 200))
        }
    }

    /// Bits, with one NaN for all.
    private static func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern } }

    @Test(arguments: 0..<60) func whatIsWrittenIsRead(_ seed: UInt64) throws {
        let value = try Self.randomProtocol(seed)
        let data = try TemporaryData()
        let written = try IJBLayoutWriter().write(value, to: data.path)
        let descriptor = try descriptor(written.yaml)
        #expect(descriptor.counts == ProtocolCounts(of: value))
        #expect(descriptor.digests == written.digests)
        let options = ProtocolReadOptions(workers: 2, checksImageFiles: false)
        let reading = try ProtocolReader(descriptor, options: options).read(dataFolder: data.path)
        #expect(reading.findings.counts[.digest] == nil && reading.findings.counts[.count] == nil)
        let draft = try #require(reading.draft, "\(reading.findings.lines)")
        #expect(draft.name == value.name && draft.imageFolder == value.imageFolder)
        #expect(draft.images.paths == value.images.paths)
        #expect(draft.images.templates == value.images.templates)
        #expect(draft.images.media == value.images.media)
        #expect(Self.bits(draft.images.landmarks) == Self.bits(value.images.landmarks))
        #expect(Self.bits(draft.images.detectorScores) == Self.bits(value.images.detectorScores))
        #expect(draft.templates == value.templates)
        #expect(draft.mediumIDs == value.mediumIDs)
        #expect(draft.comparisons == value.comparisons)
        #expect(draft.subjects == value.subjects)
        let again = try IJBLayoutWriter().write(draft, to: data.path)
        #expect(again.digests == written.digests)
    }

    @Test func writingAgainWithoutSubjectsRemovesTheOldOnes() throws {
        let data = try TemporaryData(copyOf: "tiny")
        let value = try read(fixture("points68")).validProtocol()
        try IJBLayoutWriter().write(value, to: data.path)
        #expect(try read(data.path).validProtocol() == value)
        #expect(!FileSystem.exists("\(data.path)/\(TemporaryData.subjects)"))
    }

    @Test(arguments: ["a b.jpg", "", "../x.jpg", "/x.jpg", "a\tb.jpg", "a\nb.jpg", "\u{feff}1.jpg", "a//b.jpg"])
    func namesThatTheLayoutCannotHoldAreRefused(_ name: String) throws {
        var builder = ProtocolBuilder(name: "bad")
        builder.addImage(name, template: 1, medium: 1, landmarks: [Float](repeating: 1, count: 10), detectorScore: 1)
        let value = try builder.build()
        let data = try TemporaryData()
        let error = #expect(throws: InputError.self) { try IJBLayoutWriter().write(value, to: data.path) }
        #expect(error?.code == .unsupported)
        #expect(!FileSystem.exists("\(data.path)/meta"))
    }

    @Test(arguments: ["", "a,b", "a\"b", "a\nb"]) func subjectsThatTheLayoutCannotHoldAreRefused(_ name: String) throws
    {
        var builder = ProtocolBuilder(name: "bad")
        builder.addImage("1.jpg", template: 1, medium: 1, landmarks: [Float](repeating: 1, count: 10), detectorScore: 1)
        builder.setSubject(name, ofTemplate: 1)
        let value = try builder.build()
        let data = try TemporaryData()
        #expect(throws: InputError.self) { try IJBLayoutWriter().write(value, to: data.path) }
    }

    @Test func comparisonsOfUnknownTemplatesAndMissingLandmarksAreRefused() throws {
        var builder = ProtocolBuilder(name: "bad", landmarksPerFace: 0)
        builder.addImage("1.jpg", template: 1, medium: 1, landmarks: [], detectorScore: 1)
        let data = try TemporaryData()
        let value = try builder.build()
        #expect(throws: InputError.self) { try IJBLayoutWriter().write(value, to: data.path) }
        builder.addComparison(1, 2, isGenuine: false)
        #expect(throws: InputError.self) { try builder.build() }
    }

    @Test func aFolderThatCannotBeWrittenIsNamed() throws {
        let value = try read(fixture("tiny")).validProtocol()
        let data = try TemporaryData()
        try data.write("", "meta")
        let error = #expect(throws: InputError.self) { try IJBLayoutWriter().write(value, to: data.path) }
        #expect(error?.code == .unwritable)
    }
}
