import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

/// A change to a valid protocol folder, and what reading it must say.
struct Mutation: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// A finding of this kind; errors leave nothing to evaluate, warnings leave a protocol that is shown as odd.
        case found(ProtocolFinding.Kind)
        /// A finding of this kind in this line of this file.
        case foundAt(ProtocolFinding.Kind, String, Int)
        /// Refused before anything is read.
        case refused(InputError.Code)
        /// The very same protocol, with a note.
        case sameWithNote(ProtocolFinding.Kind)
        /// The very same protocol.
        case same
        /// The same images and comparisons in another order, so the same numbers.
        case reordered
    }

    let name: String
    let outcome: Outcome
    let apply: @Sendable (TemporaryData) throws -> Void

    init(_ name: String, _ outcome: Outcome, _ apply: @escaping @Sendable (TemporaryData) throws -> Void) {
        self.name = name
        self.outcome = outcome
        self.apply = apply
    }

    var testDescription: String { name }

    static func edit(
        _ name: String,
        _ file: String,
        _ outcome: Outcome,
        _ change: @escaping @Sendable (inout [String]) -> Void
    ) -> Mutation {
        Mutation(name, outcome) { try $0.edit(file, change) }
    }

    static func replace(_ file: String, _ old: String, _ new: String, _ outcome: Outcome) -> Mutation {
        Mutation("\(file): '\(old)' → '\(new)'", outcome) { data in
            let text = try data.text(file)
            let changed = text.replacing(old, with: new, maxReplacements: 1)
            try #require(changed != text)
            try data.write(changed, file)
        }
    }

    static func bytes(
        _ name: String,
        _ file: String,
        _ outcome: Outcome,
        _ change: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) -> Mutation {
        Mutation("\(name) in \(file)", outcome) { try $0.write(change(try $0.bytes(file)), file) }
    }
}

private let list = TemporaryData.list
private let landmarks = TemporaryData.landmarks
private let pairs = TemporaryData.pairs
private let subjects = TemporaryData.subjects
private let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

extension Mutation {
    /// Rows moved, dropped and repeated.
    static let rows: [Mutation] = [
        edit("two rows of the list swapped", list, .foundAt(.imageOrder, landmarks, 2)) { $0.swapAt(1, 4) },
        edit("two rows of the landmarks swapped", landmarks, .foundAt(.imageOrder, landmarks, 3)) { $0.swapAt(2, 3) },
        Mutation("two rows of both image files swapped", .reordered) { data in
            for file in [list, landmarks] { try data.edit(file) { $0.swapAt(1, 7) } }
        },
        Mutation("rows of both image files reversed", .reordered) { data in
            for file in [list, landmarks] { try data.edit(file) { $0.reverse() } }
        },
        edit("two comparisons swapped", pairs, .reordered) { $0.swapAt(0, 6) },
        edit("templates of a comparison swapped", pairs, .reordered) { $0[2] = "50 30 0" },
        edit("a row of the list dropped", list, .found(.rowCount)) { $0.remove(at: 3) },
        edit("a row of the landmarks dropped", landmarks, .found(.rowCount)) { $0.remove(at: 3) },
        edit("the last row of the landmarks dropped", landmarks, .found(.rowCount)) { $0.removeLast() },
        Mutation("a row of both image files dropped", .found(.count)) { data in
            for file in [list, landmarks] { try data.edit(file) { $0.remove(at: 1) } }
        },
        Mutation("a template's only row dropped", .foundAt(.unknownTemplate, pairs, 3)) { data in
            for file in [list, landmarks] { try data.edit(file) { $0.remove(at: 7) } }
        },
        edit("a comparison dropped", pairs, .found(.count)) { $0.removeLast() },
        Mutation("a row of both image files repeated", .foundAt(.duplicateImage, list, 12)) { data in
            for file in [list, landmarks] { try data.edit(file) { $0.append($0[4]) } }
        },
        edit("a comparison repeated", pairs, .foundAt(.duplicateComparison, pairs, 12)) { $0.append($0[1]) },
        edit("a comparison repeated, swapped", pairs, .foundAt(.duplicateComparison, pairs, 12)) {
            $0.append("2 30 1")
        },
        edit("a comparison with both labels", pairs, .foundAt(.contradictoryLabel, pairs, 12)) { $0.append("30 2 0") },
        edit("both labels, swapped", pairs, .foundAt(.contradictoryLabel, pairs, 12)) { $0.append("2 30 0") },
        edit("a template with itself", pairs, .foundAt(.selfComparison, pairs, 12)) { $0.append("30 30 1") },
        edit("a template as its own impostor", pairs, .foundAt(.contradictoryLabel, pairs, 12)) { $0.append("7 7 0") },
    ]

    /// Labels and ids.
    static let fields: [Mutation] = [
        replace(pairs, "30 100 0", "30 100 1", .foundAt(.subjectDisagreement, pairs, 2)),
        replace(pairs, "100 8 1", "100 8 0", .foundAt(.subjectDisagreement, pairs, 8)),
        Mutation("an impostor labelled genuine, no subjects", .foundAt(.impliedContradiction, pairs, 5)) { data in
            data.remove(subjects)
            try data.edit(pairs) { $0[1] = "30 100 1" }
        },
        Mutation("a genuine comparison labelled impostor, no subjects", .found(.count)) { data in
            data.remove(subjects)
            try data.edit(pairs) { $0[0] = "30 2 0" }
        },
        Mutation("all labels 0", .found(.singleLabel)) { data in
            data.remove(subjects)
            try data.edit(pairs) { $0 = $0.map { $0.dropLast() + "0" } }
        },
        replace(pairs, "30 2 1", "30 2 2", .foundAt(.badLabel, pairs, 1)),
        replace(pairs, "30 2 1", "30 2 -1", .foundAt(.badLabel, pairs, 1)),
        replace(pairs, "30 2 1", "30 2 1.0", .foundAt(.badLabel, pairs, 1)),
        replace(pairs, "30 2 1", "30 2 true", .foundAt(.badLabel, pairs, 1)),
        replace(pairs, "2 50 0", "2 51 0", .foundAt(.unknownTemplate, pairs, 6)),
        replace(pairs, "2 50 0", "2 5000000000 0", .foundAt(.unknownTemplate, pairs, 6)),
        replace(pairs, "2 50 0", "2 5x 0", .foundAt(.notAnInteger, pairs, 6)),
        replace(pairs, "2 50 0", "2 50.0 0", .foundAt(.notAnInteger, pairs, 6)),
        replace(pairs, "2 50 0", "2 -50 0", .foundAt(.notAnInteger, pairs, 6)),
        replace(pairs, "2 50 0", "2 99999999999999999999 0", .foundAt(.integerOverflow, pairs, 6)),
        replace(pairs, "2 50 0", "2 18446744073709551666 0", .foundAt(.integerOverflow, pairs, 6)),
        replace(pairs, "2 50 0", "2 050 0", .same),
        replace(list, "5.jpg 2 9", "5.jpg 2.0 9", .foundAt(.notAnInteger, list, 5)),
        replace(list, "5.jpg 2 9", "5.jpg -2 9", .foundAt(.notAnInteger, list, 5)),
        replace(list, "5.jpg 2 9", "5.jpg 2 1e3", .foundAt(.notAnInteger, list, 5)),
        replace(list, "5.jpg 2 9", "5.jpg 2 9223372036854775808", .foundAt(.integerOverflow, list, 5)),
        replace(list, "5.jpg 2 9", "5.jpg 3 9", .foundAt(.unknownTemplate, pairs, 1)),
        edit("templates and media exchanged", list, .found(.unknownTemplate)) { rows in
            rows = rows.map { row in
                let fields = row.split(separator: " ")
                return "\(fields[0]) \(fields[2]) \(fields[1])"
            }
        },
        edit("one medium for all", list, .found(.singleMedium)) { rows in
            rows = rows.map { $0.split(separator: " ").dropLast().joined(separator: " ") + " 1" }
        },
    ]

    /// Landmarks and scores.
    static let faces: [Mutation] = [
        number("nan", column: 3, .foundAt(.nonFiniteLandmark, landmarks, 4)),
        number("-inf", column: 1, .foundAt(.nonFiniteLandmark, landmarks, 4)),
        number("1e39", column: 10, .foundAt(.nonFiniteLandmark, landmarks, 4)),
        number("1e999", column: 10, .foundAt(.nonFiniteLandmark, landmarks, 4)),
        number("NaN", column: 11, .foundAt(.nonFiniteDetectorScore, landmarks, 4)),
        number("1.5", column: 11, .foundAt(.detectorScoreRange, landmarks, 4)),
        number("-0.25", column: 11, .foundAt(.detectorScoreRange, landmarks, 4)),
        number("abc", column: 2, .foundAt(.notANumber, landmarks, 4)),
        number("0x10", column: 2, .foundAt(.notANumber, landmarks, 4)),
        number("1,5", column: 2, .foundAt(.notANumber, landmarks, 4)),
        edit("all points in one place", landmarks, .foundAt(.coincidentLandmarks, landmarks, 2)) {
            $0[1] = "2.jpg" + String(repeating: " 50.5", count: 10) + " 0.9"
        },
        edit("left and right eye exchanged", landmarks, .found(.landmarkOrder)) { rows in
            rows = rows.map { row in
                var fields = row.split(separator: " ")
                fields.swapAt(1, 3)
                fields.swapAt(2, 4)
                return fields.joined(separator: " ")
            }
        },
        edit("x and y exchanged", landmarks, .found(.landmarkOrder)) { rows in
            rows = rows.map { row in
                var fields = row.split(separator: " ")
                for index in stride(from: 1, to: 11, by: 2) { fields.swapAt(index, index + 1) }
                return fields.joined(separator: " ")
            }
        },
    ]

    static func number(_ text: String, column: Int, _ outcome: Outcome) -> Mutation {
        edit("\(text) in column \(column + 1) of the landmarks", landmarks, outcome) { rows in
            var fields = rows[3].split(separator: " ").map(String.init)
            fields[column] = text
            rows[3] = fields.joined(separator: " ")
        }
    }

    /// Ends of lines, columns and encodings, in each file.
    static let texts: [Mutation] = [list, landmarks, pairs, subjects]
        .flatMap { file in
            let separator = file == subjects ? "," : " "
            return [
                bytes("CR LF", file, .sameWithNote(.carriageReturn)) { bytes in
                    bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }
                },
                bytes("one CR LF", file, .sameWithNote(.carriageReturn)) { bytes in
                    let first = bytes.firstIndex(of: 10) ?? 0
                    return bytes[..<first] + [13] + bytes[first...]
                },
                bytes("CR alone", file, .found(file == subjects ? .badHeader : .columnCount)) { bytes in
                    bytes.map { $0 == 10 ? 13 : $0 }
                },
                bytes("a byte-order mark", file, .sameWithNote(.byteOrderMark)) { byteOrderMark + $0 },
                bytes("a UTF-16 byte-order mark", file, .found(.notUTF8)) { [0xff, 0xfe] + $0 },
                bytes("no final line feed", file, .same) { $0.dropLast() },
                bytes("blank lines at the end", file, .sameWithNote(.trailingBlankLines)) {
                    $0 + Array("\n \t\n\r\n\n".utf8)
                },
                edit("a blank line in \(file)", file, .foundAt(.blankLine, file, 3)) { $0.insert("", at: 2) },
                edit("a line of spaces in \(file)", file, .foundAt(.blankLine, file, 3)) { $0.insert("  ", at: 2) },
                edit("an extra column in \(file)", file, .foundAt(.columnCount, file, 4)) { $0[3] += separator + "1" },
                edit("a missing column in \(file)", file, .foundAt(.columnCount, file, 4)) { rows in
                    rows[3] = rows[3].split(separator: separator).dropLast().joined(separator: separator)
                },
                Mutation(
                    "nothing in \(file)",
                    .found([list: .noImages, landmarks: .rowCount, pairs: .noComparisons][file] ?? .badHeader)
                ) {
                    try $0.write("", file)
                },
            ]
        }

    /// Separators, truncation and other layouts.
    static let layouts: [Mutation] = [
        edit("tabs and several spaces", pairs, .same) { rows in
            rows = rows.map { " " + $0.split(separator: " ").joined(separator: "\t ") + "  " }
        },
        edit("tabs in the landmarks", landmarks, .same) { $0 = $0.map { $0.replacing(" ", with: "\t") } },
        edit("tabs in the list", list, .same) { $0 = $0.map { $0.replacing(" ", with: "\t") } },
        edit("commas", pairs, .foundAt(.columnCount, pairs, 1)) { $0 = $0.map { $0.replacing(" ", with: ",") } },
        bytes("the end cut off", pairs, .foundAt(.columnCount, pairs, 11)) { $0.dropLast(3) },
        bytes("the end cut off", landmarks, .foundAt(.columnCount, landmarks, 11)) { $0.dropLast(20) },
        bytes("the end cut off at a line end", pairs, .found(.count)) { $0.dropLast(6) },
        edit("a header", pairs, .foundAt(.notAnInteger, pairs, 1)) { $0.insert("template_a template_b label", at: 0) },
        edit("68 points in one line", landmarks, .foundAt(.columnCount, landmarks, 2)) {
            $0[1] = "2.jpg" + String(repeating: " 1 2", count: 68) + " 0.5"
        },
        Mutation("68 points in all lines", .found(.rowCount)) { data in
            let source = fixture("points68") + "/" + landmarks
            try data.write(try String(contentsOfFile: source, encoding: .utf8), landmarks)
            try data.edit(landmarks) { $0.removeLast() }
        },
    ]

    /// Names and files of images.
    static let paths: [Mutation] = [
        image("../1.jpg", .foundAt(.unsafePath, list, 1)),
        image("../../../../etc/passwd", .foundAt(.unsafePath, list, 1)),
        image("a/../../1.jpg", .foundAt(.unsafePath, list, 1)),
        image("/etc/passwd", .foundAt(.unsafePath, list, 1)),
        image("./1.jpg", .foundAt(.unsafePath, list, 1)),
        image("a//1.jpg", .foundAt(.unsafePath, list, 1)),
        image("a/", .foundAt(.unsafePath, list, 1)),
        image("1\0.jpg", .foundAt(.unsafePath, list, 1)),
        image("1\u{1b}[2J.jpg", .foundAt(.unsafePath, list, 1)),
        image("0.jpg", .foundAt(.missingImage, list, 1)),
        image("1.JPG", .foundAt(.missingImage, list, 1)),
        image("absent/1.jpg", .foundAt(.missingImage, list, 1)),
        image("sub", .foundAt(.missingImage, list, 1)),
        Mutation("an image name that is not UTF-8", .foundAt(.notUTF8, list, 1)) { data in
            for file in [list, landmarks] { try data.write([0xff, 0xc0] + data.bytes(file), file) }
        },
        Mutation("an image removed", .foundAt(.missingImage, list, 6)) { $0.remove("loose_crop/6.jpg") },
        Mutation("the folder of images removed", .found(.missingImageFolder)) { $0.remove("loose_crop") },
        Mutation("a file in the place of the folder", .found(.missingImageFolder)) { data in
            data.remove("loose_crop")
            try data.write("", "loose_crop")
        },
        link("loose_crop/6.jpg", .foundAt(.symbolicLink, list, 6)),
        link("loose_crop/sub", .found(.symbolicLink)),
        link("loose_crop", .found(.symbolicLink)),
        link("meta", .refused(.forbidden)),
        link(list, .refused(.forbidden)),
        link(pairs, .refused(.forbidden)),
        link(subjects, .refused(.forbidden)),
    ]

    static func image(_ name: String, _ outcome: Outcome) -> Mutation {
        Mutation("the first image is '\(name)'", outcome) { data in
            for file in [list, landmarks] { try data.edit(file) { $0[0].replace("1.jpg", with: name) } }
        }
    }

    /// Moves a file or folder out of the data folder and links to it.
    static func link(_ file: String, _ outcome: Outcome) -> Mutation {
        Mutation("\(file) is a link out of the data folder", outcome) { data in
            let outside = "\(data.path).outside"
            try FileManager.default.moveItem(atPath: "\(data.path)/\(file)", toPath: outside)
            try FileManager.default.createSymbolicLink(atPath: "\(data.path)/\(file)", withDestinationPath: outside)
        }
    }

    /// The file of subjects.
    static let subjectFiles: [Mutation] = [
        edit("a compared template without a subject", subjects, .found(.missingSubject)) { $0.remove(at: 3) },
        edit("two subjects for a template", subjects, .foundAt(.subjectDisagreement, subjects, 8)) {
            $0.append("2,bob")
        },
        edit("a line twice", subjects, .foundAt(.duplicateSubject, subjects, 8)) { $0.append("2,ann") },
        edit("a subject for an unknown template", subjects, .foundAt(.subjectOfUnknownTemplate, subjects, 8)) {
            $0.append("3,x")
        },
        edit("the wrong subject", subjects, .foundAt(.subjectDisagreement, pairs, 1)) { $0[1] = "2,bob" },
        edit("no header", subjects, .foundAt(.badHeader, subjects, 1)) { $0.removeFirst() },
        edit("an empty subject", subjects, .foundAt(.columnCount, subjects, 2)) { $0[1] = "2," },
        edit("a quoted subject", subjects, .foundAt(.columnCount, subjects, 2)) { $0[1] = "2,\"ann\"" },
        edit("a template that is no number", subjects, .foundAt(.notAnInteger, subjects, 2)) { $0[1] = "b,ann" },
        edit("subjects in another order", subjects, .same) { $0 = $0.prefix(1) + $0.dropFirst().reversed() },
        Mutation("subjects removed", .found(.notChecked)) { $0.remove(subjects) },
    ]

    static let all = rows + fields + faces + texts + layouts + paths + subjectFiles

    /// Changes that no check but a digest can tell from another valid protocol.
    static let values: [Mutation] = [
        replace(list, "3.jpg 30 7", "3.jpg 30 8", .found(.digest)),
        replace(list, "3.jpg 30 7", "3.jpg 100 7", .found(.digest)),
        replace(subjects, "7,cid", "7,eve", .found(.digest)),
        number("57.25", column: 5, .found(.digest)),
        number("0.75", column: 11, .found(.digest)),
    ]
}
