internal import Crypto

/// A SHA-256 digest: how inputs name a run and a cache entry.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// The digest of some bytes.
    public init(of content: UnsafeRawBufferPointer) { self.init(of: [content]) }

    /// The digest of several pieces, one after the other.
    public init(of pieces: [UnsafeRawBufferPointer]) {
        var hash = SHA256()
        for piece in pieces { hash.update(bufferPointer: piece) }
        bytes = Array(hash.finalize())
    }

    /// The digest of pieces that are made one after the other, so that they never lie in memory together.
    public init<Pieces: Sequence>(ofPieces pieces: Pieces) where Pieces.Element == [UInt8] {
        var hash = SHA256()
        for piece in pieces { piece.withUnsafeBytes { hash.update(bufferPointer: $0) } }
        bytes = Array(hash.finalize())
    }

    /// A digest that was saved; nil unless there are 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The digest of some bytes.
    public init(of content: [UInt8]) {
        self = content.withUnsafeBytes { ContentDigest(of: $0) }
    }

    /// The digest of a text's UTF-8.
    public init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    /// The digest of a file.
    ///
    /// - Throws: ``InputError`` (`missing`).
    public init(ofFile path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        self = file.withBytes { ContentDigest(of: $0) }
    }

    /// The digest in lower-case hexadecimal, 64 digits.
    public var description: String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
