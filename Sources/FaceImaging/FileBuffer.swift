public import ArtifactFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// One file's bytes in memory that is kept for the next file.
///
/// A small file is read faster this way than mapped, and one that changes meanwhile cannot raise a bus error.
public struct FileBuffer: ~Copyable, @unchecked Sendable {
    // Sendable: the sole owner of its memory.
    /// Files larger than this are refused before memory is reserved for them.
    public static let defaultByteLimit = 1 << 29

    /// The file's length in bytes.
    public private(set) var count = 0
    private let byteLimit: Int
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// Creates an empty buffer.
    ///
    /// - Parameter byteLimit: Files larger than this are refused.
    public init(byteLimit: Int = FileBuffer.defaultByteLimit) {
        self.byteLimit = byteLimit
    }

    deinit { memory.deallocate() }

    /// The bytes; valid until the next file is read.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// Reads a whole regular file, in place of the one before.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``InputError``: `missing` when it cannot be opened or read or is not a regular file,
    ///   `limitExceeded` when it is larger than the limit.
    public mutating func read(_ path: String) throws(InputError) {
        count = 0
        guard !path.utf8.contains(0) else { throw InputError(.missing, "a path holds a zero byte", file: path) }
        // Without O_NONBLOCK a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw InputError(.missing, "cannot open: \(lastSystemError())", file: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw InputError(.missing, "not a regular file", file: path)
        }
        let size = Int(status.st_size)
        guard size <= byteLimit else {
            throw InputError(
                .limitExceeded,
                "the file is too large",
                file: path,
                expected: "at most \(byteLimit) bytes",
                found: "\(size)"
            )
        }
        reserve(size)
        while count < size {
            let part = pread(descriptor, memory.baseAddress?.advanced(by: count), size - count, off_t(count))
            if part < 0 && errno == EINTR { continue }
            guard part >= 0 else { throw InputError(.missing, "cannot read: \(lastSystemError())", file: path) }
            if part == 0 { break }
            count += part
        }
    }

    /// More than this is given back when a much smaller file follows.
    private static let keptBytes = 1 << 24

    private mutating func reserve(_ size: Int) {
        let isOversized = memory.count > Self.keptBytes && size < memory.count / 4
        guard memory.count < size || isOversized else { return }
        memory.deallocate()
        memory = .allocate(byteCount: size + size / 2, alignment: 64)
    }
}
