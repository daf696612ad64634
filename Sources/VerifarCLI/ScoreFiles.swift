internal import ArtifactFiles
internal import Foundation
internal import LargeArrays
internal import VerificationMetrics

/// Scores and labels of any system, as files give them.
struct ScoreFiles {
    var scores: ScoreValues
    var labels: [UInt8]
    /// Template ids, two per comparison.
    var comparisons: [UInt32]?
    var subjects: ComparisonSubjects?
    private var subjectText: String?

    /// Reads and checks the files.
    ///
    /// - Throws: ``InputError`` that names file and line or row.
    init(scores: String, labels: String, comparisons: String?, subjects: String?) throws {
        self.scores = try Self.readScores(scores)
        self.labels = try Self.readLabels(labels)
        guard self.scores.count == self.labels.count else {
            throw InputError(
                .mismatch,
                "not as many labels as scores",
                file: labels,
                expected: "\(self.scores.count)",
                found: "\(self.labels.count)"
            )
        }
        guard let comparisons else {
            if subjects != nil { throw InputError(.usage, "--subjects needs --comparisons") }
            return
        }
        let pairs = try Self.readPairs(comparisons, count: self.labels.count)
        self.comparisons = pairs
        let templates = DenseTemplates(pairs)
        if let subjects {
            let text = try String(contentsOfFile: subjects, encoding: .utf8)
            subjectText = text
            self.subjects = try templates.subjects(stated: text, file: subjects)
        } else {
            self.subjects = try templates.subjects(labels: self.labels)
        }
    }

    /// Copies what a report needs to be made again.
    func write(to folder: String) throws(InputError) {
        switch scores {
        case .single(let values): try NPYFile.write(values, to: FileSystem.join(folder, "scores.npy"))
        case .double(let values): try NPYFile.write(values, to: FileSystem.join(folder, "scores.npy"))
        }
        try NPYFile.write(labels, to: FileSystem.join(folder, "labels.npy"))
        if let comparisons {
            try NPYFile.write(
                comparisons,
                shape: [comparisons.count / 2, 2],
                to: FileSystem.join(folder, "comparisons.npy")
            )
        }
        if let subjectText { try AtomicFile.write(subjectText, to: FileSystem.join(folder, "subjects.csv")) }
    }
}

extension ScoreFiles {
    /// Scores from an array or from text lines.
    private static func readScores(_ path: String) throws(InputError) -> ScoreValues {
        if isArray(path) {
            let array = try NPYFile(path: path)
            return array.elementType.isSinglePrecision
                ? .single(try array.floats()) : .double(try array.doubles())
        }
        return .double(
            try readLines(path, expected: "a number") { text in
                text.lowercased() == "nan" ? nil : Double(text)
            }
        )
    }

    private static func readLabels(_ path: String) throws(InputError) -> [UInt8] {
        let values: [Double] =
            isArray(path)
            ? try NPYFile(path: path).doubles() : try readLines(path, expected: "0 or 1") { Double($0) }
        var labels: [UInt8] = []
        labels.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            guard value == 0 || value == 1 else {
                throw InputError(
                    .malformed,
                    "a label is neither 0 nor 1",
                    file: path,
                    place: "row \(row + 1)",
                    found: "\(value)"
                )
            }
            labels.append(UInt8(value))
        }
        return labels
    }

    private static func readPairs(_ path: String, count: Int) throws(InputError) -> [UInt32] {
        let array = try NPYFile(path: path)
        guard array.shape == [count, 2] else {
            throw InputError(
                .mismatch,
                "wrong shape",
                file: path,
                expected: "[\(count), 2]",
                found: "\(array.shape)"
            )
        }
        var pairs: [UInt32] = []
        pairs.reserveCapacity(count * 2)
        for value in try array.integers() {
            guard let id = UInt32(exactly: value) else {
                throw InputError(.malformed, "a template id is out of range", file: path, found: "\(value)")
            }
            pairs.append(id)
        }
        return pairs
    }

    private static func isArray(_ path: String) -> Bool { path.hasSuffix(".npy") }

    private static func readLines(
        _ path: String,
        expected: String,
        _ parse: (Substring) -> Double?
    ) throws(InputError) -> [Double] {
        let file = try MappedFile(path: path)
        let text = file.withBytes { String(decoding: $0, as: UTF8.self) }
        var values: [Double] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let field = line.drop { $0 == " " || $0 == "\t" }.prefix { !$0.isWhitespace }
            if field.isEmpty { continue }
            guard let value = parse(field) else {
                throw InputError(
                    .malformed,
                    "not a number",
                    file: path,
                    place: "line \(number + 1)",
                    expected: expected,
                    found: "'\(field.prefix(40))'"
                )
            }
            values.append(value)
        }
        return values
    }
}

/// Template ids of a list of comparisons, numbered from 0.
private struct DenseTemplates {
    private let numbers: [UInt32: UInt32]
    private let first: [UInt32]
    private let second: [UInt32]

    init(_ pairs: [UInt32]) {
        var numbers: [UInt32: UInt32] = [:]
        for id in Set(pairs).sorted() { numbers[id] = UInt32(numbers.count) }
        first = stride(from: 0, to: pairs.count, by: 2).map { numbers[pairs[$0]] ?? 0 }
        second = stride(from: 1, to: pairs.count, by: 2).map { numbers[pairs[$0]] ?? 0 }
        self.numbers = numbers
    }

    func subjects(labels: [UInt8]) throws(MetricsError) -> ComparisonSubjects {
        try ComparisonSubjects(
            firstTemplate: first,
            secondTemplate: second,
            labels: labels,
            templateCount: numbers.count
        )
    }

    /// Subjects as `template,subject` lines state them; a template without a line is a subject of its own.
    func subjects(stated text: String, file: String) throws -> ComparisonSubjects {
        var names: [Substring: UInt32] = [:]
        var subjects = [UInt32?](repeating: nil, count: numbers.count)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.drop { $0 == "\u{feff}" }.split(separator: ",").map { $0.filter { !$0.isNewline } }
            if fields.isEmpty || (number == 0 && fields[0] == "template") { continue }
            guard fields.count == 2, let id = UInt32(fields[0]) else {
                throw InputError(
                    .malformed,
                    "not a subject line",
                    file: file,
                    place: "line \(number + 1)",
                    expected: "template,subject",
                    found: "'\(line.prefix(40))'"
                )
            }
            guard let template = numbers[id] else { continue }
            let name = Substring(fields[1])
            let subject = names[name] ?? UInt32(names.count)
            names[name] = subject
            subjects[Int(template)] = subject
        }
        var next = UInt32(names.count)
        return try ComparisonSubjects(
            firstTemplate: first,
            secondTemplate: second,
            subjectOfTemplate: subjects.map { subject in
                if let subject { return subject }
                defer { next += 1 }
                return next
            }
        )
    }
}
