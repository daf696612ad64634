public import ArtifactFiles

/// How a protocol is read.
public struct ProtocolReadOptions: Hashable, Sendable {
    /// Threads; the outcome does not depend on it.
    public var workers: Int
    /// What paths in the files may be.
    public var pathPolicy: PathPolicy
    /// Whether the image folder is listed, to find missing images and symbolic links.
    public var checksImageFiles: Bool
    /// Whether the descriptor's digests are compared with the files.
    public var checksDigests: Bool
    /// How many findings of a kind are written out.
    public var findingsPerKind: Int

    /// Creates options.
    public init(
        workers: Int = 1,
        pathPolicy: PathPolicy = .strict,
        checksImageFiles: Bool = true,
        checksDigests: Bool = true,
        findingsPerKind: Int = 10
    ) {
        self.workers = workers
        self.pathPolicy = pathPolicy
        self.checksImageFiles = checksImageFiles
        self.checksDigests = checksDigests
        self.findingsPerKind = findingsPerKind
    }
}

/// A protocol as read, with all that was found.
public struct ProtocolReading: Sendable {
    /// The descriptor that was followed.
    public let descriptor: ProtocolDescriptor
    /// The findings, notes and warnings among them.
    public let findings: FindingList
    /// The protocol as far as it could be read; nil when lines or files have errors.
    ///
    /// It may be shown; what is evaluated comes from ``validProtocol()``.
    public let draft: VerificationProtocol?

    /// The protocol, when no finding is an error.
    ///
    /// - Throws: `InputError` of the first error.
    public func validProtocol() throws(InputError) -> VerificationProtocol {
        try findings.requireValid()
        guard let draft else { throw InputError(.malformed, "the protocol '\(descriptor.name)' could not be read") }
        return draft
    }
}

/// Reads a protocol from its data folder and checks it.
public struct ProtocolReader: Sendable {
    private let descriptor: ProtocolDescriptor
    private let options: ProtocolReadOptions

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - descriptor: What to read; see ``ProtocolCatalogue``.
    ///   - options: How to read.
    public init(_ descriptor: ProtocolDescriptor, options: ProtocolReadOptions = ProtocolReadOptions()) {
        self.descriptor = descriptor
        self.options = options
    }

    /// Reads and checks.
    ///
    /// - Parameter dataFolder: The folder that holds the format's files; it may itself be a symbolic link.
    /// - Returns: The protocol and the findings; ask ``ProtocolReading/validProtocol()`` before evaluating.
    /// - Throws: `InputError` when a file or folder is missing.
    public func read(dataFolder: String) throws(InputError) -> ProtocolReading {
        let format = try ProtocolFormats.named(descriptor.format)
        guard FileSystem.isFolder(dataFolder) else {
            throw InputError(
                .missing,
                FileSystem.exists(dataFolder)
                    ? "a file stands where the folder of the protocol's data must" : "no such folder",
                file: dataFolder,
                expected: "the protocol's data: \(format.summary)"
            )
        }
        let source = ProtocolSource(
            dataFolder: dataFolder,
            descriptor: descriptor,
            settings: try format.resolvedSettings(descriptor),
            options: options
        )
        var findings = FindingList(limitPerKind: options.findingsPerKind)
        if options.checksDigests { try checkDigests(source, &findings) }
        let draft = try format.read(source, findings: &findings)
        if let draft { check(draft, source, &findings) }
        return ProtocolReading(descriptor: descriptor, findings: findings, draft: draft?.value)
    }

    private func check(_ draft: ProtocolDraft, _ source: ProtocolSource, _ findings: inout FindingList) {
        let value = draft.value
        ImageChecks(value: value, origins: draft.origins).run(&findings)
        ComparisonChecks(value: value, origins: draft.origins, workers: options.workers).run(&findings)
        checkCounts(value, &findings)
        let files = ImageFileCheck(value: value, origins: draft.origins, dataFolder: source.dataFolder)
        if options.checksImageFiles {
            files.run(allowsLinks: options.pathPolicy.allowsSymbolicLinks, &findings)
        } else {
            findings.add(.notChecked, "whether the images exist was not checked")
        }
    }

    private func checkCounts(_ value: VerificationProtocol, _ findings: inout FindingList) {
        let actual = Dictionary(uniqueKeysWithValues: ProtocolCounts(of: value).all.map { ($0.key, $0.value) })
        for (key, expected) in descriptor.counts.all {
            let noun = key == "genuine" ? "genuine comparisons" : key
            guard let found = actual[key] else {
                findings.add(.notChecked, "the number of \(noun) was not checked: the files do not state it")
                continue
            }
            guard found != expected else { continue }
            findings.add(
                .count,
                "the number of \(noun) is not that of '\(descriptor.name)'; numbers are not comparable with published ones",
                expected: "\(expected)",
                found: "\(found)"
            )
        }
    }

    private func checkDigests(_ source: ProtocolSource, _ findings: inout FindingList) throws(InputError) {
        for (path, expected) in descriptor.digests.sorted(by: { $0.key < $1.key }) {
            let found = try source.open(path).withBytes { ContentDigest(of: $0) }.description
            guard found != expected else { continue }
            findings.add(
                .digest,
                at: .init(path),
                "the SHA-256 digest is not the protocol's",
                expected: expected,
                found: found
            )
        }
    }
}

/// What the paths in protocol files may be; by default nothing that could leave the data folder.
public struct PathPolicy: Hashable, Sendable {
    /// Whether image paths may be absolute.
    public var allowsAbsolutePaths: Bool
    /// Whether images and folders below the data folder may be symbolic links.
    public var allowsSymbolicLinks: Bool

    /// Plain relative paths to files that are no links.
    public static let strict = PathPolicy(allowsAbsolutePaths: false, allowsSymbolicLinks: false)

    /// Creates a policy.
    public init(allowsAbsolutePaths: Bool, allowsSymbolicLinks: Bool) {
        self.allowsAbsolutePaths = allowsAbsolutePaths
        self.allowsSymbolicLinks = allowsSymbolicLinks
    }

    /// What is wrong with a path as text; nil when nothing is.
    ///
    /// `..`, `.` and empty components are refused even where they would stay inside, so that one file has one name.
    public func problem(of path: String) -> String? {
        let bytes = path.utf8
        if bytes.isEmpty { return "the path is empty" }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "the path holds a control character" }
        var relative = path[...].utf8
        if relative.first == UInt8(ascii: "/") {
            guard allowsAbsolutePaths else { return "the path is absolute" }
            relative = relative.dropFirst()
        }
        // The common case has one component that does not start with a dot.
        if relative.first != UInt8(ascii: "."), !relative.contains(UInt8(ascii: "/")), !relative.isEmpty { return nil }
        for component in relative.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.elementsEqual("..".utf8) { return "the path leaves its folder" }
            if component.isEmpty || component.elementsEqual(".".utf8) { return "the path is not plain" }
        }
        return nil
    }
}
