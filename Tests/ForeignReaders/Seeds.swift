internal import ArtifactFiles
internal import TestSupport

/// Inputs out of `Fixtures/`.
enum Seeds {
    /// The longest file that is used: longer ones make slow mutants.
    static let longest = 1 << 16

    /// The bytes of a folder's files; none where there is no such folder.
    ///
    /// - Parameters:
    ///   - folder: Below `Fixtures/`.
    ///   - suffix: What their names end in.
    static func files(_ folder: String, endingIn suffix: String) throws -> [[UInt8]] {
        guard FileSystem.isFolder(Fixture.path(folder)) else { return [] }
        return try FileSystem.names(inFolder: Fixture.path(folder))
            .filter { $0.hasSuffix(suffix) }
            .map { try file("\(folder)/\($0)") }
            .filter { $0.count <= longest }
    }

    /// The bytes of a file below `Fixtures/`.
    static func file(_ name: String) throws -> [UInt8] { try bytes(of: Fixture.path(name)) }

    /// The bytes of a file.
    static func bytes(of path: String) throws -> [UInt8] { try MappedFile(path: path).withBytes { Array($0) } }
}
