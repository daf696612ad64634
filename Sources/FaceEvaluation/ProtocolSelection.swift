public import ArtifactFiles
public import FaceProtocols
internal import Foundation

/// A protocol and where its files lie.
public struct ProtocolSelection: Hashable, Sendable {
    /// A known name, or the file of a description.
    public var name: String
    /// Keys of the description's `files` that are set anew.
    public var settings: [String: String] = [:]
    /// The folder that the files lie in.
    public var dataFolder: String
    /// Whether images may lie outside of it: absolute paths, symbolic links.
    public var allowsOutside = false
    /// Whether to look if all images exist.
    public var checksImageFiles = true

    public init(_ name: String, dataFolder: String) {
        self.name = name
        self.dataFolder = dataFolder
    }

    /// Reads and checks the protocol; ask ``ProtocolReading/validProtocol()`` before evaluating.
    ///
    /// - Throws: `InputError` for an unknown protocol, or a file or folder that is missing.
    public func read(threads: Int = 1) throws(InputError) -> ProtocolReading {
        let options = ProtocolReadOptions(
            workers: threads,
            pathPolicy: allowsOutside ? PathPolicy(allowsAbsolutePaths: true, allowsSymbolicLinks: true) : .strict,
            checksImageFiles: checksImageFiles
        )
        let descriptor = try ProtocolCatalogue.current.descriptor(name).setting(settings)
        return try ProtocolReader(descriptor, options: options).read(dataFolder: dataFolder)
    }
}

extension ProtocolCatalogue {
    /// The protocols that a program knows where it runs: those of the checkout around the working directory, if it is in
    /// one, before those that are built in.
    public static var current: ProtocolCatalogue {
        ProtocolCatalogue(folder: checkoutFolder(near: [FileManager.default.currentDirectoryPath]))
    }
}
