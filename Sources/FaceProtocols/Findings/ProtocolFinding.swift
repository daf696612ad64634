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

    /// What is wrong; decides the severity.
    public let kind: Kind
    /// The file, relative to the data folder.
    public let file: String?
    /// The line, from 1.
    public let line: Int?
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
            file: file,
            place: line.map { "line \($0)" },
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
        try object.encodeIfPresent(file, forKey: .file)
        try object.encodeIfPresent(line, forKey: .line)
        try object.encode(message, forKey: .message)
        try object.encodeIfPresent(expected, forKey: .expected)
        try object.encodeIfPresent(found, forKey: .found)
    }
}
