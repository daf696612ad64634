#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// New files of a folder that take their places together.
///
/// They are written into a folder inside the destination and moved when all are there, which takes no room: when the disk
/// is full or the process is killed before, the destination is as it was. What a killed process left is removed by the
/// next one.
public struct StagedFolder: ~Copyable {
    /// Where the files are to be written.
    public let path: String
    private let destination: String

    /// Makes the folder.
    ///
    /// - Parameter destination: An existing folder.
    /// - Throws: ``InputError`` (`unwritable`).
    public init(in destination: String) throws(InputError) {
        let path = FileSystem.join(destination, ".unfinished")
        FileSystem.remove(path)
        try FileSystem.createFolder(path)
        self.path = path
        self.destination = destination
    }

    deinit { FileSystem.remove(path) }

    /// Moves the files to the destination, over those of the same names.
    ///
    /// - Parameters:
    ///   - seal: The file that says that the folder is whole: it is removed first and moved last.
    ///   - removing: What an earlier run may have left at the destination; it goes, where it is not among the new files.
    /// - Throws: ``InputError`` (`unwritable`).
    public consuming func commit(seal: String, removing: [String] = []) throws(InputError) {
        let files = try Self.files(in: path, below: "")
        FileSystem.remove(FileSystem.join(destination, seal))
        for name in removing where !files.contains(name) { FileSystem.remove(FileSystem.join(destination, name)) }
        for folder in Set(files.compactMap { Self.parent($0) }) {
            try FileSystem.createFolder(FileSystem.join(destination, folder))
        }
        for file in files.filter({ $0 != seal }) + files.filter({ $0 == seal }) {
            let target = FileSystem.join(destination, file)
            guard rename(FileSystem.join(path, file), target) == 0 else {
                throw InputError(.unwritable, "cannot write: \(lastSystemError())", file: target)
            }
        }
    }

    /// Paths relative to `root`.
    private static func files(in root: String, below folder: String) throws(InputError) -> [String] {
        var files: [String] = []
        for (name, kind) in try FileSystem.entries(inFolder: FileSystem.join(root, folder)) {
            let file = folder.isEmpty ? name : FileSystem.join(folder, name)
            if kind == .folder { files += try Self.files(in: root, below: file) } else { files.append(file) }
        }
        return files
    }

    private static func parent(_ file: String) -> String? {
        file.lastIndex(of: "/").map { String(file[..<$0]) }
    }
}
