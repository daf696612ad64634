internal import Foundation

/// The few questions about folders that readers and commands ask.
public enum FileSystem {
    /// Creates a folder and its parents; an existing folder is fine.
    ///
    /// - Throws: ``InputError`` (`unwritable`).
    public static func createFolder(_ path: String) throws(InputError) {
        if exists(path), !isFolder(path) {
            throw InputError(.unwritable, "cannot create the folder", file: path, expected: "a folder", found: "a file")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw InputError(.unwritable, "cannot create the folder: \(lastSystemError())", file: path)
        }
    }

    /// Whether `path` is an existing folder.
    public static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    /// Whether anything exists at `path`.
    public static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The names in a folder, sorted by their UTF-8 bytes.
    ///
    /// - Throws: ``InputError`` (`missing`).
    public static func names(inFolder path: String) throws(InputError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        } catch {
            throw InputError(.missing, "cannot list the folder: \(lastSystemError())", file: path)
        }
    }

    /// Removes a file or folder if it is there.
    public static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// `folder/name`.
    public static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// The folder that a path lies in, as the path names it; `.` for a bare name.
    public static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component of a path.
    public static func lastComponent(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? path
    }
}
