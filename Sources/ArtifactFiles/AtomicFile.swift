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
/// that file has no name until then, so that a killed process leaves nothing behind; elsewhere, and for the moment in which
/// it replaces another file, it is called `<path>.<process>-<number>.partial`. A value that goes away without a commit
/// removes it.
public struct AtomicFile: ~Copyable {
    /// Where the file will appear.
    public let path: String
    private var temporary: TemporaryFile
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 18

    /// Opens a file without a name, or with another one, beside `path`.
    ///
    /// - Parameter path: The destination; its folder must exist.
    /// - Throws: ``InputError`` (`unwritable`).
    public init(path: String) throws(InputError) { try self.init(path: path, way: .linked) }

    /// Opens a file that gets its name in a certain way; see ``init(path:)``.
    package init(path: String, way: TemporaryFile.Way) throws(InputError) {
        guard let temporary = TemporaryFile(beside: path, way: way) else {
            throw InputError(.unwritable, "cannot write: \(lastSystemError())", file: path)
        }
        self.path = path
        self.temporary = temporary
        buffer.reserveCapacity(Self.bufferSize)
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
    public mutating func write(_ text: String) throws(InputError) {
        try write(Array(text.utf8))
    }

    /// Appends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(InputError) {
        // A closure cannot carry `inout self` through `withUnsafeBytes` with typed throws; copy the outcome out.
        var failure: InputError?
        bytes.withUnsafeBytes { raw in
            do throws(InputError) { try write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Flushes, syncs to disk and puts the file in its place.
    ///
    /// - Parameter surviving: Whether the file must survive a power failure; without, neither it nor its folder is synced
    ///   to disk, which suits thousands of small files that can be made again.
    /// - Throws: ``InputError`` (`unwritable`); the destination is then as it was.
    public consuming func commit(survivingPowerFailure surviving: Bool = true) throws(InputError) {
        try flush()
        guard temporary.move(to: path, survivingPowerFailure: surviving) else { throw writeFailure() }
    }

    private mutating func flush() throws(InputError) {
        var failure: InputError?
        buffer.withUnsafeBytes { raw in
            do throws(InputError) { try writeThrough(raw) } catch { failure = error }
        }
        buffer.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            #if canImport(Glibc)
            let written = Glibc.write(temporary.descriptor, start, rest.count)
            #elseif canImport(Musl)
            let written = Musl.write(temporary.descriptor, start, rest.count)
            #else
            let written = Darwin.write(temporary.descriptor, start, rest.count)
            #endif
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw writeFailure() }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    private func writeFailure() -> InputError {
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

    /// Writes a whole file, or leaves the destination as it was.
    ///
    /// - Parameters:
    ///   - text: The contents, written as UTF-8.
    ///   - path: The destination.
    /// - Throws: ``InputError`` (`unwritable`).
    public static func write(_ text: String, to path: String) throws(InputError) {
        try write(Array(text.utf8), to: path)
    }

    /// Writes a whole file, or leaves the destination as it was.
    ///
    /// - Parameters:
    ///   - bytes: The contents.
    ///   - path: The destination.
    /// - Throws: ``InputError`` (`unwritable`).
    public static func write(_ bytes: [UInt8], to path: String) throws(InputError) {
        var file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }
}
