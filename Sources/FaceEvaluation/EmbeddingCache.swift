public import ArtifactFiles
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Embeddings kept on disk, so that a second evaluation embeds nothing and a killed one goes on where it stopped.
///
/// An entry is found by the digest of everything that makes it: image bytes, landmarks and view; the folder is named by
/// the digest of what makes the network. Entries are appended in whole records with a checksum: a record that was cut
/// off or damaged is not found, and so is computed again. Records are handed to the system at least every two seconds.
public final class EmbeddingCache: Sendable {
    /// How many damaged records were found and left out.
    public let damagedRecordCount: Int
    /// Length of an embedding.
    public let dimensions: Int
    private let segments: [Segment]
    private let state: Mutex<State>
    private let folder: String

    private static let magic: [UInt8] = Array("VERIFAREMB1\n".utf8)
    private static let flushBytes = 1 << 20
    private static let flushInterval = Duration.seconds(2)

    private struct State {
        var index: [Key: Location]
        var pending: [UInt8] = []
        var descriptor: Int32 = -1
        var lastFlush = ContinuousClock.now
    }

    /// The first 128 bits of an entry's digest.
    private struct Key: Hashable {
        var high: UInt64
        var low: UInt64

        init(_ digest: ContentDigest) {
            var words: (UInt64, UInt64) = (0, 0)
            for byte in digest.bytes[..<8] { words.0 = words.0 << 8 | UInt64(byte) }
            for byte in digest.bytes[8..<16] { words.1 = words.1 << 8 | UInt64(byte) }
            (high, low) = words
        }
    }

    private struct Location {
        var segment: Int32
        var record: UInt32
    }

    /// A file of an earlier run.
    private final class Segment: Sendable {
        let file: MappedFile

        init(_ file: consuming MappedFile) { self.file = file }
    }

    /// Opens or creates the cache of one network.
    ///
    /// - Parameters:
    ///   - root: The folder of all caches.
    ///   - network: The digest of weights, preprocessing and everything else that changes an embedding.
    ///   - dimensions: Length of an embedding.
    /// - Throws: ``InputError`` (`unwritable`) when the folder cannot be made or read.
    public init(root: String, network: ContentDigest, dimensions: Int) throws(InputError) {
        let folder = FileSystem.join(root, String(network.description.prefix(32)))
        try FileSystem.createFolder(folder)
        var segments: [Segment] = []
        var index: [Key: Location] = [:]
        var damaged = 0
        for name in try FileSystem.names(inFolder: folder) where name.hasSuffix(".embeddings") {
            let file = try MappedFile(path: FileSystem.join(folder, name))
            let segment = Int32(segments.count)
            file.withBytes { bytes in
                damaged += Self.scan(bytes, dimensions: dimensions) { digest, record in
                    index[Key(digest)] = Location(segment: segment, record: record)
                }
            }
            segments.append(Segment(file))
        }
        self.folder = folder
        self.dimensions = dimensions
        self.segments = segments
        damagedRecordCount = damaged
        state = Mutex(State(index: index))
    }

    deinit {
        state.withLock { state in
            if state.descriptor >= 0 { close(state.descriptor) }
        }
    }

    /// How many embeddings can be found.
    public var count: Int { state.withLock { $0.index.count } }

    /// Copies an embedding.
    ///
    /// - Parameters:
    ///   - digest: What makes the embedding.
    ///   - output: Receives `dimensions` numbers.
    /// - Returns: Whether it was there.
    public func copy(_ digest: ContentDigest, to output: UnsafeMutablePointer<Float>) -> Bool {
        guard let location = state.withLock({ $0.index[Key(digest)] }), location.segment >= 0 else { return false }
        return segments[Int(location.segment)].file
            .withBytes { bytes in
                let start = Self.magic.count + Int(location.record) * Self.recordSize(dimensions)
                guard let base = bytes.baseAddress,
                    bytes[start..<start + 32].elementsEqual(digest.bytes)
                else { return false }
                UnsafeMutableRawPointer(output).copyMemory(from: base + start + 32, byteCount: dimensions * 4)
                return true
            }
    }

    /// Adds an embedding.
    ///
    /// - Throws: ``InputError`` (`unwritable`), for instance when the disk is full.
    public func store(_ digest: ContentDigest, _ embedding: UnsafePointer<Float>) throws(InputError) {
        var record = digest.bytes
        record.reserveCapacity(Self.recordSize(dimensions))
        record += UnsafeRawBufferPointer(start: embedding, count: dimensions * 4)
        let checksum = record.withUnsafeBytes { Self.checksum($0) }
        withUnsafeBytes(of: checksum.littleEndian) { record += $0 }
        let failure = state.withLock { state -> InputError? in
            state.pending += record
            let isDue = state.pending.count >= Self.flushBytes || .now - state.lastFlush >= Self.flushInterval
            return isDue ? write(&state) : nil
        }
        if let failure { throw failure }
    }

    /// Hands everything that was added to the system.
    ///
    /// - Throws: ``InputError`` (`unwritable`).
    public func flush() throws(InputError) {
        if let failure = state.withLock({ write(&$0) }) { throw failure }
    }

    // MARK: The file

    private static func recordSize(_ dimensions: Int) -> Int { 32 + dimensions * 4 + 8 }

    private func write(_ state: inout State) -> InputError? {
        state.lastFlush = .now
        guard !state.pending.isEmpty else { return nil }
        if state.descriptor < 0 {
            state.descriptor = openSegment()
            guard state.descriptor >= 0 else { return unwritable() }
            state.pending = Self.magic + state.pending
        }
        var rest = state.pending[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(state.descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return unwritable() }
            rest = rest.dropFirst(written)
        }
        state.pending.removeAll(keepingCapacity: true)
        return nil
    }

    /// A file of this run's own: two runs at once do not disturb each other.
    private func openSegment() -> Int32 {
        for number in 0..<100_000 {
            let path = FileSystem.join(folder, "\(String(1_000_000 + number).dropFirst()).embeddings")
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 || errno != EEXIST { return descriptor }
        }
        return -1
    }

    private func unwritable() -> InputError {
        InputError(.unwritable, "cannot write the embedding cache: \(String(cString: strerror(errno)))", file: folder)
    }

    /// Calls back for every sound record; returns the number of damaged ones.
    private static func scan(
        _ bytes: UnsafeRawBufferPointer,
        dimensions: Int,
        found: (ContentDigest, UInt32) -> Void
    ) -> Int {
        guard bytes.count > magic.count, bytes[..<magic.count].elementsEqual(magic) else { return 0 }
        let size = recordSize(dimensions)
        let count = (bytes.count - magic.count) / size
        var damaged = 0
        for record in 0..<count {
            let start = magic.count + record * size
            let body = UnsafeRawBufferPointer(rebasing: bytes[start..<start + size - 8])
            let stated = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start + size - 8, as: UInt64.self))
            guard checksum(body) == stated, let digest = ContentDigest(bytes: Array(body[..<32])) else {
                damaged += 1
                continue
            }
            found(digest, UInt32(record))
        }
        return damaged
    }

    /// A 64-bit checksum over whole 32-bit words: against damage, not against malice.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0x9e37_79b9_7f4a_7c15
        for offset in stride(from: 0, to: bytes.count - 3, by: 4) {
            let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            sum = (sum ^ UInt64(word)) &* 0x0000_0100_0000_01b3
            sum ^= sum >> 29
        }
        return sum
    }
}

private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
    Glibc.write(descriptor, base, count)
    #elseif canImport(Musl)
    Musl.write(descriptor, base, count)
    #else
    Darwin.write(descriptor, base, count)
    #endif
}
