#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file that has no name yet, or one that nobody looks for.
struct TemporaryFile: ~Copyable {
    let descriptor: Int32
    /// nil while the file has no name.
    private var name: String?

    /// Opens a file in the folder of `path`.
    ///
    /// - Returns: nil, with `errno`, when it cannot be made.
    init?(beside path: String) {
        #if os(Linux)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        // Without /proc a nameless file could not be given a name (AT_EMPTY_PATH needs a privilege).
        if access("/proc/self/fd", X_OK) == 0 {
            let descriptor = open(folder, Self.nameless | O_WRONLY | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                self.descriptor = descriptor
                return
            }
        }
        #endif
        // The file system knows no nameless files.
        var descriptor: Int32 = -1
        var name = ""
        for candidate in Self.names(for: path) {
            name = candidate
            descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor < 0 && errno == EEXIST else { break }
        }
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        self.name = name
    }

    deinit {
        close(descriptor)
        if let name { unlink(name) }
    }

    /// Gives the file its place, over a file that is there.
    ///
    /// - Returns: False, with `errno`, when it cannot be; the destination is then as it was.
    mutating func move(to path: String) -> Bool {
        if name == nil {
            #if os(Linux)
            // At once where nothing is in the way; otherwise under another name first, for only a renaming replaces.
            let link = "/proc/self/fd/\(descriptor)"
            if linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 { return true }
            guard errno == EEXIST else { return false }
            for candidate in Self.names(for: path) {
                if linkat(AT_FDCWD, link, AT_FDCWD, candidate, AT_SYMLINK_FOLLOW) == 0 {
                    name = candidate
                    break
                }
                guard errno == EEXIST else { return false }
            }
            #endif
        }
        guard let name, rename(name, path) == 0 else { return false }
        self.name = nil
        return true
    }

    /// Names that are tried: two threads may write one destination, and a killed process of the same id may have left
    /// a file behind.
    private static func names(for path: String) -> some Sequence<String> {
        (0..<1000).lazy.map { "\(path).\(getpid())-\($0).partial" }
    }

    #if os(Linux)
    /// `O_TMPFILE`, a macro that Swift does not import: its own bit and that of O_DIRECTORY.
    private static let nameless = 0o20000000 | O_DIRECTORY
    #endif
}
