import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

/// What pandas, numpy and scipy read in a fixture (`Scripts/oracles/face_protocols.py`).
private struct Expected: Decodable {
    let paths: [String]
    let templateIDs: [Int]
    let imageTemplates: [UInt32]
    let mediumIDs: [Int]
    let imageMedia: [UInt32]
    let landmarksPerFace: Int
    let landmarkBits: [UInt32]
    let scoreBits: [UInt32]
    let first: [UInt32]
    let second: [UInt32]
    let labels: [UInt8]
    let components: [UInt32]
    let componentCount: Int
    let imagesPerTemplate: [Int]
    let videos: Int
    let videoFrames: Int

    init(_ name: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture(name) + "/expected.json"))
        self = try JSONDecoder().decode(Expected.self, from: data)
    }
}

@Suite struct IJBFormatTests {
    @Test(arguments: ["tiny", "points68", "large-ids"], [1, 2]) func readsWhatOtherReadersRead(
        _ name: String,
        _ workers: Int
    ) throws {
        let options = ProtocolReadOptions(workers: workers, checksImageFiles: false)
        let value = try read(fixture(name), plainDescriptor, options).validProtocol()
        let expected = try Expected(name)
        #expect(value.images.paths == expected.paths)
        #expect(value.images.templates == expected.imageTemplates)
        #expect(value.images.media == expected.imageMedia)
        #expect(value.images.landmarksPerFace == expected.landmarksPerFace)
        #expect(value.images.landmarks.map(\.bitPattern) == expected.landmarkBits)
        #expect(value.images.detectorScores.map(\.bitPattern) == expected.scoreBits)
        #expect(value.templates.ids == expected.templateIDs)
        #expect(value.mediumIDs == expected.mediumIDs)
        #expect(value.comparisons.first == expected.first)
        #expect(value.comparisons.second == expected.second)
        #expect(value.comparisons.labels == expected.labels)
        #expect(value.comparisons.genuineCount == expected.labels.count { $0 == 1 })
    }

    @Test(arguments: ["tiny", "points68", "large-ids"]) func groupsAndDescribesWhatOtherReadersDo(_ name: String) throws
    {
        let value = try read(fixture(name)).validProtocol()
        let expected = try Expected(name)
        let implied = try #require(TemplateSubjects(connectedBy: value.comparisons, templates: value.templates))
        #expect(implied.count == expected.componentCount)
        // The same partition: scipy too numbers components in the order of their first members.
        #expect(implied.indices == expected.components)
        #expect(implied.origin == .impliedByGenuineComparisons)
        let description = ProtocolDescription(value)
        #expect((0..<value.templates.count).map { value.templates.images(of: $0).count } == expected.imagesPerTemplate)
        #expect(description.imagesPerTemplate?.maximum == expected.imagesPerTemplate.max())
        #expect(description.imagesPerTemplate?.minimum == expected.imagesPerTemplate.min())
        let mean = Double(expected.paths.count) / Double(expected.templateIDs.count)
        #expect(abs((description.imagesPerTemplate?.mean ?? 0) - mean) < 1e-12)
        #expect(description.videos == expected.videos)
        #expect(description.videoFrames == expected.videoFrames)
        #expect(description.stills == expected.paths.count - expected.videoFrames)
        #expect(description.genuine + description.impostor == expected.labels.count)
        #expect(description.lines.contains { $0.contains("\(expected.labels.count)") })
    }

    @Test func templatesListTheirImagesByMediumThenRow() throws {
        let value = try read(fixture("tiny")).validProtocol()
        // ids 2, 7, 8, 30, 50, 100
        #expect(
            (0..<6).map { value.templates.images(of: $0).map { Int($0) + 1 } } == [
                [5], [9, 10], [11], [1, 2, 3, 4], [8], [6, 7],
            ]
        )
        #expect(value.templates.index(of: 30) == 3)
        #expect(value.templates.index(of: 31) == nil)
        #expect(value.templates.index(of: 101) == nil)
        #expect(value.path(ofImage: 7, dataFolder: "/data") == "/data/loose_crop/sub/8.png")
    }

    @Test func statedSubjectsComeBeforeImpliedOnes() throws {
        let stated = try read(fixture("tiny")).validProtocol()
        #expect(stated.subjects?.names == ["ann", "cid", "bob", "dee"])
        #expect(stated.subjects?.indices == [0, 1, 2, 0, 3, 2])
        #expect(stated.subjectsOrImplied()?.origin == .stated)
        let implied = try read(fixture("points68")).validProtocol()
        #expect(implied.subjects == nil)
        #expect(implied.subjectsOrImplied()?.names == ["2", "7", "8", "50"])
    }

    @Test func theSameBytesGiveTheSameFindings() throws {
        let readings = try [1, 2, 3]
            .map { workers in
                try read(
                    fixture("tiny"),
                    plainDescriptor,
                    ProtocolReadOptions(workers: workers, checksImageFiles: false)
                )
            }
        #expect(Set(readings.map(\.findings)).count == 1)
        #expect(Set(readings.map(\.draft)).count == 1)
        #expect(readings[0].findings.isValid)
    }

    @Test(arguments: [TemporaryData.list, TemporaryData.landmarks, TemporaryData.pairs])
    func aMissingFileIsNamed(_ file: String) throws {
        let data = try TemporaryData(copyOf: "tiny")
        data.remove(file)
        let error = #expect(throws: InputError.self) { try read(data.path) }
        #expect(error?.code == .missing)
        #expect(error?.description.contains(file) == true)
        #expect(throws: InputError.self) { try read(data.path + "/absent") }
    }
}

@Suite struct DecimalNumberTests {
    private struct Number: Decodable {
        let text: String
        let double: String
        let float: UInt32
        let isNaN: Bool
    }

    private func parse(_ text: String) -> Double? {
        Array(text.utf8).withUnsafeBufferPointer { DecimalNumber.parse($0) }
    }

    @Test func roundsAsPythonAndNumPyDo() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("numbers.json")))
        let numbers = try JSONDecoder().decode([Number].self, from: data)
        #expect(numbers.count > 150)
        for number in numbers {
            let value = try #require(parse(number.text), "\(number.text)")
            if number.isNaN {
                #expect(value.isNaN)
            } else {
                #expect("\(value.bitPattern)" == number.double, "\(number.text)")
                #expect(Float(value).bitPattern == number.float, "\(number.text)")
            }
        }
    }

    @Test(arguments: [
        "", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "1_000", "1,5", "--1", "1 ", "nano", "infinit",
        "infinityx",
        "١", "1e5x", "nan(1)",
    ]) func refusesOtherTexts(_ text: String) {
        #expect(parse(text) == nil)
    }
}
