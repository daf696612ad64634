import ArtifactFiles
import FaceProtocols
import Foundation
import SeededRandom
import TestSupport
import Testing

@Suite struct ReadingTests {
    @Test func publishedSizesAreComparedAndAReducedSetStillReads() throws {
        let data = try TemporaryData(copyOf: "tiny")
        let reading = try ProtocolReader(ProtocolCatalogue().descriptor("ijbc")).read(dataFolder: data.path)
        #expect(reading.findings.counts[.count] == 4)
        #expect(reading.findings.lines.contains { $0.contains("expected 469375, found 11") })
        #expect(try reading.validProtocol().name == "ijbc")
    }

    @Test func aSizeThatTheFilesDoNotStateIsSaidToBeUnchecked() throws {
        let reading = try read(fixture("points68"), plainDescriptor + "\ncounts: {subjects: 4}")
        #expect(reading.findings.findings.contains { $0.kind == .notChecked && $0.message.contains("subjects") })
    }

    @Test func linksAndAbsolutePathsCanBeAllowed() throws {
        let data = try TemporaryData(copyOf: "tiny")
        let outside = try TemporaryData()
        try FileManager.default.removeItem(atPath: "\(data.path)/loose_crop/6.jpg")
        try outside.write("", "6.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: "\(data.path)/loose_crop/6.jpg",
            withDestinationPath: "\(outside.path)/6.jpg"
        )
        for file in [TemporaryData.list, TemporaryData.landmarks] {
            try data.edit(file) { $0[0].replace("1.jpg", with: "\(outside.path)/6.jpg") }
        }
        let strict = try read(data.path, plainDescriptor, ProtocolReadOptions())
        #expect(strict.findings.counts[.unsafePath] == 1)
        var options = ProtocolReadOptions(pathPolicy: PathPolicy(allowsAbsolutePaths: true, allowsSymbolicLinks: false))
        let links = try read(data.path, plainDescriptor, options)
        #expect(links.findings.counts[.symbolicLink] == 1 && links.findings.counts[.missingImage] == nil)
        options.pathPolicy.allowsSymbolicLinks = true
        let value = try read(data.path, plainDescriptor, options).validProtocol()
        #expect(value.path(ofImage: 0, dataFolder: data.path) == "\(outside.path)/6.jpg")
    }

    @Test func hugeAndSparseIdsAreReadInBoundedMemory() throws {
        let data = try TemporaryData(copyOf: "tiny")
        let ids = ["30": Int.max, "2": Int.max - 1, "100": 1 << 60, "50": 0, "7": 1 << 22, "8": (1 << 22) - 1]
        let changed = { (line: String, columns: Range<Int>) in
            line.split(separator: " ").enumerated()
                .map { index, field in
                    columns.contains(index) ? ids[String(field)].map { "\($0)" } ?? String(field) : String(field)
                }
                .joined(separator: " ")
        }
        try data.edit(TemporaryData.list) { $0 = $0.map { changed($0, 1..<2) } }
        try data.edit(TemporaryData.pairs) { $0 = $0.map { changed($0, 0..<2) } }
        data.remove(TemporaryData.subjects)
        let value = try read(data.path).validProtocol()
        #expect(value.templates.ids == ids.values.sorted())
        let original = try read(fixture("points68")).validProtocol()
        let renamed = (0..<value.comparisons.count)
            .map { index in
                [original.comparisons.first[index], original.comparisons.second[index]]
                    .map {
                        ids["\(original.templates.ids[Int($0)])"] ?? -1
                    }
            }
        let found = (0..<value.comparisons.count)
            .map { index in
                [value.comparisons.first[index], value.comparisons.second[index]].map { value.templates.ids[Int($0)] }
            }
        #expect(found == renamed)
    }

    @Test func manyErrorsAreCappedAndCounted() throws {
        let data = try TemporaryData(copyOf: "tiny")
        try data.write((0..<1000).map { "30 2 \($0 + 2)\n" }.joined(), TemporaryData.pairs)
        let reading = try read(data.path)
        #expect(reading.findings.counts[.badLabel] == 1000)
        #expect(reading.findings.findings.count { $0.kind == .badLabel } == 10)
        #expect(reading.findings.lines.contains("error: … and 990 more of the kind badLabel"))
        let error = #expect(throws: InputError.self) { try reading.validProtocol() }
        #expect(error?.place == "line 1")
        #expect(error?.description.contains("999 more errors") == true)
        #expect(reading.draft == nil)
    }

    @Test func aLongLineIsQuotedShort() throws {
        let data = try TemporaryData(copyOf: "tiny")
        try data.write("30 2 " + String(repeating: "9", count: 100_000) + "\n", TemporaryData.pairs)
        let error = #expect(throws: InputError.self) { try read(data.path).validProtocol() }
        #expect((error?.description.utf8.count ?? .max) < 400)
    }

    @Test func defectsArePerImage() throws {
        let data = try TemporaryData(copyOf: "tiny")
        try data.edit(TemporaryData.landmarks) { rows in
            for (row, column, text) in [(2, 3, "nan"), (5, 11, "inf")] {
                var fields = rows[row].split(separator: " ").map(String.init)
                fields[column] = text
                rows[row] = fields.joined(separator: " ")
            }
            rows[7] = "sub/8.png" + String(repeating: " 4", count: 10) + " 1"
        }
        let value = try read(data.path).validProtocol()
        let defects = (0..<value.images.count).map { value.images.defect(of: $0) }
        #expect(
            defects == [
                nil, nil, .nonFiniteLandmark, nil, nil, .nonFiniteDetectorScore, nil, .coincidentLandmarks, nil, nil,
                nil,
            ]
        )
        #expect(ProtocolDescription(value).defects.values.reduce(0, +) == 3)
    }

    /// Files of any bytes at all are read or refused, never worse.
    @Test(arguments: UInt64(0)..<60) func randomBytesAreHarmless(_ seed: UInt64) throws {
        let data = try TemporaryData(copyOf: "tiny")
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("0123456789 \t\r\n.,-+eninfa\0/x".utf8) + [0xff, 0xc3, 0xef, 0xbb, 0xbf]
        for file in [TemporaryData.list, TemporaryData.landmarks, TemporaryData.pairs, TemporaryData.subjects] {
            var bytes = try data.bytes(file)
            for _ in 0..<Int.random(in: 0..<6, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<40, using: &random)))
                default: bytes = Array(bytes.prefix(place))
                }
            }
            try data.write(bytes, file)
        }
        let one = try read(data.path, plainDescriptor, ProtocolReadOptions(workers: 1))
        let two = try read(data.path, plainDescriptor, ProtocolReadOptions(workers: 2))
        #expect(one.findings == two.findings)
        if let value = try? one.validProtocol() { #expect(!ProtocolDescription(value).lines.isEmpty) }
    }
}

@Suite struct RealCaseTests {
    @Test(.enabled(if: Fixture.realFaces != nil, "the real case is absent: set VERIFAR_REALFACES"))
    func theRealCaseReads() throws {
        let folder = try #require(Fixture.realFaces) + "/lfwc"
        let options = ProtocolReadOptions(workers: 2)
        let reading = try ProtocolReader(ProtocolCatalogue().descriptor("ijbc"), options: options)
            .read(dataFolder: folder)
        let value = try reading.validProtocol()
        let description = ProtocolDescription(value)
        #expect(description.images == 3_200 && description.templates == 1_677)
        #expect(description.genuine == 954 && description.genuine + description.impostor == 689_742)
        #expect(description.subjectOrigin == .stated)
        // Only that it is smaller than IJB-C.
        #expect(reading.findings.counts == [.count: 4])
        // In this protocol the genuine comparisons connect exactly the templates of one subject.
        let stated = try #require(value.subjects)
        let implied = try #require(TemplateSubjects(connectedBy: value.comparisons, templates: value.templates))
        #expect(implied.indices == stated.indices)
    }
}
