public import ArtifactFiles

/// One thing that is wrong, odd or worth knowing about a protocol's files.
public struct ProtocolFinding: Hashable, Sendable, CustomStringConvertible {
    /// What a finding means for an evaluation.
    public enum Severity: String, Hashable, Sendable, CaseIterable, Comparable {
        /// Accepted; it changes no number.
        case note
        /// The evaluation goes on and the report shows it.
        case warning
        /// The evaluation stops.
        case error

        /// Notes come before warnings, warnings before errors.
        public static func < (left: Severity, right: Severity) -> Bool {
            let order = allCases
            return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
        }
    }

    /// Where something is.
    public struct Place: Hashable, Sendable {
        /// Relative to the data folder.
        public var file: String?
        /// From 1.
        public var line: Int?

        package init(_ file: String?, _ line: Int? = nil) {
            self.file = file
            self.line = line
        }
    }

    /// What is wrong; decides the severity.
    public let kind: Kind
    public let place: Place?
    public var file: String? { place?.file }
    public var line: Int? { place?.line }
    /// What is wrong, in a few words.
    public let message: String
    /// What was expected.
    public let expected: String?
    /// What was found.
    public let found: String?

    /// What it means for an evaluation.
    public var severity: Severity { kind.severity }

    /// The finding as an error.
    public var inputError: InputError {
        InputError(
            kind.code,
            message,
            file: place?.file,
            place: place?.line.map { "line \($0)" },
            expected: expected,
            found: found
        )
    }

    /// `error: meta/ijbc_….txt: line 3: … (expected …, found …)`, on one line.
    public var description: String { "\(severity.rawValue): \(inputError.description)" }
}

extension ProtocolFinding: Encodable {
    private enum CodingKeys: String, CodingKey { case severity, kind, file, line, message, expected, found }

    /// Encodes what is known of it.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(severity.rawValue, forKey: .severity)
        try object.encode(kind.rawValue, forKey: .kind)
        try object.encodeIfPresent(place?.file, forKey: .file)
        try object.encodeIfPresent(place?.line, forKey: .line)
        try object.encode(message, forKey: .message)
        try object.encodeIfPresent(expected, forKey: .expected)
        try object.encodeIfPresent(found, forKey: .found)
    }
}

/// Findings in the order of the files, with the first few of each kind written out and the rest counted.
public struct FindingList: Hashable, Sendable {
    /// How many findings of a kind are written out.
    public let limitPerKind: Int
    /// The findings that are written out, in the order in which they were made.
    public private(set) var findings: [ProtocolFinding] = []
    /// How many findings each kind has, written out or not.
    public private(set) var counts: [ProtocolFinding.Kind: Int] = [:]

    /// An empty list.
    ///
    /// - Parameter limitPerKind: How many findings of a kind are written out.
    public init(limitPerKind: Int = 10) {
        self.limitPerKind = limitPerKind
    }

    /// How many findings have a severity, written out or not.
    public func count(_ severity: ProtocolFinding.Severity) -> Int {
        counts.reduce(0) { $1.key.severity == severity ? $0 + $1.value : $0 }
    }

    /// How many findings of a kind are counted but not written out.
    public func unlistedCount(_ kind: ProtocolFinding.Kind) -> Int { max(0, counts[kind, default: 0] - limitPerKind) }

    /// Whether nothing stops an evaluation.
    public var isValid: Bool { count(.error) == 0 }

    /// Adds a finding; its texts are made only when it is among the first of its kind.
    package mutating func add(
        _ kind: ProtocolFinding.Kind,
        at place: ProtocolFinding.Place? = nil,
        _ message: @autoclosure () -> String,
        expected: @autoclosure () -> String? = nil,
        found: @autoclosure () -> String? = nil
    ) {
        counts[kind, default: 0] += 1
        guard counts[kind, default: 0] <= limitPerKind else { return }
        findings.append(
            ProtocolFinding(
                kind: kind,
                place: place,
                message: message(),
                expected: expected(),
                found: found()
            )
        )
    }

    /// Adds the findings of a later part; the outcome is that of one list filled in order.
    package mutating func append(_ later: FindingList) {
        for finding in later.findings {
            counts[finding.kind, default: 0] += 1
            if counts[finding.kind, default: 0] <= limitPerKind { findings.append(finding) }
        }
        for kind in later.counts.keys { counts[kind, default: 0] += later.unlistedCount(kind) }
    }

    /// The findings as lines of text, errors first; a kind's rest is one line.
    public var lines: [String] {
        let severities = ProtocolFinding.Severity.allCases.reversed()
        return severities.flatMap { severity in
            let kinds = findings.filter { $0.severity == severity }.map(\.kind).uniqued()
            return kinds.flatMap { kind in
                let listed = findings.filter { $0.kind == kind }.map(\.description)
                let rest = unlistedCount(kind)
                return rest > 0
                    ? listed + ["\(severity.rawValue): … and \(rest) more of the kind \(kind.rawValue)"] : listed
            }
        }
    }

    /// Throws the first error, if there is one.
    ///
    /// - Throws: `InputError` of the first finding that is an error; it says how many more there are.
    public func requireValid() throws(InputError) {
        guard let first = findings.first(where: { $0.severity == .error }) else { return }
        var error = first.inputError
        let others = count(.error) - 1
        if others > 0 { error.problem += "; \(others) more \(others == 1 ? "error" : "errors")" }
        throw error
    }
}

/// What `protocol validate --json` prints.
extension FindingList: Encodable {
    private enum CodingKeys: String, CodingKey { case valid, errors, warnings, notes, findings, unlisted }

    /// Findings of a kind that are counted but not written out.
    private struct Unlisted: Encodable {
        let severity: String
        let kind: String
        let count: Int
    }

    /// Encodes counts, what is written out, and how much of each kind is not.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(isValid, forKey: .valid)
        try object.encode(count(.error), forKey: .errors)
        try object.encode(count(.warning), forKey: .warnings)
        try object.encode(count(.note), forKey: .notes)
        try object.encode(findings, forKey: .findings)
        let unlisted = findings.map(\.kind).uniqued().filter { unlistedCount($0) > 0 }
            .map { Unlisted(severity: $0.severity.rawValue, kind: $0.rawValue, count: unlistedCount($0)) }
        try object.encode(unlisted, forKey: .unlisted)
    }
}

extension Sequence where Element: Hashable {
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

/// The findings that every row parser makes.
extension FindingList {
    /// A line with the wrong number of columns; a blank line has a kind of its own.
    mutating func addColumnCount(_ count: Int, expected: String, at place: ProtocolFinding.Place) {
        if count == 0 {
            add(.blankLine, at: place, "a blank line before the end of the file", expected: expected)
        } else {
            add(.columnCount, at: place, "wrong number of columns", expected: expected, found: "\(count)")
        }
    }

    /// Reads an id, or says why it is none.
    mutating func id(_ field: UnsafeBufferPointer<UInt8>, of what: String, at place: ProtocolFinding.Place) -> Int? {
        switch DecimalInteger.parse(field) {
        case .value(let id): return id
        case .notAnInteger:
            add(
                .notAnInteger,
                at: place,
                "not a \(what) id",
                expected: "a non-negative integer",
                found: field.quoted
            )
        case .overflow:
            add(
                .integerOverflow,
                at: place,
                "the \(what) id is too large",
                expected: "at most \(Int.max)",
                found: field.quoted
            )
        }
        return nil
    }

    /// Whether a path stays inside the image folder, or else a finding.
    mutating func isSafe(
        _ path: String,
        _ policy: PathPolicy,
        found: UnsafeBufferPointer<UInt8>,
        at place: ProtocolFinding.Place
    ) -> Bool {
        guard let problem = policy.problem(of: path) else { return true }
        add(.unsafePath, at: place, problem, expected: "a plain path inside the image folder", found: found.quoted)
        return false
    }

    /// Says once for a file that its lines end in CR LF.
    mutating func addCarriageReturns(_ count: Int, of rowCount: Int, file: String) {
        guard count > 0 else { return }
        add(.carriageReturn, at: .init(file), "\(count) of \(rowCount) lines end in CR LF; the CR is ignored")
    }
}

extension ProtocolFinding {
    /// The things that are looked for.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        // Lines that cannot be read.
        /// A blank line that is not at the end of its file.
        case blankLine
        /// Too few or too many columns.
        case columnCount
        /// An id that is not a non-negative integer.
        case notAnInteger
        /// An id above 2⁶³ − 1.
        case integerOverflow
        /// A coordinate or score that is not a number.
        case notANumber
        /// Bytes that are not UTF-8, or a UTF-16 file.
        case notUTF8
        /// A label other than 0 and 1.
        case badLabel
        /// A first line other than the format's header.
        case badHeader

        // Files that do not agree.
        /// Two files that must agree line for line have different numbers of lines.
        case rowCount
        /// Two files that must agree line for line name different images.
        case imageOrder
        /// A comparison of a template that has no image.
        case unknownTemplate
        /// A template that two files list.
        case repeatedTemplate
        /// A pair that names an image or identity that is not there.
        case unknownImage
        /// Images of a file of pairs that cannot be paired: an odd number, or not twice the number of labels.
        case pairCount
        /// A file's SHA-256 is not the protocol's.
        case digest
        /// A count is not the protocol's.
        case count

        // Paths.
        /// A path that is absolute, leaves the data folder or is not plain.
        case unsafePath
        /// A symbolic link where none is allowed.
        case symbolicLink
        /// The folder of the images is absent.
        case missingImageFolder
        /// An image that is not on disk.
        case missingImage

        // Images.
        /// No image at all.
        case noImages
        /// Images of a format that is not read, left out of a folder.
        case unreadImages
        /// Files of a folder that are no images.
        case otherFiles
        /// An image path that occurs in several rows.
        case duplicateImage
        /// A landmark that is NaN or infinite: that image fails.
        case nonFiniteLandmark
        /// Landmarks that all lie in one point: that image fails.
        case coincidentLandmarks
        /// Most faces have the left and right eye exchanged, or the mouth above the eyes.
        case landmarkOrder
        /// Faces without landmarks, placed by their boxes.
        case faceBoxes
        /// A face with neither landmarks nor a box with an area: that image fails.
        case noFaceBox
        /// How images were grouped into media where no file says.
        case derivedMedia
        /// A detector score that is NaN or infinite: that image fails.
        case nonFiniteDetectorScore
        /// A detector score outside 0…1.
        case detectorScoreRange
        /// All images carry one medium id.
        case singleMedium
        /// Media that occur in several templates.
        case sharedMedium
        /// Media that occur in templates of several subjects.
        case mediumOfSeveralSubjects

        // Comparisons.
        /// No comparison at all.
        case noComparisons
        /// Only genuine or only impostor comparisons.
        case singleLabel
        /// A template compared with itself.
        case selfComparison
        /// A comparison that occurs twice, in the same or the other order.
        case duplicateComparison
        /// One comparison labelled both 0 and 1, or a template labelled as a stranger to itself.
        case contradictoryLabel
        /// An impostor comparison within a set of templates that genuine comparisons connect.
        case impliedContradiction
        /// Templates that are in no comparison.
        case unusedTemplate

        // Subjects.
        /// A label that the subjects of the two templates contradict.
        case subjectDisagreement
        /// A compared template without a subject, where the others have one.
        case missingSubject
        /// A subject for a template that has no image.
        case subjectOfUnknownTemplate
        /// A template with two lines in the file of subjects.
        case duplicateSubject

        // Accepted forms.
        /// The file starts with a byte-order mark.
        case byteOrderMark
        /// Lines end in carriage return and line feed.
        case carriageReturn
        /// Blank lines at the end of the file.
        case trailingBlankLines
        /// A check that could not be made.
        case notChecked

        /// What a finding of this kind means for an evaluation.
        public var severity: Severity {
            switch self {
            case .blankLine, .columnCount, .notAnInteger, .integerOverflow, .notANumber, .notUTF8, .badLabel,
                .badHeader, .rowCount, .imageOrder, .unknownTemplate, .repeatedTemplate, .unknownImage, .pairCount,
                .digest, .unsafePath, .symbolicLink,
                .missingImageFolder, .noImages, .noComparisons, .contradictoryLabel, .subjectDisagreement,
                .missingSubject:
                .error
            case .unreadImages, .faceBoxes, .noFaceBox, .count, .missingImage, .duplicateImage, .nonFiniteLandmark,
                .coincidentLandmarks, .landmarkOrder,
                .nonFiniteDetectorScore, .detectorScoreRange, .singleMedium, .singleLabel, .selfComparison,
                .duplicateComparison, .impliedContradiction, .subjectOfUnknownTemplate, .duplicateSubject:
                .warning
            case .otherFiles, .derivedMedia, .sharedMedium, .mediumOfSeveralSubjects, .unusedTemplate, .byteOrderMark,
                .carriageReturn,
                .trailingBlankLines, .notChecked:
                .note
            }
        }

        var code: InputError.Code {
            switch self {
            case .unsafePath, .symbolicLink: .forbidden
            case .missingImageFolder, .missingImage, .missingSubject, .noImages, .noComparisons, .unknownImage: .missing
            case .rowCount, .imageOrder, .unknownTemplate, .repeatedTemplate, .pairCount, .digest, .count,
                .contradictoryLabel,
                .impliedContradiction, .subjectDisagreement:
                .mismatch
            default: .malformed
            }
        }
    }
}
