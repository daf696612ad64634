import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

/// A change to a valid folder of one of the formats, and what reading it must say.
struct FormatMutation: Sendable, CustomTestStringConvertible {
    let format: SampleFormat
    let mutation: Mutation

    var testDescription: String { "\(format.name): \(mutation.name)" }

    private static func of(_ format: SampleFormat, _ mutations: [Mutation]) -> [FormatMutation] {
        mutations.map { FormatMutation(format: format, mutation: $0) }
    }

    private static func text(_ file: String, header: Bool) -> [Mutation] {
        [
            .bytes("CRLF", file, .sameWithNote(.carriageReturn)) { bytes in
                bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }
            },
            .bytes("a byte-order mark", file, .sameWithNote(.byteOrderMark)) { [0xef, 0xbb, 0xbf] + $0 },
            .bytes("blank lines at the end", file, .sameWithNote(.trailingBlankLines)) { $0 + [10, 10] },
            .bytes("UTF-16", file, .found(.notUTF8)) { [0xff, 0xfe] + $0 },
            .bytes("no line feed at the end", file, .same) { Array($0.dropLast()) },
            .edit("a blank line in \(file)", file, .foundAt(.blankLine, file, 3)) { $0.insert("", at: 2) },
            Mutation("\(file) removed", .refused(.missing)) { $0.remove(file) },
            .link(file, .refused(.forbidden)),
        ] + (header ? [.edit("no header in \(file)", file, .foundAt(.badHeader, file, 1)) { $0.removeFirst() }] : [])
    }

    private static let probes = "ijbc_1N_probe_mixed.csv"
    private static let gallery = "ijbc_1N_gallery_G1.csv"
    private static let matches = "ijbc_11_G1_G2_matches.csv"

    private static func cell(_ old: String, _ new: String, _ outcome: Mutation.Outcome) -> Mutation {
        .replace(probes, old, new, outcome)
    }

    static let nist = of(
        .older,
        text(probes, header: true) + text(matches, header: false) + [
            .edit("two probes swapped", probes, .found(.faceBoxes)) { $0.swapAt(1, 3) },
            .edit("a comparison twice", matches, .foundAt(.duplicateComparison, matches, 7)) { $0.append("11,31") },
            .edit("a comparison the other way round", matches, .foundAt(.duplicateComparison, matches, 7)) {
                $0.append("31,11")
            },
            .edit("a template with itself", matches, .foundAt(.selfComparison, matches, 7)) { $0.append("11,11") },
            .edit("a comparison dropped", matches, .found(.count)) { $0.removeLast() },
            .edit("an unknown template", matches, .foundAt(.unknownTemplate, matches, 2)) { $0[1] = "11,99" },
            .edit("a label", matches, .foundAt(.columnCount, matches, 1)) { $0[0] += ",1" },
            .edit("spaces for commas", matches, .foundAt(.columnCount, matches, 1)) { $0[0] = "11 31" },
            .edit("spaces round an id", matches, .same) { $0[0] = " 11 , 31 " },
            .edit("a quoted id", matches, .same) { $0[0] = "\"11\",31" },
            .edit("a header of matches", matches, .foundAt(.notAnInteger, matches, 1)) { $0.insert("a,b", at: 0) },
            .edit("a negative id", matches, .foundAt(.notAnInteger, matches, 1)) { $0[0] = "-11,31" },
            .edit("an id above 2^63", matches, .foundAt(.integerOverflow, matches, 1)) {
                $0[0] = "99999999999999999999,31"
            },
            .edit("matches in another order", matches, .reordered) { $0.reverse() },
            cell("TEMPLATE_ID", "TEMPLATE", .foundAt(.badHeader, probes, 1)),
            cell("FACE_X,", "", .foundAt(.badHeader, probes, 1)),
            cell("FRAME_NUM", "FACE_X", .foundAt(.badHeader, probes, 1)),
            cell("FILENAME", "filename", .same),
            cell("FILENAME", "FILE", .same),
            cell("31,501,frames", "31,502,frames", .found(.subjectDisagreement)),
            cell("33,599,", "33,,", .foundAt(.missingSubject, probes, 7)),
            cell("33,599,", "x,599,", .foundAt(.notAnInteger, probes, 7)),
            cell("33,599,", "11,501,", .foundAt(.repeatedTemplate, probes, 7)),
            cell("33,599,", "34,599,", .found(.unknownTemplate)),
            cell("33,599,img/8.jpg,85", "33,599,img/8.jpg,y", .foundAt(.notAnInteger, probes, 7)),
            cell("33,599,img/8.jpg,85,3,", "33,599,img/8.jpg,85,x,", .foundAt(.notANumber, probes, 7)),
            cell("33,599,img/8.jpg,85,3,", "33,599,img/8.jpg,85,,", .foundAt(.notANumber, probes, 7)),
            cell("33,599,img/8.jpg,85,3,4,20,30", "33,599,img/8.jpg,85,,,,", .found(.noFaceBox)),
            cell("33,599,img/8.jpg,85,3,4,20,30", "33,599,img/8.jpg,85,3,4,0,30", .foundAt(.noFaceBox, probes, 7)),
            cell("33,599,img/8.jpg,85,3,4,20,30", "33,599,img/8.jpg,85,nan,4,2,30", .foundAt(.noFaceBox, probes, 7)),
            cell("img/8.jpg", "../8.jpg", .foundAt(.unsafePath, probes, 7)),
            cell("img/8.jpg", "/etc/passwd", .foundAt(.unsafePath, probes, 7)),
            cell("img/8.jpg", "\"img/8.jpg\"", .same),
            cell("img/8.jpg", "\"img/8.jpg", .foundAt(.columnCount, probes, 7)),
            cell("img/8.jpg", "img/99.jpg", .foundAt(.missingImage, probes, 7)),
            cell("img/7.jpg", "img/6.jpg", .foundAt(.duplicateImage, probes, 6)),
            cell(",3,4,20,30,,,3\n33", ",3,4,20,30,,3\n33", .foundAt(.columnCount, probes, 6)),
            .edit("a probe in both galleries' file", gallery, .found(.repeatedTemplate)) {
                $0.append("21,503,img/3.jpg,74,100,20,50,50,,,3")
            },
            .link("images/img/8.jpg", .foundAt(.symbolicLink, probes, 7)),
            .link("images/img", .found(.symbolicLink)),
            Mutation("a column of its own", .same) { data in
                try data.edit(probes) { rows in
                    rows = rows.enumerated().map { $1 + ($0 == 0 ? ",GENDER" : ",1") }
                }
            },
        ]
    )

    private static let pairs = "pairs.txt"
    static let lfw = of(
        .lfw,
        text(pairs, header: false).filter { !$0.name.hasPrefix("a blank line") } + [
            .edit("the header removed", pairs, .foundAt(.badHeader, pairs, 1)) { $0.removeFirst() },
            .edit("another number of folds", pairs, .found(.rowCount)) { $0[0] = "3\t2" },
            .edit("another number of pairs", pairs, .found(.rowCount)) { $0[0] = "2\t3" },
            .edit("folds and pairs exchanged to fit", pairs, .found(.badLabel)) { $0[0] = "4\t1" },
            .edit("a header of words", pairs, .foundAt(.badHeader, pairs, 1)) { $0[0] = "two\t2" },
            .edit("a pair dropped", pairs, .found(.rowCount)) { $0.removeLast() },
            .edit("a genuine and an impostor pair exchanged", pairs, .foundAt(.badLabel, pairs, 2)) { $0.swapAt(1, 3) },
            .edit("pairs of one class exchanged", pairs, .reordered) { $0.swapAt(1, 2) },
            .edit("a fold's pair in another fold", pairs, .reordered) { $0.swapAt(1, 5) },
            .edit("an impostor of one person", pairs, .foundAt(.contradictoryLabel, pairs, 4)) {
                $0[3] = "Bo\t1\tBo\t2"
            },
            .edit("a blank line", pairs, .foundAt(.blankLine, pairs, 3)) { $0.insert("", at: 2) },
            .edit("a number that is none", pairs, .foundAt(.notAnInteger, pairs, 2)) { $0[1] = "Ann_Lee\t1\tx" },
            .edit("a negative number", pairs, .foundAt(.notAnInteger, pairs, 2)) { $0[1] = "Ann_Lee\t1\t-2" },
            .edit("number 0", pairs, .foundAt(.notAnInteger, pairs, 2)) { $0[1] = "Ann_Lee\t0\t2" },
            .edit("five columns", pairs, .foundAt(.columnCount, pairs, 2)) { $0[1] += "\t1\t2" },
            .edit("two columns", pairs, .foundAt(.columnCount, pairs, 2)) { $0[1] = "Ann_Lee\t1" },
            .edit("an absent person", pairs, .foundAt(.missingImage, pairs, 2)) { $0[1] = "Dan\t1\t2" },
            .edit("a person above the folder", pairs, .foundAt(.unsafePath, pairs, 2)) { $0[1] = "..\t1\t2" },
            .edit("a person elsewhere", pairs, .foundAt(.unsafePath, pairs, 2)) { $0[1] = "../images/Bo\t1\t2" },
            .edit("an absolute person", pairs, .foundAt(.unsafePath, pairs, 2)) { $0[1] = "/etc\t1\t2" },
            .edit("an image with itself", pairs, .foundAt(.selfComparison, pairs, 2)) { $0[1] = "Bo\t1\t1" },
            .edit("a pair twice", pairs, .foundAt(.duplicateComparison, pairs, 3)) { $0[2] = $0[1] },
            .edit("spaces for tabs", pairs, .same) { $0 = $0.map { $0.replacing("\t", with: "  ") } },
            .edit("leading zeros", pairs, .same) { $0[1] = "Ann_Lee\t01\t002" },
            .link("images/Bo", .found(.symbolicLink)),
            .link("images/Bo/Bo_0001.jpg", .found(.symbolicLink)),
            Mutation("an image removed", .found(.missingImage)) { $0.remove("images/Bo/Bo_0001.jpg") },
        ]
    )

    private static let own = "pairs.csv"
    static let folder = of(
        .folder,
        text(own, header: true) + [
            .edit("the label changed", own, .foundAt(.subjectDisagreement, own, 2)) { $0[1] = "ann/a.jpg,ann/b.PNG,0" },
            .edit("a label of 2", own, .foundAt(.badLabel, own, 2)) { $0[1] = "ann/a.jpg,ann/b.PNG,2" },
            .edit("no label", own, .foundAt(.columnCount, own, 2)) { $0[1] = "ann/a.jpg,ann/b.PNG" },
            .edit("the column of labels left out", own, .same) { rows in
                rows = ["first,second", "ann/a.jpg,ann/b.PNG", "bob/1.jpeg,ann/a.jpg", "\"cy/x, y.jpg\",cy/2.jpg"]
            },
            .edit("an unknown image", own, .foundAt(.unknownImage, own, 2)) { $0[1] = "ann/c.jpg,ann/b.PNG,1" },
            .edit("an image elsewhere", own, .foundAt(.unknownImage, own, 2)) { $0[1] = "../pairs.csv,ann/b.PNG,1" },
            .edit("another spelling of a path", own, .foundAt(.unknownImage, own, 2)) {
                $0[1] = "./ann/a.jpg,ann/b.PNG,1"
            },
            .edit("a pair twice", own, .foundAt(.duplicateComparison, own, 5)) { $0.append($0[1]) },
            .edit("an image with itself", own, .foundAt(.selfComparison, own, 5)) {
                $0.append("ann/a.jpg,ann/a.jpg,1")
            },
            .edit("pairs in another order", own, .reordered) { $0.swapAt(1, 2) },
            .edit("a quotation mark too few", own, .foundAt(.columnCount, own, 4)) {
                $0[3] = "\"cy/x, y.jpg,cy/2.jpg,1"
            },
            .edit("only genuine pairs", own, .found(.singleLabel)) { $0.remove(at: 2) },
            .edit("no pairs", own, .found(.noComparisons)) { $0.removeLast(3) },
            Mutation("an image more, in no pair", .same) { try $0.write("", "images/bob/2.jpg") },
            Mutation("a file that is no image", .same) { try $0.write("", "images/bob/notes.txt") },
            Mutation("a hidden image", .same) { try $0.write("", "images/bob/._1.jpg") },
            Mutation("an empty person", .same) { try FileSystem.createFolder("\($0.path)/images/zed") },
            Mutation("an image removed", .found(.unknownImage)) { $0.remove("images/bob/1.jpeg") },
            Mutation("all images removed", .found(.noImages)) { data in
                for person in ["ann", "bob", "cy"] { data.remove("images/\(person)") }
            },
            Mutation("no folder", .refused(.missing)) { $0.remove("images") },
            .link("images/bob", .found(.symbolicLink)),
            .link("images/bob/1.jpeg", .found(.symbolicLink)),
            .link("images", .refused(.forbidden)),
        ]
    )

    private static let bin = "py3-protocol4.bin"
    static let bins = of(
        .bin("py3-protocol4"),
        [
            Mutation("removed", .refused(.missing)) { $0.remove(bin) },
            .link(bin, .refused(.forbidden)),
            .bytes("nothing", bin, .refused(.truncated)) { _ in [] },
            .bytes("the end cut off", bin, .refused(.truncated)) { $0.dropLast(1) },
            .bytes("the start cut off", bin, .refused(.malformed)) { Array($0.dropFirst(12)) },
            .bytes("bytes after the end", bin, .same) { $0 + [1, 2, 3] },
            .bytes("a label changed", bin, .found(.digest)) { bytes in
                var bytes = bytes
                if let place = bytes.lastIndex(of: 0x89) { bytes[place] = 0x88 }
                return bytes
            },
            .bytes("a label dropped", bin, .found(.pairCount)) { bytes in
                var bytes = bytes
                if let place = bytes.lastIndex(of: 0x89) { bytes.remove(at: place) }
                return bytes
            },
            .bytes("another protocol", bin, .refused(.unsupported)) { [0x80, 9] + $0.dropFirst(2) },
            .bytes("text", bin, .refused(.malformed)) { _ in Array("0.jpg 1.jpg 1\n".utf8) },
            .bytes("UTF-16", bin, .refused(.forbidden)) { [0xff, 0xfe] + $0 },
        ]
    )

    static let all = nist + lfw + folder + bins
}

@Suite struct FormatMutationTests {
    private static let counts: [String: String] = [
        "nist-older": "counts: {images: 11, templates: 7, comparisons: 6, genuine: 2, subjects: 5}",
        "lfw": "counts: {images: 8, comparisons: 8, genuine: 4}",
        "folder": "counts: {images: 5, comparisons: 3, genuine: 2}",
        "bins": "counts: {images: 6, comparisons: 3, genuine: 2}",
    ]

    private func read(_ format: SampleFormat, _ data: TemporaryData) throws -> ProtocolReading {
        let yaml = format.yaml.trimmingCharacters(in: .newlines) + "\n" + (Self.counts[format.name] ?? "") + "\n"
        return try FaceProtocolsTests.read(data.path, yaml, ProtocolReadOptions(workers: 2))
    }

    @Test(arguments: [SampleFormat.older, .lfw, .folder, .bin("py3-protocol4")])
    func theFoldersThemselvesHaveNoErrors(_ format: SampleFormat) throws {
        let reading = try read(format, try format.copy())
        #expect(reading.findings.isValid, "\(reading.findings.lines)")
        #expect(reading.findings.counts[.count] == nil, "\(reading.findings.lines)")
    }

    @Test(arguments: FormatMutation.all) func eachChangeIsReportedOrHarmless(_ item: FormatMutation) throws {
        let original = try read(item.format, try item.format.copy())
        let data = try item.format.copy()
        defer { FileSystem.remove("\(data.path).outside") }
        try item.mutation.apply(data)
        let reading: ProtocolReading
        do {
            reading = try read(item.format, data)
        } catch let error as InputError {
            guard case .refused(let code) = item.mutation.outcome else { throw error }
            #expect(error.code == code, "\(error)")
            return
        }
        let findings = reading.findings
        let value = try? reading.validProtocol()
        let expected = try original.validProtocol()
        #expect((value == nil) == (findings.count(.error) > 0))
        let warnings = original.findings.count(.warning)
        switch item.mutation.outcome {
        case .found(.digest):
            // One valid protocol that has become another: counts of a class or a digest tell, nothing else can.
            #expect(findings.counts[.count] != nil, "\(findings.lines)")
        case .found(let kind):
            #expect(findings.counts[kind] != nil, "\(findings.lines)")
            #expect((value == nil) == (kind.severity == .error), "\(findings.lines)")
        case .foundAt(let kind, let file, let line):
            let isFound = findings.findings.contains { $0.kind == kind && $0.file == file && $0.line == line }
            #expect(isFound, "\(findings.lines)")
            if kind.severity == .error { #expect(value == nil) }
        case .refused:
            Issue.record("not refused: \(findings.lines)")
        case .sameWithNote(let kind):
            #expect(findings.counts[kind] == 1, "\(findings.lines)")
            #expect(value?.comparisons == expected.comparisons && findings.count(.warning) == warnings)
            #expect(try Faces(#require(value)) == Faces(expected))
        case .same:
            #expect(value?.comparisons == expected.comparisons, "\(findings.lines)")
            #expect(value?.searches == expected.searches && value?.subjects == expected.subjects)
            #expect(try Faces(#require(value)) == Faces(expected))
            #expect(findings.count(.warning) == warnings, "\(findings.lines)")
        case .reordered:
            let value = try #require(value, "\(findings.lines)")
            #expect(value.comparisons.genuineCount == expected.comparisons.genuineCount)
            #expect(Set(value.images.paths) == Set(expected.images.paths) && value.comparisons != expected.comparisons)
            #expect(findings.count(.warning) == warnings)
        }
    }

    @Test func thereAreManyMutationsOfEachFormat() {
        for mutations in [FormatMutation.nist, FormatMutation.lfw, FormatMutation.folder] {
            #expect(mutations.count >= 20)
        }
        #expect(FormatMutation.all.count >= 100)
    }

    @Test func linksAreFollowedWhereAllowed() throws {
        let policy = PathPolicy(allowsAbsolutePaths: true, allowsSymbolicLinks: true)
        for (format, file) in [
            (SampleFormat.older, "images/img/8.jpg"), (.lfw, "images/Bo"), (.folder, "images/bob"),
            (.bin("py3-protocol4"), "py3-protocol4.bin"), (.folder, "images"),
        ] {
            let data = try format.copy()
            defer { FileSystem.remove("\(data.path).outside") }
            let expected = try format.reading(data).validProtocol()
            try Mutation.link(file, .same).apply(data)
            let reading = try format.reading(data, ProtocolReadOptions(pathPolicy: policy))
            let value = try reading.validProtocol()
            #expect(Faces(value) == Faces(expected) && value.comparisons == expected.comparisons)
        }
    }
}

/// Faces by bit patterns: NaN is not equal to itself.
private struct Faces: Hashable {
    var paths: [String]
    var templates: [UInt32]
    var media: [UInt32]
    var landmarks: [UInt32]

    init(_ value: VerificationProtocol) {
        paths = value.images.paths
        templates = value.images.templates
        media = value.images.media
        landmarks = value.images.landmarks.map(\.bitPattern)
    }
}
