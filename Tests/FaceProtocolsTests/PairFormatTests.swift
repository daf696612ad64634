import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

@Suite struct PairFormatTests {
    private static let variants: [String] = {
        let data = FileManager.default.contents(atPath: fixture("bins") + "/expected.json") ?? Data()
        let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        return json?["variants"] as? [String] ?? []
    }()

    private func images(_ value: VerificationProtocol, _ folder: String) throws -> [String] {
        let contents = try #require(try value.images.container?.open(dataFolder: folder))
        return try value.images.paths.indices
            .map { try contents.bytes(ofImage: $0).map { String(format: "%02x", $0) }.joined() }
    }

    @Test func thereAreManyPickles() { #expect(Self.variants.count >= 18) }

    @Test(arguments: variants) func eachPickleIsReadAsPythonReadsIt(_ variant: String) throws {
        let format = SampleFormat.bin(variant)
        let data = try format.copy()
        let value = try format.reading(data).validProtocol()
        let expected = try format.expected()
        #expect(try images(value, data.path) == expected["images"] as? [String])
        #expect(value.comparisons.labels.map(Int.init) == expected["labels"] as? [Int])
        #expect(value.comparisons.first == [0, 2, 4] && value.comparisons.second == [1, 3, 5])
        #expect(value.comparisons.folds == [0..<2, 2..<3])
        #expect(value.images.landmarksPerFace == 0 && value.subjects == nil)
    }

    @Test(arguments: [
        ("call", "print", InputError.Code.forbidden), ("system", "os.system", .forbidden),
        ("pixels", "another shape", .unsupported), ("floats", "neither", .unsupported),
        ("labels", "label 2", .malformed), ("text", "image 0", .unsupported), ("huge", "ends too early", .truncated),
        ("huge-array", "image", .unsupported), ("endless", "ends too early", .truncated),
        ("cycle", "image 0", .unsupported), ("nothing", "ends too early", .truncated),
    ]) func hostilePicklesAreRefusedByName(_ hostile: (name: String, part: String, code: InputError.Code)) throws {
        let format = SampleFormat.bin("hostile-\(hostile.name)")
        let data = try format.copy()
        let error = #expect(throws: InputError.self) { try format.reading(data) }
        #expect(error?.code == hostile.code, "\(error?.description ?? "")")
        #expect(error?.description.contains(hostile.part) == true, "\(error?.description ?? "")")
        #expect(error?.file?.hasSuffix("hostile-\(hostile.name).bin") == true)
    }

    @Test(arguments: [("odd", ProtocolFinding.Kind.pairCount), ("empty", .noImages)])
    func picklesThatCannotBePairedAreFound(_ bad: (name: String, kind: ProtocolFinding.Kind)) throws {
        let format = SampleFormat.bin("hostile-\(bad.name)")
        let reading = try format.reading(try format.copy())
        #expect(reading.findings.counts[bad.kind] == 1)
        #expect(throws: InputError.self) { try reading.validProtocol() }
    }

    /// Every single byte changed and every prefix: an answer or an error, never a crash.
    @Test(arguments: ["py2-arrays", "py3-arrays2", "py3-protocol0", "py3-object-array"])
    func damagedPicklesEndInAnswersOrErrors(_ variant: String) throws {
        let format = SampleFormat.bin(variant)
        let data = try format.copy()
        let original = try data.bytes("\(variant).bin")
        let value = try format.reading(data).validProtocol()
        let whole = try images(value, data.path)
        var refused = 0
        for place in 0..<original.count {
            var bytes = original
            bytes[place] ^= UInt8(1 << (place % 8))
            try data.write(bytes, "\(variant).bin")
            if (try? format.reading(data).validProtocol()) == nil { refused += 1 }
            guard place % 3 == 0 else { continue }
            try data.write(Array(original[..<place]), "\(variant).bin")
            #expect((try? format.reading(data).validProtocol()) == nil)
        }
        #expect(refused > 50 && whole.count == 6)
    }

    @Test func aWrittenBinIsReadBack() throws {
        let data = try TemporaryData()
        let pictures: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 7, count: 70_000), [255]]
        var writer = try PairBinWriter(path: "\(data.path)/own.bin")
        for picture in pictures { try writer.append(picture) }
        try writer.finish(labels: [1, 0])
        let value = try read(data.path, "name: b\nformat: insightface-bin\nfiles: {file: own.bin}\n").validProtocol()
        let contents = try #require(try value.images.container?.open(dataFolder: data.path))
        #expect(try (0..<4).map { try contents.bytes(ofImage: $0) } == pictures)
        #expect(value.comparisons.labels == [1, 0] && value.comparisons.folds.isEmpty)
        #expect(throws: InputError.self) {
            let short = try PairBinWriter(path: "\(data.path)/short.bin")
            try short.finish(labels: [1])
        }
        #expect(!FileSystem.exists("\(data.path)/short.bin"))
    }

    @Test func lfwPairsAreReadAsPythonReadsThem() throws {
        let data = try SampleFormat.lfw.copy()
        let reading = try SampleFormat.lfw.reading(data)
        let value = try reading.validProtocol()
        #expect(reading.findings.counts[.missingImage] == nil, "\(reading.findings.lines)")
        let expected = try #require(try SampleFormat.lfw.expected()["pairs"] as? [[Any]])
        for (index, pair) in expected.enumerated() {
            #expect(value.images.paths[Int(value.comparisons.first[index])] == pair[0] as? String)
            #expect(value.images.paths[Int(value.comparisons.second[index])] == pair[1] as? String)
            #expect(Int(value.comparisons.labels[index]) == pair[2] as? Int)
        }
        #expect(value.comparisons.count == 8 && value.comparisons.folds == [0..<4, 4..<8])
    }

    @Test func aFolderIsReadWithItsPairs() throws {
        let data = try SampleFormat.folder.copy()
        let value = try SampleFormat.folder.reading(data).validProtocol()
        #expect(value.images.paths == ["ann/a.jpg", "ann/b.PNG", "bob/1.jpeg", "cy/2.jpg", "cy/x, y.jpg"])
        #expect(value.comparisons.first == [0, 2, 4] && value.comparisons.second == [1, 0, 3])
        #expect(value.comparisons.labels == [1, 0, 1])
        #expect(value.templates.ids == [1, 2, 3, 4, 5])
    }

    /// 600 listed pairs of a folder of 13,000 images are 1,200 images to embed at most.
    @Test func imagesOutsideTheListedPairsAreLeftOut() throws {
        let data = try TemporaryData()
        for person in ["ann", "bob", "cy"] {
            try FileSystem.createFolder("\(data.path)/images/\(person)")
            for image in 1...3 { try data.write("", "images/\(person)/\(image).jpg") }
        }
        try data.write("first,second\nann/3.jpg,ann/1.jpg\ncy/2.jpg,ann/3.jpg\n", "pairs.csv")
        let value = try read(data.path, "name: own\nformat: identity-folder\nfiles: {pairs: pairs.csv}\n")
            .validProtocol()
        #expect(value.images.paths == ["ann/1.jpg", "ann/3.jpg", "cy/2.jpg"])
        // An image that no pair names changes nothing.
        #expect(value.templates.ids == [1, 2, 3])
        #expect(value.comparisons.first == [1, 2] && value.comparisons.second == [0, 1])
        #expect(value.comparisons.labels == [1, 0])
        #expect(value.subjects?.indices == [0, 0, 1])
    }

    @Test func aFoldersLandmarksMayBeADetectorsJSONAndOtherFormatsAreNamed() throws {
        let data = try TemporaryData()
        for (person, file) in [
            ("anna", "ü 1.jpg"), ("anna", "2.jpg"), ("ben", "1.jpg"), ("ben", "2.webp"), ("ben", "a.txt"),
        ] {
            try FileSystem.createFolder("\(data.path)/images/\(person)")
            try data.write("", "images/\(person)/\(file)")
        }
        let face =
            #"{"face_1": {"landmarks": {"right_eye": [80, 90], "left_eye": [120, 91], "nose": [100, 110], "#
            + #""mouth_right": [84, 130], "mouth_left": [117, 131]}}}"#
        try data.write("{\"anna/ü 1.jpg\": \(face), \"/data/images/ben/1.jpg\": \(face)}", "faces.json")
        let reading = try read(data.path, "name: own\nformat: identity-folder\nfiles: {landmarks: faces.json}\n")
        let images = try reading.validProtocol().images
        #expect(images.paths == ["anna/2.jpg", "anna/ü 1.jpg", "ben/1.jpg"])
        #expect(images.landmarksPerFace == 5 && !images.hasDetectorScores)
        for row in [1, 2] { #expect(images.landmarks(of: row) == [80, 90, 120, 91, 100, 110, 84, 130, 117, 131]) }
        // One without landmarks fails, and is found.
        #expect(images.landmarks(of: 0).allSatisfy(\.isNaN) && reading.findings.counts[.nonFiniteLandmark] == 1)
        #expect(reading.findings.counts[.unreadImages] == 1)
        #expect(reading.findings.lines.contains { $0.contains("1 .webp (ben/2.webp), 1 other file (ben/a.txt)") })
    }

    @Test func aFolderAloneGivesAllPairsOrASample() throws {
        let data = try TemporaryData()
        let sizes = [4, 1, 3, 2, 5]
        for (person, size) in sizes.enumerated() {
            try FileSystem.createFolder("\(data.path)/images/p\(person)")
            for image in 0..<size { try data.write("", "images/p\(person)/\(image).jpg") }
        }
        func value(_ settings: String) throws -> VerificationProtocol {
            try read(data.path, "name: own\nformat: identity-folder\nfiles: {\(settings)}\n").validProtocol()
        }
        let all = try value("")
        #expect(all.comparisons.count == 15 * 14 / 2)
        #expect(all.comparisons.genuineCount == 6 + 0 + 3 + 1 + 10)
        func pairs(_ value: VerificationProtocol) -> [[UInt32]] {
            (0..<value.comparisons.count)
                .map {
                    [value.comparisons.first[$0], value.comparisons.second[$0], UInt32(value.comparisons.labels[$0])]
                }
        }
        let every = Set(pairs(all))
        #expect(every.count == all.comparisons.count)
        // A sample as large as the whole is the whole; a smaller one is a part, without repetition, and depends on the seed.
        #expect(Set(pairs(try value("sample: '1000'"))) == every)
        let some = try value("sample: '12'")
        #expect(some.comparisons.genuineCount == 6 && some.comparisons.impostorCount == 6)
        #expect(Set(pairs(some)).count == 12 && Set(pairs(some)).isSubset(of: every))
        // The sample is as large as it says: 20 genuine pairs are all there are.
        let more = try value("sample: '61'")
        #expect(more.comparisons.genuineCount == 20 && more.comparisons.count == 61)
        let odd = try value("sample: '5'")
        #expect(odd.comparisons.genuineCount == 2 && odd.comparisons.count == 5)
        // Folds of made pairs each have their share of both kinds, and together every pair once.
        for settings in ["folds: '4'", "sample: '12', folds: '4'"] {
            let folded = try value(settings)
            #expect(
                folded.comparisons.folds.count == 4
                    && folded.comparisons.folds.last?.upperBound == folded.comparisons.count
            )
            let genuine = folded.comparisons.folds.map { fold in fold.count { folded.comparisons.labels[$0] == 1 } }
            let impostors = zip(folded.comparisons.folds, genuine).map { $0.count - $1 }
            for counts in [genuine, impostors] { #expect((counts.max() ?? 9) - (counts.min() ?? 0) <= 1, "\(counts)") }
            #expect(Set(pairs(folded)).count == folded.comparisons.count && Set(pairs(folded)).isSubset(of: every))
        }
        #expect(throws: InputError.self) { try value("sample: '6', folds: '4'") }
        #expect(try value("sample: '12', seed: '1'") == some)
        #expect(try value("sample: '12', seed: '2'") != some)
    }
}
