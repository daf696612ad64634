package import ArtifactFiles

/// The landmarks of many images, found by their paths.
///
/// What is read, told by its content and not by its name:
/// - Lines of `path x1 y1 … x5 y5 [score]`, or of 68 points, separated by blanks; as IJB's `…_5pts_score.txt`. A path
///   with blanks ends in `.jpg`, `.jpeg` or `.png`, or stands in quotation marks. CelebA's list with its count and header.
/// - CSV separated by commas, semicolons or tabs: with a header that names the path and the points (`left_eye_x`, `x1`,
///   `P1X`, …), or with columns as the lines have them.
/// - JSON: see ``LandmarkJSON``.
///
/// Coordinates are rounded to single precision, as protocols keep them: a face is aligned to the same bytes whichever of the
/// two it comes from.
///
/// Left and right are as one sees them in the image; where points are named and most faces of the file say it the other
/// way round (the person's own sides, as RetinaFace's Python package writes them), the names are exchanged.
package struct LandmarkFile: Sendable {
    /// A face as a file has it.
    struct Entry {
        var path: String
        var face: FaceLandmarks
        /// Whether left and right were stated by names, not by an order.
        var isNamed: Bool
        /// Where in the file it stands, for messages.
        var place: String
    }

    private var faces: [String: FaceLandmarks] = [:]
    /// Name without folders and ending → paths of the file.
    private var pathsOfName: [String: [String]] = [:]
    private let file: String

    /// Reads a file.
    ///
    /// - Throws: ``InputError`` that names the line or record: not enough numbers, no number, several faces in one image,
    ///   a path that occurs twice.
    package init(path file: String) throws(InputError) {
        let mapped = try MappedFile(path: file)
        self = try mapped.withBytes { bytes throws(InputError) in try LandmarkFile(bytes, file: file) }
    }

    /// Reads a file's bytes.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - file: Its path, for messages.
    /// - Throws: As ``init(path:)``.
    package init(_ bytes: UnsafeRawBufferPointer, file: String) throws(InputError) {
        self.file = file
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError(.malformed, "not UTF-8 text", file: file, expected: "UTF-8")
        }
        var entries: [Entry]
        do throws(InputError) {
            let start = text.first { !$0.isWhitespace }
            entries =
                start == "{" || start == "[" ? try LandmarkJSON.read(text) : try LandmarkTextReader.read(text)
        } catch {
            throw error.inFile(file)
        }
        if Self.statesPersonsSides(entries) {
            for index in entries.indices where entries[index].isNamed { entries[index].face.exchangeSides() }
        }
        for entry in entries {
            let path = Self.normalised(entry.path)
            guard faces.updateValue(entry.face, forKey: path) == nil else {
                var error = InputError(.malformed, "a second face for this image", file: file, found: entry.path)
                error.place = entry.place
                throw error
            }
            pathsOfName[Self.name(path), default: []].append(path)
        }
    }

    /// Whether bytes are JSON, CSV or begin with a quoted path, and not lines with a blank after each path.
    package static func isStructured(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let start = bytes.prefix(1 << 16).drop { $0 <= 32 || [0xef, 0xbb, 0xbf].contains($0) }
        guard let first = start.first else { return false }
        if [UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\"")].contains(first) { return true }
        let line = start.prefix { $0 != 10 && $0 != 13 }
        return [UInt8(ascii: ","), UInt8(ascii: ";")].contains { separator in line.count { $0 == separator } >= 10 }
    }

    /// The landmarks of an image: under its path, or under one that ends in all of it or that it ends in, with or without
    /// the ending of the file's name.
    ///
    /// - Throws: ``InputError`` (`missing`) that names the file: none, or several that fit equally well.
    package func face(of image: String) throws(InputError) -> FaceLandmarks {
        let path = Self.normalised(image)
        if let face = faces[path] { return face }
        let found = (pathsOfName[Self.name(path)] ?? [])
            .compactMap { known in
                Self.agreement(known, path).map { (path: known, components: $0) }
            }
        let best = found.map(\.components).max()
        let fitting = found.filter { $0.components == best }
        guard fitting.count == 1, let face = faces[fitting[0].path] else {
            let example = fitting.first?.path ?? faces.keys.min() ?? ""
            throw InputError(
                .missing,
                fitting.count > 1 ? "several landmarks fit '\(image)'" : "no landmarks for '\(image)'",
                file: file,
                expected: "the image's path or name",
                found: "\(faces.count) faces, such as '\(example)'"
            )
        }
        return face
    }

    // MARK: Paths

    /// With forward slashes, and without empty and `.` components in front.
    private static func normalised(_ path: String) -> String {
        var path = path.contains("/") ? path : String(path.map { $0 == "\\" ? "/" : $0 })
        while path.hasPrefix("./") { path.removeFirst(2) }
        return path
    }

    private static func components(_ path: String) -> [Substring] { path.split(separator: "/") }

    private static func withoutEnding(_ name: Substring) -> Substring {
        guard ImageFileNames.readEndings.contains(ImageFileNames.ending(String(name))),
            let dot = name.lastIndex(of: ".")
        else { return name }
        return name[..<dot]
    }

    private static func name(_ path: String) -> String { String(withoutEnding(components(path).last ?? "")) }

    /// How many components two paths share at their ends; nil unless the shorter one lies in the longer one.
    private static func agreement(_ known: String, _ path: String) -> Int? {
        var (left, right) = (components(known), components(path))
        guard let one = left.popLast(), let other = right.popLast() else { return nil }
        // The name may lack its ending on one side only.
        guard one == other || one == withoutEnding(other) || withoutEnding(one) == other else { return nil }
        let shared = zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
        return shared == min(left.count, right.count) ? shared + 1 : nil
    }

    // MARK: Sides

    /// Whether most faces with named points have their left on the image's right.
    private static func statesPersonsSides(_ entries: [Entry]) -> Bool {
        var balance = 0
        for entry in entries where entry.isNamed { balance += entry.face.isSeenFromItsOwnSide ? 1 : -1 }
        return balance > 0
    }
}

extension FaceLandmarks {
    /// Whether the eye called left lies on the right of the face as it is seen, however the face is turned.
    fileprivate var isSeenFromItsOwnSide: Bool {
        let across = rightEye - leftEye
        let down = (leftMouth + rightMouth - leftEye - rightEye) / 2
        return across.x * down.y - across.y * down.x < 0
    }

    fileprivate mutating func exchangeSides() {
        swap(&leftEye, &rightEye)
        swap(&leftMouth, &rightMouth)
    }
}

/// Lines and CSV.
enum LandmarkTextReader {
    /// Columns of a header.
    private struct Columns {
        /// nil: what stands before the named ones, as in CelebA's list.
        var path: Int?
        var coordinates: [Int]
        var isNamed: Bool
        var count: Int
    }

    static func read(_ text: String) throws(InputError) -> [LandmarkFile.Entry] {
        var entries: [LandmarkFile.Entry] = []
        var columns: Columns?
        var separator: Character?
        var isFirst = true
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            do throws(InputError) {
                if isFirst {
                    // CelebA's list begins with the number of its lines.
                    if Int(line.filter { !$0.isWhitespace }) != nil { continue }
                    isFirst = false
                    separator = [",", ";", "\t"].first { isSeparated(line, by: $0) }
                    columns = try header(split(line, by: separator))
                    if columns != nil { continue }
                }
                if let columns {
                    entries.append(try entry(split(line, by: separator), columns))
                } else if separator != nil {
                    entries.append(try entry(split(line, by: separator)))
                } else {
                    entries.append(try entry(line))
                }
                entries[entries.count - 1].place = "line \(number)"
            } catch {
                throw error.at("line \(number)")
            }
        }
        return entries
    }

    /// Whether a character makes a line of CSV: enough fields for a path and five points.
    private static func isSeparated(_ line: Substring, by separator: Character) -> Bool {
        ((try? split(line, by: separator))?.count ?? 0) >= 11
    }

    // MARK: Rows

    /// A row under a header.
    private static func entry(_ fields: [String], _ columns: Columns) throws(InputError) -> LandmarkFile.Entry {
        let shift = columns.path == nil ? 1 : 0
        guard fields.count == columns.count + shift else {
            throw InputError(
                .malformed,
                "wrong number of columns",
                expected: "\(columns.count + shift), as the header says",
                found: "\(fields.count)"
            )
        }
        var numbers: [Double] = []
        for column in columns.coordinates { numbers.append(try self.number(fields[column + shift])) }
        return LandmarkFile.Entry(
            path: fields[columns.path ?? 0],
            face: try FaceLandmarks(coordinates: numbers),
            isNamed: columns.isNamed,
            place: ""
        )
    }

    /// A row of CSV without a header: path, coordinates and maybe a score.
    private static func entry(_ fields: [String]) throws(InputError) -> LandmarkFile.Entry {
        // A score follows the coordinates or not: their number is even.
        for (count, score) in [(10, 1), (136, 1), (10, 0), (136, 0)] where fields.count == 1 + count + score {
            var numbers: [Double] = []
            for field in fields[1...] { numbers.append(try number(field)) }
            let face = try FaceLandmarks(coordinates: Array(numbers.prefix(count)))
            return LandmarkFile.Entry(path: fields[0], face: face, isNamed: false, place: "")
        }
        throw InputError(
            .malformed,
            "not a line of landmarks",
            expected: "a path, 10 or 136 coordinates, and maybe a score",
            found: "\(fields.count) fields"
        )
    }

    /// A line separated by blanks, whose path may hold some.
    private static func entry(_ line: Substring) throws(InputError) -> LandmarkFile.Entry {
        if line.first == "\"" {
            guard let end = line.dropFirst().firstIndex(of: "\"") else {
                throw InputError(.malformed, "a quotation mark that is not closed")
            }
            let path = String(line[line.index(after: line.startIndex)..<end])
            return try entry([path] + split(line[line.index(after: end)...], by: nil))
        }
        let fields = line.split(whereSeparator: \.isWhitespace)
        let numbers = fields.reversed().prefix { Double($0)?.isFinite == true }.count
        let words = fields.count - numbers
        // A name's second word may be a number, which would then be taken for a coordinate.
        let isUnclear = words == 1 && [11, 137].contains(numbers) && !(0...1).contains(Double(fields[numbers]) ?? 0)
        guard words > 1 || isUnclear, [10, 11, 136, 137].contains(numbers) else {
            return try entry(fields.map(String.init))
        }
        let path = String(line[fields[0].startIndex..<fields[words - 1].endIndex])
        guard ImageFileNames.readEndings.contains(ImageFileNames.ending(path)) else {
            throw InputError(
                .malformed,
                "it is not clear where the path ends",
                expected: "a path with blanks in quotation marks",
                found: "'\(path)'"
            )
        }
        return try entry([path] + fields[words...].map(String.init))
    }

    private static func number(_ field: String) throws(InputError) -> Double {
        let text = field.filter { !$0.isWhitespace }
        // A byte of zero would end the number for the parser.
        guard !text.utf8.contains(0), let value = Double(text), Float(value).isFinite else {
            throw InputError(.malformed, "not a finite number", found: "'\(text)'")
        }
        return Double(Float(value))
    }

    /// Fields between separators, quotation marks taken off; between blanks without a separator.
    private static func split(_ line: Substring, by separator: Character?) throws(InputError) -> [String] {
        guard let separator else { return line.split(whereSeparator: \.isWhitespace).map(String.init) }
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var wasQuote = false
        for character in line {
            if character == "\"" {
                // Two in a row within quotation marks are one.
                if !isQuoted, wasQuote { field.append(character) }
                isQuoted.toggle()
                wasQuote = !isQuoted
                continue
            }
            wasQuote = false
            if character == separator, !isQuoted {
                fields.append(field)
                field = ""
            } else {
                field.append(character)
            }
        }
        guard !isQuoted else { throw InputError(.malformed, "a quotation mark that is not closed") }
        fields.append(field)
        return fields.map { trimmed($0) }
    }

    private static func trimmed(_ field: String) -> String {
        let start = field.drop(while: \.isWhitespace)
        return String(
            start[..<(start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex)]
        )
    }

    // MARK: Headers

    /// What a first line says about columns; nil where it is a face.
    private static func header(_ fields: [String]) throws(InputError) -> Columns? {
        guard fields.count >= 10, fields.count(where: { Double($0) != nil }) < 10 else { return nil }
        let names = fields.map { LandmarkNames.plain($0) }
        // A line of a path and damaged numbers is no header.
        guard names.contains(where: { LandmarkNames.point($0) != nil }) else { return nil }
        let path = LandmarkNames.paths.lazy.compactMap { names.firstIndex(of: $0) }.first
        var columnOf: [LandmarkNames.Coordinate: Int] = [:]
        for (column, name) in names.enumerated() {
            guard let coordinate = LandmarkNames.point(name) else { continue }
            guard columnOf.updateValue(column, forKey: coordinate) == nil else {
                throw InputError(.malformed, "two columns of the header mean one coordinate", found: fields[column])
            }
        }
        let named = LandmarkNames.named.compactMap { columnOf[$0] }
        if named.count == 10, path != nil || names.count == 10 {
            return Columns(path: path, coordinates: named, isNamed: true, count: fields.count)
        }
        for points in [68, 5] {
            for first in [0, 1] {
                let wanted = LandmarkNames.numbered(from: first, count: points).map { columnOf[$0] }
                if path != nil, wanted.allSatisfy({ $0 != nil }) {
                    return Columns(
                        path: path,
                        coordinates: wanted.compactMap(\.self),
                        isNamed: false,
                        count: fields.count
                    )
                }
            }
        }
        throw InputError(
            .malformed,
            "the header does not name an image and five points",
            expected: "'path' and 'left_eye_x', 'left_eye_y', … 'mouth_right_y', or 'x1', 'y1', … 'y5'",
            found: "'\(fields.joined(separator: ",").prefix(120))'"
        )
    }
}

/// What programs call the points of a face.
enum LandmarkNames {
    /// One number of a face: a point by name or by number, and the axis.
    struct Coordinate: Hashable {
        var point: String
        var axis: Character
    }

    /// What columns and keys with an image's path are called, the likeliest first.
    static let paths = [
        "path", "imagepath", "imgpath", "filepath", "file", "filename", "imagefile", "imagename", "imgname", "image",
        "img",
        "name", "nameid", "imageid", "key", "id",
    ]
    /// The points in the order of ``FaceLandmarks``.
    static let points = ["lefteye", "righteye", "nose", "leftmouth", "rightmouth"]
    /// Their coordinates.
    static var named: [Coordinate] {
        points.flatMap { [Coordinate(point: $0, axis: "x"), Coordinate(point: $0, axis: "y")] }
    }

    /// The coordinates of numbered points.
    static func numbered(from first: Int, count: Int) -> [Coordinate] {
        (first..<first + count)
            .flatMap { [Coordinate(point: "\($0)", axis: "x"), Coordinate(point: "\($0)", axis: "y")] }
    }

    /// Letters and digits alone, in lower case.
    static func plain(_ name: String) -> String { String(name.lowercased().filter { $0.isLetter || $0.isNumber }) }

    /// The point that a name without an axis means; nil for another.
    static func name(_ plain: String) -> String? {
        switch plain {
        case "lefteye", "eyeleft", "leye": "lefteye"
        case "righteye", "eyeright", "reye": "righteye"
        case "nose", "nosetip": "nose"
        case "leftmouth", "mouthleft", "leftmouthcorner", "mouthleftcorner", "lmouth", "leftlip", "mouthl": "leftmouth"
        case "rightmouth", "mouthright", "rightmouthcorner", "mouthrightcorner", "rmouth", "rightlip", "mouthr":
            "rightmouth"
        default: nil
        }
    }

    /// The coordinate that a column's plain name means; nil for another column.
    static func point(_ plain: String) -> Coordinate? {
        for axis: Character in ["x", "y"] {
            if plain.last == axis, let name = name(String(plain.dropLast())) {
                return Coordinate(point: name, axis: axis)
            }
            let digits = plain.filter(\.isNumber)
            guard let number = Int(digits), number <= 68 else { continue }
            var letters = plain.filter { !$0.isNumber }
            guard let place = letters.lastIndex(of: axis) else { continue }
            letters.remove(at: place)
            if ["", "p", "pt", "point", "landmark", "landmarks", "lm", "kp", "kps", "keypoint"].contains(letters) {
                return Coordinate(point: "\(number)", axis: axis)
            }
        }
        return nil
    }
}
