public import ArtifactFiles
internal import StrictYAML

/// What a `protocol.yml` says: how a protocol lies on disk, how large it is, and how to obtain it.
public struct ProtocolDescriptor: Hashable, Sendable {
    /// Where a descriptor comes from.
    public enum Source: Hashable, Sendable {
        /// Compiled into the program.
        case embedded
        /// A file.
        case file(String)
        /// Made with a protocol that was written.
        case written

        /// The file, when it is one.
        public var file: String? {
            guard case .file(let path) = self else { return nil }
            return path
        }
    }

    /// The name: lower-case letters, digits, `-` and `_`.
    public let name: String
    /// What the protocol is, in one line.
    public let title: String
    /// The name of a ``ProtocolFormat``.
    public let format: String
    /// The format's settings.
    public private(set) var files: [String: String]
    /// The sizes of the published protocol.
    public let counts: ProtocolCounts
    /// SHA-256 digests in hexadecimal by path in the data folder.
    public let digests: [String: String]
    /// How to obtain the data.
    public let obtain: String?
    /// Under which terms the data may be used.
    public let licence: String?
    /// What to cite.
    public let citation: String?
    /// Where the descriptor comes from.
    public internal(set) var source: Source

    /// Reads a `protocol.yml`.
    ///
    /// - Throws: `InputError` naming line and key.
    public init(path: String) throws(InputError) {
        try self.init(document: YAMLDocument(path: path), source: .file(path))
    }

    init(document: YAMLDocument, source: Source) throws(InputError) {
        let fields = try document.decode(Fields.self)
        name = fields.name
        title = fields.title ?? fields.name
        format = fields.format
        files = fields.files ?? [:]
        counts = fields.counts ?? ProtocolCounts()
        digests = fields.digests ?? [:]
        obtain = fields.obtain
        licence = fields.licence
        citation = fields.citation
        self.source = source
        do {
            try check(document)
        } catch {
            throw source.file.map(error.inFile) ?? error
        }
    }

    /// Describes a protocol that was made rather than read.
    ///
    /// - Parameters:
    ///   - files: The format's settings.
    package init(
        name: String,
        title: String,
        format: String,
        files: [String: String],
        counts: ProtocolCounts,
        digests: [String: String] = [:],
        source: Source
    ) {
        self.name = name
        self.title = title
        self.format = format
        self.files = files
        self.counts = counts
        self.digests = digests
        obtain = nil
        licence = nil
        citation = nil
        self.source = source
    }

    /// Describes a `.bin` that was written with ``PairBinWriter``.
    ///
    /// - Parameters:
    ///   - file: The file, relative to the data folder.
    ///   - value: The pairs.
    ///   - digest: The file's SHA-256.
    public init(bin file: String, of value: VerificationProtocol, digest: String) {
        let folds = value.comparisons.folds.count
        var counts = ProtocolCounts()
        counts.images = value.comparisons.count * 2
        counts.comparisons = value.comparisons.count
        counts.genuine = value.comparisons.genuineCount
        self.init(
            name: value.name,
            title: value.name,
            format: PairBinFormat().name,
            files: ["file": file, "folds": "\(folds > 1 ? folds : 10)"],
            counts: counts,
            digests: [file: digest],
            source: .written
        )
    }

    /// The descriptor with other settings.
    ///
    /// - Parameter changes: Values by key of `files`.
    /// - Throws: `InputError` for a key that the format does not have or a value that it does not take.
    public func setting(_ changes: [String: String]) throws(InputError) -> ProtocolDescriptor {
        guard !changes.isEmpty else { return self }
        var changed = self
        changed.files.merge(changes) { _, new in new }
        _ = try ProtocolFormats.named(format).resolvedSettings(changed)
        return changed
    }

    private struct Fields: Decodable {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case name
            case title
            case format
            case files
            case counts
            case digests
            case obtain
            case licence
            case citation
        }

        let name: String
        let title: String?
        let format: String
        let files: [String: String]?
        let counts: ProtocolCounts?
        let digests: [String: String]?
        let obtain: String?
        let licence: String?
        let citation: String?
    }

    private func check(_ document: YAMLDocument) throws(InputError) {
        guard Self.isName(name) else {
            throw InputError(
                .malformed,
                "not a protocol name",
                place: document.place(of: "name"),
                expected: "lower-case letters, digits, - and _",
                found: "'\(name)'"
            )
        }
        do {
            _ = try ProtocolFormats.named(format).resolvedSettings(self)
        } catch {
            var error = error
            if error.code == .unknownName, error.place == nil { error.place = document.place(of: "format") }
            throw error
        }
        for (key, value) in counts.all where value < 0 {
            throw InputError(
                .malformed,
                "a count is negative",
                place: document.place(of: "counts", key),
                found: "\(value)"
            )
        }
        for (path, digest) in digests.sorted(by: { $0.key < $1.key }) {
            try check(digest: digest, of: path, place: document.place(of: "digests", path))
        }
    }

    private func check(digest: String, of path: String, place: String) throws(InputError) {
        if let problem = PathPolicy.strict.problem(of: path) {
            throw InputError(.forbidden, problem, place: place, expected: "a plain path inside the data folder")
        }
        guard digest.utf8.count == 64, digest.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
            throw InputError(
                .malformed,
                "not a SHA-256 digest",
                place: place,
                expected: "64 lower-case hexadecimal digits",
                found: "'\(digest)'"
            )
        }
    }

    static func isName(_ name: String) -> Bool {
        let others = "-_0123456789abcdefghijklmnopqrstuvwxyz".utf8
        return 1...64 ~= name.utf8.count && name.utf8.allSatisfy { others.contains($0) }
    }
}

extension ProtocolDescriptor {
    /// The descriptor as a `protocol.yml`, which ``init(path:)`` reads back.
    public var yaml: String {
        var lines = ["name: \(name)", "title: \(Self.quoted(title))", "format: \(format)"]
        Self.append("files", files.sorted { $0.key < $1.key }.map { ($0.key, Self.quoted($0.value)) }, to: &lines)
        Self.append("counts", counts.all.map { ($0.key, "\($0.value)") }, to: &lines)
        Self.append("digests", digests.sorted { $0.key < $1.key }.map { (Self.quoted($0.key), $0.value) }, to: &lines)
        for (key, text) in [("obtain", obtain), ("licence", licence), ("citation", citation)] {
            if let text { lines.append("\(key): \(Self.quoted(text))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func append(_ key: String, _ pairs: [(String, String)], to lines: inout [String]) {
        guard !pairs.isEmpty else { return }
        lines.append("\(key):")
        lines += pairs.map { "  \($0.0): \($0.1)" }
    }

    /// A double-quoted YAML text.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// The sizes of a protocol, as far as they are known.
public struct ProtocolCounts: Hashable, Sendable, Decodable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case images
        case templates
        case comparisons
        case genuine
        case subjects
    }

    /// Faces.
    public var images: Int?
    /// Templates.
    public var templates: Int?
    /// Comparisons of both kinds.
    public var comparisons: Int?
    /// Genuine comparisons.
    public var genuine: Int?
    /// Subjects.
    public var subjects: Int?

    /// No count is known.
    public init() {}

    /// The counts of a protocol.
    public init(of value: VerificationProtocol) {
        images = value.images.count
        templates = value.templates.count
        comparisons = value.comparisons.count
        genuine = value.comparisons.genuineCount
        subjects = value.subjects?.count
    }

    /// The known counts by key.
    public var all: [(key: String, value: Int)] {
        [
            ("images", images), ("templates", templates), ("comparisons", comparisons), ("genuine", genuine),
            ("subjects", subjects),
        ]
        .compactMap { key, value in value.map { (key, $0) } }
    }
}
