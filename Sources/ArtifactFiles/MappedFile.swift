#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file's bytes, mapped read-only, or a pipe's, read to its end; unmapped when the value goes away.
///
/// The mapping is private to the reader, but a file that another process truncates while it is mapped
/// raises a bus error: map only files that nobody is writing.
public struct MappedFile: ~Copyable, @unchecked Sendable {
    // Sendable: the mapping is read-only and lives exactly as long as this value.
    /// The path it was opened from.
    public let path: String
    /// The file's length in bytes.
    public let count: Int
    private let base: UnsafeMutableRawPointer?

    /// Maps a regular file.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``InputError`` (`missing`) when it cannot be opened, is not a regular file or cannot be mapped.
    public init(path: String) throws(InputError) {
        let mapping = try Self.map(path)
        self.path = path
        count = mapping.count
        base = mapping.base
    }

    /// Maps a regular file, or reads a pipe to its end.
    ///
    /// - Parameter path: The file; `-` is the standard input.
    /// - Throws: ``InputError`` (`missing`) when it cannot be opened or read.
    public init(readingFileOrPipe path: String) throws(InputError) {
        let content = try Self.content(path)
        self.path = path == "-" ? "standard input" : path
        count = content.count
        base = content.base
    }

    private static func content(_ path: String) throws(InputError) -> (base: UnsafeMutableRawPointer?, count: Int) {
        let descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputError(.missing, "cannot open: \(lastSystemError())", file: path)
        }
        defer { close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            lseek(descriptor, 0, Int32(SEEK_CUR)) == 0
        {
            return (try memory(Int(status.st_size), descriptor, path), Int(status.st_size))
        }
        let bytes = try read(descriptor, path)
        let base = try memory(bytes.count, -1, path)
        bytes.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { base?.copyMemory(from: source, byteCount: bytes.count) }
        }
        return (base, bytes.count)
    }

    /// Reads what comes, until nothing more does.
    private static func read(_ descriptor: Int32, _ path: String) throws(InputError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, &piece, piece.count)
            #elseif canImport(Musl)
            let count = Musl.read(descriptor, &piece, piece.count)
            #else
            let count = Darwin.read(descriptor, &piece, piece.count)
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw InputError(.missing, "cannot read: \(lastSystemError())", file: path) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Maps a file, or memory of its own for a descriptor of -1; nil for no bytes.
    private static func memory(
        _ count: Int,
        _ descriptor: Int32,
        _ path: String
    ) throws(InputError) -> UnsafeMutableRawPointer? {
        guard count > 0 else { return nil }
        let isOwn = descriptor < 0
        let address = mmap(
            nil,
            count,
            isOwn ? PROT_READ | PROT_WRITE : PROT_READ,
            isOwn ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE,
            descriptor,
            0
        )
        guard let address, address != MAP_FAILED else {
            throw InputError(.missing, "cannot map: \(lastSystemError())", file: path)
        }
        return address
    }

    private static func map(_ path: String) throws(InputError) -> (base: UnsafeMutableRawPointer?, count: Int) {
        // Non-blocking, or a named pipe would hold the open until somebody writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw InputError(.missing, "cannot open: \(lastSystemError())", file: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw InputError(.missing, "not a regular file", file: path)
            }
            let names = (try? FileSystem.names(inFolder: path).prefix(3).joined(separator: ", ")) ?? ""
            throw InputError(
                .missing,
                "a folder stands where a file must",
                file: path,
                found: names.isEmpty ? nil : names
            )
        }
        let length = Int(status.st_size)
        return (try memory(length, descriptor, path), length)
    }

    deinit {
        if let base { munmap(base, count) }
    }

    /// The bytes; valid while `self` is alive.
    ///
    /// - Parameter body: Receives all bytes of the file.
    /// - Returns: What `body` returns.
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Tells the system that the bytes will be read from front to back.
    public borrowing func adviseSequential() {
        if let base { madvise(base, count, Int32(MADV_SEQUENTIAL)) }
    }
}

/// A file that several readers share; closed when the last of them goes away.
package final class SharedFile: Sendable {
    private let file: MappedFile
    /// What messages call it.
    package let path: String

    /// Shares a file.
    package init(_ file: consuming MappedFile) {
        path = file.path
        self.file = file
    }

    /// The bytes; valid while the file is.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(body)
    }

    /// The digest of all bytes.
    package var digest: ContentDigest { file.withBytes { ContentDigest(of: $0) } }
}
