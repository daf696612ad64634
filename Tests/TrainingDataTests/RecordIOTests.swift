import ArtifactFiles
import FaceImaging
import Foundation
import SeededRandom
import TestSupport
import Testing
import TrainingData

/// What an independent program wrote into a fixture.
struct ExpectedPictures {
    struct Sample: Decodable {
        var key: Int
        var label: Int
    }

    let samples: [Sample]
    let pixels: [UInt8]

    init(_ folder: String) throws {
        samples = try JSONDecoder().decode([Sample].self, from: Fixture.data("TrainingData/\(folder)/expected.json"))
        pixels = try [UInt8](Fixture.data("TrainingData/\(folder)/expected.rgb"))
    }

    func picture(_ place: Int) -> [UInt8] {
        let size = pixels.count / samples.count
        return Array(pixels[place * size..<(place + 1) * size])
    }
}

@Suite struct RecordIOTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func copy(_ fixture: String, change: (inout [String: [UInt8]]) -> Void = { _ in }) throws {
        var files: [String: [UInt8]] = [:]
        for name in ["train.rec", "train.idx", "property"] {
            files[name] = try? [UInt8](Fixture.data("TrainingData/\(fixture)/\(name)"))
        }
        change(&files)
        for (name, bytes) in files { try folder.write(bytes, name) }
    }

    private func open(size: PictureSize? = PictureSize(12)) throws -> RecordIOSource {
        try RecordIOSource(path: folder.path, size: size)
    }

    /// An index with some lines changed.
    private func failure(_ fixture: String, _ change: (inout [Substring]) -> Void) throws -> InputError? {
        try copy(fixture) { files in
            var lines = String(decoding: files["train.idx"] ?? [], as: UTF8.self).split(separator: "\n")
            change(&lines)
            files["train.idx"] = Array((lines.joined(separator: "\n") + "\n").utf8)
        }
        return inputError { _ = try open() }
    }

    @Test(arguments: [("insightface", 3), ("im2rec", 3)])
    func bothConventionsAreRead(_ name: String, _ classCount: Int) throws {
        let expected = try ExpectedPictures(name)
        let size = name == "insightface" ? nil : PictureSize(12)
        let source = try RecordIOSource(path: Fixture.path("TrainingData/\(name)"), size: size)
        #expect(source.classCount == classCount)
        #expect(source.pictureSize == PictureSize(12))
        #expect(source.sampleCount == expected.samples.count)
        let reader = source.makeReader()
        for (place, sample) in expected.samples.enumerated() {
            #expect(source.label(of: place) == sample.label)
            #expect(source.name(of: place) == "train.rec record \(sample.key)")
            #expect(try reader.picture(of: place).pixels == expected.picture(place), "record \(sample.key)")
        }
    }

    @Test func theFixtureHoldsRecordsOfSeveralParts() throws {
        let bytes = try [UInt8](Fixture.data("TrainingData/insightface/train.rec"))
        let kinds = stride(from: 0, to: bytes.count - 7, by: 4)
            .filter { bytes[$0..<$0 + 4] == [0x0a, 0x23, 0xd7, 0xce] }
            .map { bytes[$0 + 7] >> 5 }
        // Two pictures with the magic three times, and one header with the magic.
        #expect(kinds.count { $0 == 1 } == 3 && kinds.count { $0 == 3 } == 3 && kinds.count { $0 == 2 } >= 4)
    }

    @Test func mistakesInTheIndexAreNamed() throws {
        let twice = try failure("im2rec") { $0[3] = "7" + $0[3].drop { $0 != "\t" } }
        #expect(twice?.problem == "a key occurs twice" && twice?.place == "line 4")
        #expect(twice?.file?.hasSuffix("train.idx") == true)
        #expect(try failure("im2rec") { $0[2] = "x\t12" }?.place == "line 3")
        #expect(try failure("im2rec") { $0[2] = "3\t-4" }?.place == "line 3")
        #expect(try failure("im2rec") { $0[2] = "3\t13" }?.place == "line 3")
        #expect(try failure("im2rec") { $0[2] = "3\t400000" }?.found == "400000")
        #expect(try failure("im2rec") { $0[2] = "3\t99999999999999999999" }?.place == "line 3")
        #expect(try failure("im2rec") { $0 = [] } != nil)
        let middle = try failure("im2rec") { $0[2] = "3\t40" }
        #expect(middle?.place == "record 3" && middle?.file?.hasSuffix("train.rec") == true)
        let gone = try failure("insightface") { $0.remove(at: 4) }
        #expect(gone?.code == .missing && gone?.place == "record 4")
        let identity = try failure("insightface") { $0.removeLast() }
        #expect(identity != nil)
    }

    @Test func missingFilesAreNamed() throws {
        try copy("im2rec")
        #expect(inputError { _ = try open(size: nil) }?.description.contains("property") == true)
        FileSystem.remove(folder.path + "/train.idx")
        #expect(inputError { _ = try open() }?.file?.hasSuffix("train.idx") == true)
        FileSystem.remove(folder.path + "/train.rec")
        #expect(inputError { _ = try open() }?.file?.hasSuffix("train.rec") == true)
        #expect(inputError { _ = try RecordIOSource(path: "x.bin") }?.code == .usage)
    }

    @Test func propertiesAreChecked() throws {
        try copy("insightface") { $0["property"] = Array("2,12,12".utf8) }
        let few = inputError { _ = try open() }
        #expect(few?.code == .mismatch && few?.expected == "below 2" && few?.found == "2")
        for text in ["", "3", "3,12", "a,12,12", "3,12,12,1", "-3,12,12", "3,0,12", "3,99999,12"] {
            try folder.write(Array(text.utf8), "property")
            #expect(inputError { _ = try open() }?.code == .malformed, "\(text)")
        }
        try folder.write(Array("9,12,12\n".utf8), "property")
        #expect(try open().classCount == 9)
        #expect(inputError { try open().requireClassCount(3) }?.code == .mismatch)
    }

    @Test func anotherSizeFailsUnlessResized() throws {
        let path = Fixture.path("TrainingData/im2rec/train.rec")
        let exact = try RecordIOSource(path: path, size: PictureSize(10))
        let error = inputError { _ = try exact.makeReader().picture(of: 1) }
        #expect(error?.place == "record 7" && error?.expected == "10x10" && error?.found == "12x12")
        let resized = try RecordIOSource(path: path, size: PictureSize(10), fit: .resized)
        #expect(try resized.makeReader().picture(of: 1).width == 10)
        #expect(exact.digest != resized.digest)
        let aligned = PictureFit.aligned(template: "arcface")
        #expect(inputError { _ = try RecordIOSource(path: path, size: PictureSize(112), fit: aligned) } != nil)
    }

    /// An image under the wrong identity's range: named when it is read.
    @Test func labelsThatContradictEachOtherAreErrors() throws {
        try copy("insightface") { files in
            // The second image's label list follows its header; its record is the third.
            let lines = String(decoding: files["train.idx"] ?? [], as: UTF8.self).split(separator: "\n")
            let offset = Int(lines[2].split(separator: "\t")[1]) ?? 0
            files["train.rec"]?.replaceSubrange(offset + 32..<offset + 36, with: [0, 0, 0, 0])
        }
        let source = try open()
        let error = inputError { _ = try source.makeReader().picture(of: 1) }
        #expect(error?.code == .mismatch && error?.place == "record 2")
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let expected = try ExpectedPictures("insightface")
        let magic: [UInt8] = [0x0a, 0x23, 0xd7, 0xce]
        var writer = try RecordIOWriter(folder: folder.path, classSizes: [4, 0, 5], size: PictureSize(12))
        for place in 0..<9 {
            let image = RGBImage(width: 12, height: 12, pixels: expected.picture(place))
            // What follows a PNG's end is not read: a place for the magic.
            let file = try image.pngData() + repeatElement(magic, count: place).joined()
            try writer.append(file, label: place < 4 ? 0 : 2)
        }
        #expect(!FileSystem.exists(folder.path + "/train.rec"))
        try writer.commit()
        let source = try open(size: nil)
        #expect(source.sampleCount == 9 && source.classCount == 3)
        #expect((0..<9).map(source.label(of:)) == [0, 0, 0, 0, 2, 2, 2, 2, 2])
        let reader = source.makeReader()
        for place in 0..<9 { #expect(try reader.picture(of: place).pixels == expected.picture(place)) }
    }

    @Test func theWriterRefusesWhatWasNotAnnounced() throws {
        let size = PictureSize(12)
        #expect(inputError { _ = try RecordIOWriter(folder: folder.path, classSizes: [0], size: size) } != nil)
        #expect(inputError { _ = try RecordIOWriter(folder: "/nowhere", classSizes: [1], size: size) } != nil)
        var writer = try RecordIOWriter(folder: folder.path, classSizes: [1, 1], size: size)
        #expect(inputError { try writer.append([1], label: 1) }?.expected == "class 0")
        try writer.append([1], label: 0)
        #expect(inputError { try writer.append([1], label: 0) }?.expected == "class 1")
        do throws(InputError) {
            try writer.commit()
            Issue.record("no error")
        } catch {
            #expect(error.problem == "images are missing")
        }
        #expect(try FileSystem.names(inFolder: folder.path).isEmpty)
    }

    /// Records of random bytes rich in the magic come back whole, whatever their length and place.
    @Test func everyContentSurvivesTheFormat() throws {
        var random = SeededGenerator(seed: 12)
        let magic: [UInt8] = [0x0a, 0x23, 0xd7, 0xce]
        var contents: [[UInt8]] = []
        var bytes: [UInt8] = []
        var offsets: [Int] = []
        for _ in 0..<300 {
            var content: [UInt8] = []
            for _ in 0..<random.index(below: 12) {
                content += random.uniform() < 0.5 ? magic : [UInt8(random.index(below: 256))]
            }
            offsets.append(bytes.count)
            contents.append(content)
            bytes += try RecordIOWriter.encode(content)
        }
        let file = try RecordIOFile(path: folder.write(bytes, "x.rec"))
        for (place, content) in contents.enumerated() {
            try file.withRecord(at: offsets[place], key: place) { record throws(InputError) in
                #expect(Array(record) == content)
            }
        }
    }

    /// Bytes changed, removed and inserted in any of the files: an error or pictures, never a crash.
    @Test(arguments: ["insightface", "im2rec"])
    func mutatedFilesAreErrorsOrPictures(_ name: String) throws {
        var random = SeededGenerator(seed: 77)
        var outcomes = (errors: 0, opened: 0)
        for round in 0..<400 {
            try copy(name) { files in
                let target = round % 4 == 0 ? "train.idx" : round % 16 == 1 ? "property" : "train.rec"
                guard var bytes = files[target] else { return }
                for _ in 0...random.index(below: 3) {
                    // Most changes go where the structure is: the beginnings of records.
                    let near = random.index(below: bytes.count)
                    let place = random.uniform() < 0.5 ? near : nextMagic(bytes, near) + random.index(below: 40)
                    guard bytes.indices.contains(place) else { continue }
                    switch random.index(below: 4) {
                    case 0: bytes[place] = UInt8(random.index(below: 256))
                    case 1: bytes[place] ^= UInt8(1 << random.index(below: 8))
                    case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.index(below: 9)))
                    default: bytes = Array(bytes.prefix(max(1, place)))
                    }
                }
                files[target] = bytes
            }
            guard let source = try? open() else {
                outcomes.errors += 1
                continue
            }
            outcomes.opened += 1
            let reader = source.makeReader()
            for sample in 0..<source.sampleCount {
                #expect((0..<source.classCount).contains(source.label(of: sample)))
                guard let picture = try? reader.picture(of: sample) else { continue }
                #expect(picture.width == 12 && picture.pixels.count == 432)
            }
        }
        #expect(outcomes.errors > 50 && outcomes.opened > 50, "\(outcomes)")
    }

    private func nextMagic(_ bytes: [UInt8], _ start: Int) -> Int {
        (start..<bytes.count).first { bytes[$0...].starts(with: [0x0a, 0x23, 0xd7, 0xce]) } ?? start
    }
}
