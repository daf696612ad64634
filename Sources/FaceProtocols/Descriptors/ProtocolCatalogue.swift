public import ArtifactFiles
internal import StrictYAML

/// What `--protocol` may name: the embedded protocols, those of a checkout's `Protocols` folder, and files.
///
/// The embedded descriptors are texts in the program (``EmbeddedProtocols``), so a copied binary knows them; a test
/// holds them equal to `Protocols/<name>/protocol.yml`. Where there is a checkout its files come first, so that one can
/// be changed or added without building, and the descriptor's ``ProtocolDescriptor/source`` says which was used.
public struct ProtocolCatalogue: Hashable, Sendable {
    /// The `Protocols` folder; nil outside a checkout.
    public let folder: String?

    /// Creates a catalogue.
    ///
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
        var names = Set(EmbeddedProtocols.all.map(\.name))
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
        guard let embedded = EmbeddedProtocols.all.first(where: { $0.name == nameOrFile }) else {
            throw InputError.unknownName(nameOrFile, kind: "protocol", known: try names() + ["a file NAME.yml"])
        }
        return try ProtocolDescriptor(document: YAMLDocument(text: embedded.text), source: .embedded)
    }

    private static func file(_ name: String, in folder: String) -> String { "\(folder)/\(name)/protocol.yml" }
}
