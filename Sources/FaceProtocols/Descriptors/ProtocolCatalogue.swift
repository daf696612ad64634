public import ArtifactFiles
internal import StrictYAML

/// What `--protocol` may name: the embedded protocols, those of a checkout's `Protocols` folder, and files.
///
/// The embedded descriptors are `Protocols/<name>/protocol.yml`, compiled into the program (the links in `Embedded`), so a
/// copied binary knows them. Where there is a checkout its files come first, so that one can be changed or added without
/// building, and the descriptor's ``ProtocolDescriptor/source`` says which was used.
public struct ProtocolCatalogue: Hashable, Sendable {
    /// What is compiled in, by name; a new protocol is a new link in `Embedded` and a new line here.
    package static let embedded: [(name: String, yaml: [UInt8])] = [
        ("agedb-30", PackageResources.agedb_30_yml),
        ("calfw", PackageResources.calfw_yml),
        ("cfp-ff", PackageResources.cfp_ff_yml),
        ("cfp-fp", PackageResources.cfp_fp_yml),
        ("cplfw", PackageResources.cplfw_yml),
        ("folder", PackageResources.folder_yml),
        ("ijbb", PackageResources.ijbb_yml),
        ("ijbc", PackageResources.ijbc_yml),
        ("lfw", PackageResources.lfw_yml),
        ("lfw-pairs", PackageResources.lfw_pairs_yml),
        ("nist-ijbb", PackageResources.nist_ijbb_yml),
        ("nist-ijbc", PackageResources.nist_ijbc_yml),
        ("nist-ijbc-covariates", PackageResources.nist_ijbc_covariates_yml),
        ("nist-ijbc-new", PackageResources.nist_ijbc_new_yml),
        ("nist-ijbc-new-search", PackageResources.nist_ijbc_new_search_yml),
    ]

    /// The `Protocols` folder; nil outside a checkout.
    public let folder: String?

    /// - Parameter folder: A folder of folders with a `protocol.yml` each; nil for the embedded protocols alone.
    public init(folder: String? = nil) {
        self.folder = folder
    }

    /// The `Protocols` folder of the checkout that one of some places lies in.
    ///
    /// - Parameter places: Absolute paths to start from, such as the executable's folder and the current one.
    /// - Returns: The first `Protocols` beside a `Package.swift` in a place or above it; nil when there is none.
    public static func checkoutFolder(near places: [String]) -> String? {
        for place in places {
            var components = place.split(separator: "/")
            while !components.isEmpty {
                let root = "/" + components.joined(separator: "/")
                let folder = root + "/Protocols"
                if FileSystem.exists(root + "/Package.swift"), FileSystem.isFolder(folder) { return folder }
                components.removeLast()
            }
        }
        return nil
    }

    /// The known names in alphabetical order.
    ///
    /// - Throws: `InputError` when the folder cannot be listed.
    public func names() throws(InputError) -> [String] {
        var names = Set(Self.embedded.map(\.name))
        if let folder {
            names.formUnion(
                try FileSystem.names(inFolder: folder).filter { FileSystem.exists(Self.file($0, in: folder)) }
            )
        }
        return names.sorted()
    }

    /// The descriptor of a name or a file.
    ///
    /// - Parameter nameOrFile: What ends in `.yml` or `.yaml` or holds a `/` is a file; anything else is a name.
    /// - Returns: The descriptor.
    /// - Throws: `InputError`: `unknownName` that lists the known ones, or what is wrong with the file.
    public func descriptor(_ nameOrFile: String) throws(InputError) -> ProtocolDescriptor {
        if nameOrFile.hasSuffix(".yml") || nameOrFile.hasSuffix(".yaml") || nameOrFile.contains("/") {
            return try ProtocolDescriptor(path: nameOrFile)
        }
        if let folder, ProtocolDescriptor.isName(nameOrFile) {
            let file = Self.file(nameOrFile, in: folder)
            if FileSystem.exists(file) {
                let descriptor = try ProtocolDescriptor(path: file)
                guard descriptor.name == nameOrFile else {
                    throw InputError(
                        .mismatch,
                        "the name is not that of the folder",
                        file: file,
                        place: "key \"name\"",
                        expected: "'\(nameOrFile)'",
                        found: "'\(descriptor.name)'"
                    )
                }
                return descriptor
            }
        }
        guard let embedded = Self.embedded.first(where: { $0.name == nameOrFile }) else {
            throw InputError.unknownName(nameOrFile, kind: "protocol", known: try names() + ["a file NAME.yml"])
        }
        return try ProtocolDescriptor(
            document: YAMLDocument(text: String(decoding: embedded.yaml, as: UTF8.self)),
            source: .embedded
        )
    }

    private static func file(_ name: String, in folder: String) -> String { "\(folder)/\(name)/protocol.yml" }
}
