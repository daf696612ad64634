public import ArtifactFiles
internal import Foundation

/// A text file that grows by lines and can be cut back to an earlier length, so that a resumed run's log is that of an
/// undisturbed one.
public final class AppendedLog {
    /// The file.
    public let path: String
    /// Its length in bytes, with what is not on disk yet.
    public private(set) var length: Int
    private let handle: FileHandle
    private var waiting = Data()

    /// Opens or makes a file.
    ///
    /// - Parameters:
    ///   - path: The file; its folder must exist.
    ///   - length: How many of its bytes to keep; the file must have as many.
    /// - Throws: `InputError`: `truncated` when the file is shorter, `unwritable`.
    public init(path: String, keeping length: Int) throws(InputError) {
        self.path = path
        self.length = length
        if !FileSystem.exists(path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw InputError(.unwritable, "the log cannot be opened for writing", file: path)
        }
        self.handle = handle
        do {
            let found = Int(try handle.seekToEnd())
            guard found >= length else {
                throw InputError(
                    .truncated,
                    "the log is shorter than it was when the state was saved",
                    file: path,
                    expected: "\(length) bytes",
                    found: "\(found)"
                )
            }
            try handle.truncate(atOffset: UInt64(length))
            try handle.seek(toOffset: UInt64(length))
        } catch let error as InputError {
            throw error
        } catch {
            throw InputError(.unwritable, "the log cannot be written: \(error.localizedDescription)", file: path)
        }
    }

    deinit { try? handle.close() }

    /// Adds a line.
    public func add(_ line: String) {
        let data = Data((line + "\n").utf8)
        waiting.append(data)
        length += data.count
    }

    /// Brings everything to the file.
    ///
    /// - Throws: `InputError` (`unwritable`).
    public func flush() throws(InputError) {
        guard !waiting.isEmpty else { return }
        do {
            try handle.write(contentsOf: waiting)
            waiting.removeAll(keepingCapacity: true)
        } catch {
            throw InputError(.unwritable, "the log cannot be written: \(error.localizedDescription)", file: path)
        }
    }
}
