public import ArtifactFiles

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
        file: String?,
        line: Int? = nil,
        _ message: @autoclosure () -> String,
        expected: @autoclosure () -> String? = nil,
        found: @autoclosure () -> String? = nil
    ) {
        counts[kind, default: 0] += 1
        guard counts[kind, default: 0] <= limitPerKind else { return }
        findings.append(
            ProtocolFinding(
                kind: kind,
                file: file,
                line: line,
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
