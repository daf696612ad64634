internal import ArtifactFiles
internal import Foundation

/// A folder in memory where there is one, removed at the end.
public final class ScratchFolder {
    /// Its path.
    public let path: String

    /// Makes it.
    public init() throws {
        let root = FileSystem.isFolder("/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = FileSystem.join(
            root,
            "verifar-foreign-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
        )
        try FileSystem.createFolder(path)
    }

    deinit { FileSystem.remove(path) }

    /// Writes a file over the one before.
    ///
    /// - Returns: Its path.
    @discardableResult public func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = FileSystem.join(path, name)
        var stream = fopen(file, "w")
        if stream == nil {
            try FileSystem.createFolder(String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]))
            stream = fopen(file, "w")
        }
        guard let stream else { throw InputError(.unwritable, "cannot write", file: file) }
        defer { fclose(stream) }
        guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
            throw InputError(.unwritable, "cannot write", file: file)
        }
        return file
    }
}
