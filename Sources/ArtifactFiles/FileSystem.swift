internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What readers and commands ask of files and folders.
public enum FileSystem {
    /// What stands under a name.
    public enum Kind: Sendable {
        case file
        case link
        case folder
        /// A pipe, a socket, a device.
        case other
    }

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

    /// Kind and size in bytes of what stands under a name; nil for nothing.
    ///
    /// - Parameter followsLinks: Whether a link stands for what it leads to.
    public static func status(_ path: String, followsLinks: Bool = true) -> (kind: Kind, size: Int)? {
        var status = stat()
        guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFLNK: .link
            case S_IFDIR: .folder
            default: .other
            }
        return (kind, Int(status.st_size))
    }

    /// Whether `path` is a folder, or a link to one.
    public static func isFolder(_ path: String) -> Bool { status(path)?.kind == .folder }

    public static func exists(_ path: String) -> Bool { status(path) != nil }

    /// Whether a component of a relative path is a symbolic link.
    public static func hasLink(_ path: some StringProtocol, below root: String) -> Bool {
        var place = root
        for component in path.split(separator: "/") {
            place += "/" + component
            if status(place, followsLinks: false)?.kind == .link { return true }
        }
        return false
    }

    /// What a folder holds, sorted by the UTF-8 bytes of the names; links are not followed.
    ///
    /// - Throws: ``InputError`` (`missing`).
    public static func entries(inFolder path: String) throws(InputError) -> [(name: String, kind: Kind)] {
        guard let folder = opendir(path) else {
            throw InputError(.missing, "cannot list the folder: \(lastSystemError())", file: path)
        }
        defer { closedir(folder) }
        var entries: [(name: String, kind: Kind)] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            switch Int32(entry.pointee.d_type) {
            case Int32(DT_REG): entries.append((name, .file))
            case Int32(DT_LNK): entries.append((name, .link))
            case Int32(DT_DIR): entries.append((name, .folder))
            case Int32(DT_UNKNOWN):
                // A file system that does not say.
                entries.append((name, status(join(path, name), followsLinks: false)?.kind ?? .other))
            default: entries.append((name, .other))
            }
        }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The names in a folder, sorted by their UTF-8 bytes.
    ///
    /// - Throws: ``InputError`` (`missing`).
    public static func names(inFolder path: String) throws(InputError) -> [String] {
        try entries(inFolder: path).map(\.name)
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

/// The text of the calling thread's last system error.
package func lastSystemError() -> String { String(cString: strerror(errno)) }
