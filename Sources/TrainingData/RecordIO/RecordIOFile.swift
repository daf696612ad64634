package import ArtifactFiles

/// A RecordIO file (`.rec`): records found by their offsets.
///
/// A record is one or several parts: magic `0xced7230a`, a word whose upper three bits say which part it is (0 whole,
/// 1 first, 2 middle, 3 last) and whose lower 29 bits are a length, that many bytes, padding to a multiple of four. Where a
/// record holds the magic at a multiple of four, writers split it there and leave the magic out (dmlc-core,
/// `include/dmlc/recordio.h`). Every length is checked against the file before anything is read or reserved.
package final class RecordIOFile: Sendable {
    package static let magic: UInt32 = 0xced7_230a
    static let headerSize = 8
    static let lengthMask: UInt32 = 1 << 29 - 1

    /// The file.
    package let path: String
    /// Its length in bytes.
    package let byteCount: Int
    private let file: MappedFile

    /// Opens a file.
    package init(path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        self.path = path
        byteCount = file.count
        self.file = file
    }

    /// Hands over the content of a record.
    ///
    /// - Parameters:
    ///   - offset: Where its first part begins.
    ///   - key: The record's key, for messages.
    ///   - body: Receives the content, valid during the call.
    /// - Throws: ``InputError`` that names file and record, and what `body` throws.
    package func withRecord<Result>(
        at offset: Int,
        key: Int,
        _ body: (UnsafeRawBufferPointer) throws(InputError) -> Result
    ) throws(InputError) -> Result {
        try file.withBytes { bytes throws(InputError) in
            do throws(InputError) {
                var part = try Part(bytes, at: offset)
                if part.kind == .whole { return try body(part.content) }
                guard part.kind == .first else {
                    throw InputError(
                        .malformed,
                        "the offset is not that of a record's beginning",
                        expected: "part 0 or 1",
                        found: "part \(part.kind.rawValue)"
                    )
                }
                var joined = Array(part.content)
                while part.kind != .last {
                    part = try Part(bytes, at: part.end)
                    guard part.kind == .middle || part.kind == .last else {
                        throw InputError(
                            .malformed,
                            "the record's parts do not follow each other",
                            expected: "part 2 or 3",
                            found: "part \(part.kind.rawValue)"
                        )
                    }
                    joined.append(littleEndian: Self.magic)
                    joined += part.content
                }
                var result: Swift.Result<Result, InputError>?
                joined.withUnsafeBytes { raw in
                    do throws(InputError) { result = .success(try body(raw)) } catch { result = .failure(error) }
                }
                guard let result else { throw InputError(.malformed, "nothing read") }
                return try result.get()
            } catch {
                throw error.inRecord(key, of: path)
            }
        }
    }

    /// One part of a record.
    private struct Part {
        enum Kind: UInt32 {
            case whole
            case first
            case middle
            case last
        }

        let kind: Kind
        let content: UnsafeRawBufferPointer
        /// Where the next part begins.
        let end: Int

        init(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(InputError) {
            guard offset >= 0, offset <= bytes.count - headerSize else {
                throw InputError(
                    .truncated,
                    "a record lies outside of the file",
                    expected: "an offset of at most \(bytes.count - headerSize)",
                    found: "\(offset)"
                )
            }
            let magic = bytes.word32(offset)
            guard magic == RecordIOFile.magic else {
                throw InputError(
                    .malformed,
                    "no record begins at byte \(offset)",
                    expected: "ced7230a",
                    found: String(magic, radix: 16)
                )
            }
            let word = bytes.word32(offset + 4)
            let length = Int(word & lengthMask)
            let end = offset + headerSize + (length + 3) / 4 * 4
            guard end <= bytes.count else {
                throw InputError(
                    .truncated,
                    "the file ends inside of a record",
                    expected: "\(end) bytes",
                    found: "\(bytes.count)"
                )
            }
            guard let kind = Kind(rawValue: word >> 29) else {
                throw InputError(
                    .malformed,
                    "an unknown kind of part at byte \(offset)",
                    expected: "0 … 3",
                    found: "\(word >> 29)"
                )
            }
            self.kind = kind
            self.end = end
            let start = offset + headerSize
            content = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
        }
    }
}

/// The header of an image record: MXNet's `IRHeader` and the labels behind it.
package struct ImageRecordHeader: Hashable, Sendable {
    /// How many labels follow the header; 0: the label is in it.
    package var flag: Int
    /// The first label.
    package var label: Float
    /// The second, where there is one.
    package var secondLabel: Float?
    /// Where the image begins.
    package var imageOffset: Int

    static let size = 24

    /// Reads a header.
    package init(_ record: UnsafeRawBufferPointer) throws(InputError) {
        guard record.count >= Self.size else {
            throw InputError(
                .truncated,
                "a record is shorter than its header",
                expected: "\(Self.size) bytes",
                found: "\(record.count)"
            )
        }
        flag = Int(record.word32(0))
        guard flag <= (record.count - Self.size) / 4 else {
            throw InputError(
                .truncated,
                "a record has less labels than it says",
                expected: "\(flag)",
                found: "room for \((record.count - Self.size) / 4)"
            )
        }
        label = Float(bitPattern: record.word32(flag > 0 ? Self.size : 4))
        secondLabel = flag > 1 ? Float(bitPattern: record.word32(Self.size + 4)) : nil
        imageOffset = Self.size + 4 * flag
    }

    /// The label as a class number.
    func classNumber() throws(InputError) -> Int {
        guard let number = Int(exactly: label), (0..<Int(Int32.max)).contains(number) else {
            throw InputError(.malformed, "a label is no class number", expected: "0, 1, 2, …", found: "\(label)")
        }
        return number
    }
}

extension InputError {
    /// The same error with file and record filled in.
    func inRecord(_ key: Int, of path: String) -> InputError {
        inFile(path).at("record \(key)")
    }
}
