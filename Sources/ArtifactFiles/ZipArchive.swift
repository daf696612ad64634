/// The directory of a zip archive whose entries are stored without compression, as PyTorch and NumPy write it.
///
/// Sizes and places come from the central directory; local headers only say where the data begins. Entries that
/// overlap, leave the file or appear twice are refused.
package struct ZipArchive {
    /// One file.
    private struct Entry {
        var name: String
        var method: UInt16
        var flags: UInt16
        var checksum: UInt32
        var storedSize: Int
        var size: Int
        var headerOffset: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private var entries: [String: Entry] = [:]
    /// The names in the directory's order.
    package private(set) var names: [String] = []

    /// Reads and checks the directory.
    package init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        self.bytes = bytes
        let directory = try ZipDirectoryLocator(bytes).locate()
        var reader = ByteReader(
            try slice(bytes, from: directory.offset, count: directory.size, place: "zip directory"),
            part: "zip directory"
        )
        guard directory.count <= directory.size / 46 else {
            throw InputError(.malformed, "too many entries for its size", place: "zip directory")
        }
        for _ in 0..<directory.count {
            let entry = try Self.entry(&reader)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw InputError(.malformed, "two entries have this name", place: "zip entry '\(entry.name)'")
            }
            names.append(entry.name)
        }
        try checkOverlap(directoryOffset: directory.offset)
    }

    /// Whether there is an entry of this name.
    package func contains(_ name: String) -> Bool { entries[name] != nil }

    /// The bytes of an entry.
    ///
    /// - Throws: ``InputError`` when it is missing, compressed, encrypted or damaged.
    package func content(_ name: String) throws(InputError) -> UnsafeRawBufferPointer {
        let place = "zip entry '\(name)'"
        guard let entry = entries[name] else { throw InputError(.missing, "the entry is missing", place: place) }
        guard entry.flags & 1 == 0 else { throw InputError(.unsupported, "the entry is encrypted", place: place) }
        guard entry.method == 0, entry.storedSize == entry.size else {
            throw InputError(
                .unsupported,
                "the entry is compressed",
                place: place,
                expected: "an archive without compression, as torch.save and numpy.savez write it",
                found: "method \(entry.method)"
            )
        }
        let content = try slice(bytes, from: try dataOffset(of: entry), count: entry.size, place: place)
        // PyTorch writes 0 when told not to compute checksums.
        guard entry.checksum == 0 || CRC32.checksum(content) == entry.checksum else {
            throw InputError(.mismatch, "the entry is damaged: its checksum does not fit", place: place)
        }
        return content
    }

    private func dataOffset(of entry: Entry) throws(InputError) -> Int {
        let place = "zip entry '\(entry.name)'"
        var header = ByteReader(
            try slice(bytes, from: entry.headerOffset, count: 30, place: place),
            part: place
        )
        guard try header.integer(UInt32.self) == 0x0403_4b50 else {
            throw InputError(.malformed, "no local header", place: place)
        }
        _ = try header.take(22)
        let nameLength = Int(try header.integer(UInt16.self))
        let extraLength = Int(try header.integer(UInt16.self))
        let nameOffset = entry.headerOffset + 30
        let name = try slice(bytes, from: nameOffset, count: nameLength, place: place)
        guard name.elementsEqual(entry.name.utf8) else {
            throw InputError(.malformed, "the local header has another name", place: place)
        }
        return nameOffset + nameLength + extraLength
    }

    private static func entry(_ reader: inout ByteReader) throws(InputError) -> Entry {
        guard try reader.integer(UInt32.self) == 0x0201_4b50 else {
            throw InputError(.malformed, "no entry here", place: reader.place)
        }
        _ = try reader.take(4)
        let flags = try reader.integer(UInt16.self)
        let method = try reader.integer(UInt16.self)
        _ = try reader.take(4)
        let checksum = try reader.integer(UInt32.self)
        let storedSize = try reader.integer(UInt32.self)
        let size = try reader.integer(UInt32.self)
        let nameLength = Int(try reader.integer(UInt16.self))
        let extraLength = Int(try reader.integer(UInt16.self))
        let commentLength = Int(try reader.integer(UInt16.self))
        _ = try reader.take(8)
        let headerOffset = try reader.integer(UInt32.self)
        let name = try reader.text(nameLength)
        var large = ZipLargeSizes(try reader.take(extraLength))
        _ = try reader.take(commentLength)
        // In the order in which the extra field lists them.
        let fullSize = try large.value(size)
        let fullStoredSize = try large.value(storedSize)
        return Entry(
            name: name,
            method: method,
            flags: flags,
            checksum: checksum,
            storedSize: fullStoredSize,
            size: fullSize,
            headerOffset: try large.value(headerOffset)
        )
    }

    /// Local header to end of data, entry by entry: a hostile archive lets entries share bytes to look larger.
    private func checkOverlap(directoryOffset: Int) throws(InputError) {
        var end = 0
        let ordered = names.compactMap { entries[$0] }.sorted { $0.headerOffset < $1.headerOffset }
        for entry in ordered {
            guard entry.headerOffset >= end else {
                throw InputError(.malformed, "the entry overlaps another", place: "zip entry '\(entry.name)'")
            }
            let start = try dataOffset(of: entry)
            guard start <= directoryOffset, entry.storedSize <= directoryOffset - start else {
                throw InputError(.truncated, "the entry leaves the archive", place: "zip entry '\(entry.name)'")
            }
            end = start + entry.storedSize
        }
    }
}

/// The 64-bit sizes of an entry's extra field, handed out in the order in which the format lists them.
private struct ZipLargeSizes {
    private var field: ByteReader?

    init(_ extra: UnsafeRawBufferPointer) {
        var reader = ByteReader(extra, part: "zip extra field")
        while reader.remaining >= 4, let kind = try? reader.integer(UInt16.self),
            let length = try? reader.integer(UInt16.self), let content = try? reader.take(Int(length))
        {
            if kind == 1 { field = ByteReader(content, part: "zip extra field") }
        }
    }

    /// The 32-bit value, or the next 64-bit one when that says so.
    mutating func value(_ short: UInt32) throws(InputError) -> Int {
        guard short == .max else { return Int(short) }
        guard var reader = field else {
            throw InputError(.malformed, "a 64-bit size is missing", place: "zip directory")
        }
        let long = try reader.integer(UInt64.self)
        field = reader
        return Int(clamping: long)
    }
}

/// Finds the central directory from the archive's end, 64-bit archives included.
private struct ZipDirectoryLocator {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func locate() throws(InputError) -> (offset: Int, size: Int, count: Int) {
        let end = try endRecordOffset()
        var reader = ByteReader(bytes, part: "zip end record", offset: end + 10)
        var count = Int(try reader.integer(UInt16.self))
        var size = Int(try reader.integer(UInt32.self))
        var offset = Int(try reader.integer(UInt32.self))
        if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
            (offset, size, count) = try largeRecord(before: end)
        }
        guard offset <= end, size <= end - offset else {
            throw InputError(.malformed, "the directory lies outside the archive", place: "zip end record")
        }
        return (offset, size, count)
    }

    private func endRecordOffset() throws(InputError) -> Int {
        let shortest = 22
        let first = max(0, bytes.count - shortest - 0xffff)
        for offset in stride(from: bytes.count - shortest, through: first, by: -1) where bytes[offset] == 0x50 {
            var reader = ByteReader(bytes, part: "zip end record", offset: offset)
            guard try reader.integer(UInt32.self) == 0x0605_4b50 else { continue }
            _ = try reader.take(16)
            if Int(try reader.integer(UInt16.self)) == bytes.count - offset - shortest { return offset }
        }
        throw InputError(.truncated, "the zip archive has no directory: the file is cut off or damaged")
    }

    private func largeRecord(before end: Int) throws(InputError) -> (offset: Int, size: Int, count: Int) {
        let place = "zip end record"
        var locator = ByteReader(try slice(bytes, from: end - 20, count: 20, place: place), part: place)
        guard try locator.integer(UInt32.self) == 0x0706_4b50 else {
            throw InputError(.malformed, "the 64-bit record is missing", place: place)
        }
        _ = try locator.take(4)
        let recordOffset = Int(clamping: try locator.integer(UInt64.self))
        var record = ByteReader(try slice(bytes, from: recordOffset, count: 56, place: place), part: place)
        guard try record.integer(UInt32.self) == 0x0606_4b50 else {
            throw InputError(.malformed, "the 64-bit record is missing", place: place)
        }
        _ = try record.take(28)
        let count = Int(clamping: try record.integer(UInt64.self))
        let size = Int(clamping: try record.integer(UInt64.self))
        return (Int(clamping: try record.integer(UInt64.self)), size, count)
    }
}

/// The checksum of zip archives (polynomial 0xEDB88320), eight bytes at a time.
private enum CRC32 {
    private static let table: [UInt32] = {
        let first = (0..<256)
            .map { byte in (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0xedb8_8320) }
            }
        var tables = [first]
        for level in 1..<8 {
            tables.append(tables[level - 1].map { $0 >> 8 ^ first[Int($0 & 0xff)] })
        }
        return tables.flatMap(\.self)
    }()

    /// The checksum of some bytes.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc = UInt32.max
            var index = 0
            // In bounds: each index into the table is level · 256 + a byte.
            while index + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for level in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> UInt64(level &* 8)) & 0xff
                    crc ^= table[(7 &- level) &* 256 &+ byte]
                }
                index += 8
            }
            for byte in bytes[index...] { crc = crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xff)] }
            return ~crc
        }
    }
}
