#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file that appears whole or not at all.
///
/// Bytes go to a file in the same folder that gets its place on ``commit(survivingPowerFailure:)``. Where the system can,
/// that file has no name until then (O_TMPFILE), so that a killed process leaves nothing behind; elsewhere, and for the
/// moment in which it replaces another file, it is called `<path>.<process>-<number>.partial`. A value that goes away
/// without a commit removes it.
public struct AtomicFile: ~Copyable {
    /// How a file gets its name; where the system cannot do the first, the others take over.
    package enum Way: CaseIterable, Sendable {
        /// When it is whole, as a link to the nameless file.
        case linked
        /// When it is whole, as a copy: where a sandbox or a file system refuses links.
        case copied
        /// At once, a temporary one: where the file system knows no nameless files.
        case renamed
    }

    /// Where the file will appear.
    public let path: String
    private let descriptor: Int32
    private let way: Way
    /// nil while the file has no name, and when it is in its place.
    private var temporaryName: String?
    private var buffer: [UInt8] = []
    /// How many bytes are in the file.
    private var size: off_t = 0
    private static let bufferSize = 1 << 18

    /// Opens a file without a name, or with another one, beside `path`.
    ///
    /// - Parameter path: The destination; its folder must exist.
    /// - Throws: ``InputError`` (`unwritable`).
    public init(path: String) throws(InputError) { try self.init(path: path, way: .linked) }

    /// Opens a file that gets its name in a certain way; see ``init(path:)``.
    package init(path: String, way: Way) throws(InputError) {
        self.path = path
        buffer.reserveCapacity(Self.bufferSize)
        #if os(Linux)
        // Without /proc a nameless file could not be given a name (AT_EMPTY_PATH needs a privilege).
        if way != .renamed, access("/proc/self/fd", X_OK) == 0 {
            // O_TMPFILE, a macro that Swift does not import: its own bit and that of O_DIRECTORY.
            let nameless = 0o20000000 | O_DIRECTORY
            let descriptor = open(FileSystem.parent(of: path), nameless | O_RDWR | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                self.descriptor = descriptor
                self.way = way
                return
            }
        }
        #endif
        guard let (descriptor, name) = Self.openNamed(for: path) else { throw Self.failure(path) }
        self.descriptor = descriptor
        self.way = .renamed
        temporaryName = name
    }

    deinit {
        close(descriptor)
        if let temporaryName { unlink(temporaryName) }
    }

    /// Appends bytes.
    ///
    /// - Throws: ``InputError`` (`unwritable`), for instance when the disk is full.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count >= Self.bufferSize {
            try writeThrough(bytes)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    /// Appends the UTF-8 of `text`.
    public mutating func write(_ text: String) throws(InputError) { try write(Array(text.utf8)) }

    /// Appends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(InputError) {
        try bytes.withUnsafeBufferPointer { bytes throws(InputError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Flushes, syncs to disk and puts the file in its place.
    ///
    /// - Parameter surviving: Whether the file must survive a power failure; without, neither it nor its folder is synced
    ///   to disk, which suits thousands of small files that can be made again.
    /// - Throws: ``InputError`` (`unwritable`); the destination is then as it was.
    public consuming func commit(survivingPowerFailure surviving: Bool = true) throws(InputError) {
        try flush()
        guard !surviving || fsync(descriptor) == 0, takePlace(surviving), !surviving || Self.syncFolder(of: path) else {
            throw Self.failure(path)
        }
    }

    private mutating func flush() throws(InputError) {
        var bytes: [UInt8] = []
        swap(&bytes, &buffer)
        try bytes.withUnsafeBufferPointer { bytes throws(InputError) in
            try writeThrough(UnsafeRawBufferPointer(bytes))
        }
        bytes.removeAll(keepingCapacity: true)
        buffer = bytes
    }

    private mutating func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = pwrite(descriptor, rest.baseAddress, rest.count, size)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw Self.failure(path) }
            size += off_t(written)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Gives the file its name, over a file that has it; false, with `errno`, when it cannot be.
    private mutating func takePlace(_ surviving: Bool) -> Bool {
        #if os(Linux)
        if temporaryName == nil, way == .linked {
            if link(as: path) { return true }
            if errno == EEXIST {
                // Something is in the way, which only a renaming replaces.
                for name in Self.temporaryNames(for: path) {
                    if link(as: name) {
                        temporaryName = name
                    } else if errno == EEXIST {
                        continue
                    }
                    break
                }
            }
            // No room, or nothing may be written; after any other error links are refused here.
            if temporaryName == nil, [ENOSPC, EDQUOT, EROFS, EEXIST, ENOENT].contains(errno) { return false }
        }
        if temporaryName == nil { temporaryName = copy(surviving) }
        #endif
        guard let name = temporaryName, rename(name, path) == 0 else { return false }
        temporaryName = nil
        return true
    }

    #if os(Linux)
    private func link(as name: String) -> Bool {
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
    }

    /// Copies the bytes into a file with a temporary name.
    private func copy(_ surviving: Bool) -> String? {
        guard let (target, name) = Self.openNamed(for: path) else { return nil }
        defer { close(target) }
        var offset: off_t = 0
        while offset < size, sendfile(target, descriptor, &offset, Int(size - offset)) > 0 {}
        if offset == size, !surviving || fsync(target) == 0 { return name }
        let reason = errno
        unlink(name)
        errno = reason
        return nil
    }
    #endif

    /// Opens a file with a temporary name beside `path`.
    private static func openNamed(for path: String) -> (descriptor: Int32, name: String)? {
        for name in temporaryNames(for: path) {
            let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 { return (descriptor, name) }
            guard errno == EEXIST else { break }
        }
        return nil
    }

    /// Names that are tried: two threads may write one destination, and a killed process of the same id may have left
    /// a file behind.
    private static func temporaryNames(for path: String) -> some Sequence<String> {
        (0..<1000).lazy.map { "\(path).\(getpid())-\($0).partial" }
    }

    /// Has a folder's names written to the disk; file systems that cannot sync a folder need not.
    private static func syncFolder(of path: String) -> Bool {
        let folder = open(FileSystem.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder that may be written but not read.
        guard folder >= 0 else { return true }
        defer { close(folder) }
        return fsync(folder) == 0 || errno == EINVAL || errno == EBADF
    }

    private static func failure(_ path: String) -> InputError {
        InputError(.unwritable, "cannot write: \(lastSystemError())", file: path)
    }
}

extension AtomicFile {
    /// Finds out before hours of work whether a file could be written.
    ///
    /// - Throws: ``InputError`` (`unwritable`).
    public static func check(_ path: String) throws(InputError) {
        guard !FileSystem.isFolder(path) else {
            throw InputError(.unwritable, "cannot write: a folder has this name", file: path)
        }
        _ = try AtomicFile(path: path)
    }

    /// Writes a whole file as UTF-8, or leaves the destination as it was.
    public static func write(_ text: String, to path: String) throws(InputError) {
        try write(Array(text.utf8), to: path)
    }

    /// Writes a whole file, or leaves the destination as it was.
    public static func write(_ bytes: [UInt8], to path: String) throws(InputError) {
        var file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }
}
