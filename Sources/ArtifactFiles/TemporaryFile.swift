#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file that has no name yet, or one that nobody looks for.
package struct TemporaryFile: ~Copyable {
    /// How a file gets its name.
    package enum Way: CaseIterable, Sendable {
        /// When it is whole, as a link to the nameless file.
        case linked
        /// When it is whole, as a copy: where a sandbox or a file system refuses links.
        case copied
        /// At once, a temporary one: where the file system knows no nameless files.
        case renamed
    }

    let descriptor: Int32
    private let way: Way
    /// nil while the file has no name.
    private var name: String?

    /// Opens a file in the folder of `path`.
    ///
    /// - Parameters:
    ///   - path: Where the file will be.
    ///   - way: The way that is tried first; the others take over where the system cannot do it.
    /// - Returns: nil, with `errno`, when it cannot be made.
    init?(beside path: String, way: Way = .linked) {
        #if os(Linux)
        // Without /proc a nameless file could not be given a name (AT_EMPTY_PATH needs a privilege).
        if way != .renamed, access("/proc/self/fd", X_OK) == 0 {
            let descriptor = open(Self.folder(of: path), Self.nameless | O_RDWR | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                self.descriptor = descriptor
                self.way = way
                return
            }
        }
        #endif
        guard let named = Self.named(for: path) else { return nil }
        (descriptor, name) = named
        self.way = .renamed
    }

    deinit {
        close(descriptor)
        if let name { unlink(name) }
    }

    /// Gives the file its place, over a file that is there.
    ///
    /// - Parameters:
    ///   - path: The place.
    ///   - surviving: Whether file and name are on the disk when this returns.
    /// - Returns: False, with `errno`, when it cannot be; the destination is then as it was.
    mutating func move(to path: String, survivingPowerFailure surviving: Bool) -> Bool {
        guard !surviving || fsync(descriptor) == 0 else { return false }
        if name == nil {
            switch way == .linked ? link(to: path) : .refused {
            case .done: return !surviving || Self.syncFolder(of: path)
            case .failed: return false
            case .named(let candidate): name = candidate
            case .refused:
                guard let copy = copy(for: path, survivingPowerFailure: surviving) else { return false }
                name = copy
            }
        }
        guard let name, rename(name, path) == 0 else { return false }
        self.name = nil
        return !surviving || Self.syncFolder(of: path)
    }

    private enum Linking {
        /// The file is in its place.
        case done
        /// Something is in the way, which only a renaming replaces: the file has this name.
        case named(String)
        /// Links cannot be made here.
        case refused
        /// There is no room, or nothing may be written.
        case failed
    }

    private func link(to path: String) -> Linking {
        #if os(Linux)
        let own = "/proc/self/fd/\(descriptor)"
        if linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 { return .done }
        if errno == EEXIST {
            for candidate in Self.names(for: path) {
                if linkat(AT_FDCWD, own, AT_FDCWD, candidate, AT_SYMLINK_FOLLOW) == 0 { return .named(candidate) }
                guard errno == EEXIST else { break }
            }
        }
        return [ENOSPC, EDQUOT, EROFS, EEXIST, ENOENT].contains(errno) ? .failed : .refused
        #else
        return .refused
        #endif
    }

    /// Copies the bytes into a file with a name.
    private func copy(for path: String, survivingPowerFailure surviving: Bool) -> String? {
        guard let (target, name) = Self.named(for: path) else { return nil }
        defer { close(target) }
        var isWhole = true
        var offset: off_t = 0
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
            while isWhole {
                let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
                if count == 0 { break }
                var done = 0
                while done < count {
                    let written = pwrite(target, buffer.baseAddress.map { $0 + done }, count - done, offset)
                    if written <= 0 { break }
                    done += written
                    offset += off_t(written)
                }
                isWhole = count > 0 && done == count
            }
        }
        if isWhole, !surviving || fsync(target) == 0 { return name }
        let reason = errno
        unlink(name)
        errno = reason
        return nil
    }

    /// Opens a file with a temporary name beside `path`.
    private static func named(for path: String) -> (descriptor: Int32, name: String)? {
        for name in names(for: path) {
            let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 { return (descriptor, name) }
            guard errno == EEXIST else { break }
        }
        return nil
    }

    /// Names that are tried: two threads may write one destination, and a killed process of the same id may have left
    /// a file behind.
    private static func names(for path: String) -> some Sequence<String> {
        (0..<1000).lazy.map { "\(path).\(getpid())-\($0).partial" }
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    }

    /// Has a folder's names written to the disk.
    ///
    /// File systems that cannot sync a folder need not.
    private static func syncFolder(of path: String) -> Bool {
        let folder = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder that may be written but not read.
        guard folder >= 0 else { return true }
        defer { close(folder) }
        return fsync(folder) == 0 || errno == EINVAL || errno == EBADF
    }

    #if os(Linux)
    /// `O_TMPFILE`, a macro that Swift does not import: its own bit and that of O_DIRECTORY.
    private static let nameless = 0o20000000 | O_DIRECTORY
    #endif
}
