package import ArtifactFiles
internal import FaceImaging

/// How pictures are stored in a pack.
public enum PackedPictureEncoding: Hashable, Sendable {
    /// As they are: nothing to decode, width × height × 3 bytes each.
    case pixels
    /// As JPEG of this quality without chroma subsampling: about a sixth of the space, small changes of the pixels.
    case jpeg(quality: Int)

    var code: UInt32 {
        switch self {
        case .pixels: 0
        case .jpeg: 1
        }
    }
}

/// Labelled pictures of one size in one file, keyed by a digest of what they were made from.
///
/// Layout, little-endian: 16 bytes of magic; the key's 32 bytes; the pictures; a table of (offset u64, length u32,
/// label u32, checksum u64); a footer of table offset u64, count, classes, width, height, encoding, 0 (u32 each) and magic.
package final class PackedPictures: Sendable {
    struct Entry {
        var offset: Int
        var length: Int
        var label: Int
        var checksum: UInt64
    }

    static let magic = Array("VERIFAR-FACES-1\n".utf8)
    static let headerSize = 48
    static let entrySize = 24
    static let footerSize = 48

    let path: String
    package let count: Int
    package let classCount: Int
    let size: PictureSize
    let isJPEG: Bool
    private let table: Int
    private let file: MappedFile

    /// Opens a pack.
    ///
    /// - Throws: ``InputError``: `missing`; `mismatch` for another key; `malformed` for a file that is none.
    package init(path: String, key: ContentDigest) throws(InputError) {
        let file = try MappedFile(path: path)
        let layout = try file.withBytes { bytes throws(InputError) in
            do throws(InputError) { return try Layout(bytes, key: key) } catch { throw error.inFile(path) }
        }
        self.path = path
        (count, classCount, size, isJPEG, table) =
            (layout.count, layout.classCount, layout.size, layout.isJPEG, layout.table)
        self.file = file
    }

    package func label(of picture: Int) -> Int { file.withBytes { Self.entry(picture, $0, table).label } }

    /// Hands over a picture's bytes.
    ///
    /// - Throws: ``InputError`` (`malformed`) when they are not what was written.
    package func withBytes<Result>(
        of picture: Int,
        _ body: (UnsafeRawBufferPointer) throws(InputError) -> Result
    ) throws(InputError) -> Result {
        try file.withBytes { bytes throws(InputError) in
            let entry = Self.entry(picture, bytes, table)
            let (end, overflow) = entry.offset.addingReportingOverflow(entry.length)
            guard entry.offset >= Self.headerSize, !overflow, end <= table else { throw damaged(picture) }
            let content = UnsafeRawBufferPointer(rebasing: bytes[entry.offset..<end])
            guard Self.checksum(content) == entry.checksum else { throw damaged(picture) }
            return try body(content)
        }
    }

    func damaged(_ picture: Int) -> InputError {
        let problem = "the cached picture is damaged; remove the file"
        return InputError(.malformed, problem, file: path, place: "picture \(picture)")
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            sum = (sum ^ word) &* 0xff51_afd7_ed55_8ccd
            sum ^= sum >> 32
            offset += 8
        }
        while offset < bytes.count {
            sum = (sum ^ UInt64(bytes[offset])) &* 0xff51_afd7_ed55_8ccd
            offset += 1
        }
        return sum ^ sum >> 29
    }

    private static func entry(_ picture: Int, _ bytes: UnsafeRawBufferPointer, _ table: Int) -> Entry {
        let start = table + picture * entrySize
        return Entry(
            // A negative offset is refused where it is used.
            offset: Int(truncatingIfNeeded: bytes.word64(start)),
            length: Int(bytes.word32(start + 8)),
            label: Int(bytes.word32(start + 12)),
            checksum: bytes.word64(start + 16)
        )
    }

    private struct Layout {
        var count: Int
        var classCount: Int
        var size: PictureSize
        var isJPEG: Bool
        var table: Int

        init(_ bytes: UnsafeRawBufferPointer, key: ContentDigest) throws(InputError) {
            let least = PackedPictures.headerSize + PackedPictures.footerSize
            guard bytes.count >= least, bytes[..<16].elementsEqual(PackedPictures.magic),
                bytes.suffix(16).elementsEqual(PackedPictures.magic)
            else { throw InputError(.malformed, "not a file of cached pictures") }
            guard bytes[16..<48].elementsEqual(key.bytes) else {
                let found = ContentDigest(bytes: Array(bytes[16..<48])).map { "\($0)" }
                throw InputError(.mismatch, "cached pictures of something else", expected: "\(key)", found: found)
            }
            let footer = bytes.count - PackedPictures.footerSize
            count = Int(bytes.word32(footer + 8))
            classCount = Int(bytes.word32(footer + 12))
            size = PictureSize(width: Int(bytes.word32(footer + 16)), height: Int(bytes.word32(footer + 20)))
            isJPEG = bytes.word32(footer + 24) == 1
            guard let table = Int(exactly: bytes.word64(footer)), table >= PackedPictures.headerSize,
                table <= footer, footer - table == count * PackedPictures.entrySize,
                (1...4096).contains(size.width), (1...4096).contains(size.height), bytes.word32(footer + 24) <= 1
            else { throw InputError(.malformed, "the table of cached pictures is damaged") }
            self.table = table
            for picture in 0..<count {
                guard bytes.word32(table + picture * PackedPictures.entrySize + 12) < classCount else {
                    throw InputError(.malformed, "the table of cached pictures is damaged", place: "picture \(picture)")
                }
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// A little-endian word; the caller has checked the bounds.
    func word32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// A little-endian word; the caller has checked the bounds.
    func word64(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension [UInt8] {
    /// Appends a number, least significant byte first.
    mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// Writes a pack, whole or not at all.
package struct PackedPictureWriter: ~Copyable {
    private var file: AtomicFile
    private var table: [UInt8] = []
    private var position: Int
    private var count = 0
    private let size: PictureSize
    private let classCount: Int
    private let encoding: PackedPictureEncoding

    package init(
        path: String,
        key: ContentDigest,
        size: PictureSize,
        classCount: Int,
        encoding: PackedPictureEncoding
    ) throws(InputError) {
        var file = try AtomicFile(path: path)
        try file.write(PackedPictures.magic + key.bytes)
        self.file = file
        self.size = size
        self.classCount = classCount
        self.encoding = encoding
        position = PackedPictures.headerSize
    }

    /// Appends a picture that was encoded.
    package mutating func append(_ bytes: [UInt8], label: Int) throws(InputError) {
        try file.write(bytes)
        table.append(littleEndian: UInt64(position))
        table.append(littleEndian: UInt32(bytes.count))
        table.append(littleEndian: UInt32(label))
        table.append(littleEndian: bytes.withUnsafeBytes { PackedPictures.checksum($0) })
        position += bytes.count
        count += 1
    }

    package consuming func commit() throws(InputError) {
        var footer: [UInt8] = []
        footer.append(littleEndian: UInt64(position))
        for number in [count, classCount, size.width, size.height] { footer.append(littleEndian: UInt32(number)) }
        footer.append(littleEndian: encoding.code)
        footer.append(littleEndian: UInt32(0))
        try file.write(table)
        try file.write(footer + PackedPictures.magic)
        try file.commit()
    }
}
