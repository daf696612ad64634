package import ArtifactFiles

/// The index of a RecordIO file (`.idx`): lines of key, tab, offset.
package struct RecordIOIndex: Sendable {
    /// Keys in the order of the file.
    package private(set) var keys: [Int] = []
    /// The offset of each key's record.
    package private(set) var offsets: [Int] = []

    /// Reads an index.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - recordBytes: Length of the record file: no offset lies beyond it.
    /// - Throws: ``InputError`` that names the line: not two numbers, a key that occurs twice, an offset outside.
    package init(path: String, recordBytes: Int) throws(InputError) {
        let file = try MappedFile(path: path)
        let (keys, offsets) = try file.withBytes { bytes throws(InputError) in
            do throws(InputError) {
                return try Self.parse(bytes, recordBytes: recordBytes)
            } catch {
                throw error.inFile(path)
            }
        }
        guard !keys.isEmpty else { throw InputError(.malformed, "an index without records", file: path) }
        self.keys = keys
        self.offsets = offsets
        try checkRepetition(path)
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer,
        recordBytes: Int
    ) throws(InputError) -> (keys: [Int], offsets: [Int]) {
        var keys: [Int] = []
        var offsets: [Int] = []
        var line = 0
        var position = 0
        while position < bytes.count {
            line += 1
            guard let key = number(bytes, &position), separator(bytes, &position),
                let offset = number(bytes, &position), lineEnd(bytes, &position)
            else {
                throw InputError(
                    .malformed,
                    "not a line of an index",
                    place: "line \(line)",
                    expected: "key, tab, offset"
                )
            }
            guard offset <= recordBytes - RecordIOFile.headerSize, offset % 4 == 0 else {
                throw InputError(
                    .malformed,
                    "no record can begin here",
                    place: "line \(line)",
                    expected: "a multiple of 4 below \(recordBytes)",
                    found: "\(offset)"
                )
            }
            keys.append(key)
            offsets.append(offset)
        }
        return (keys, offsets)
    }

    /// Digits; nil for none, or for a number that does not fit.
    private static func number(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, (48...57).contains(bytes[position]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= Int.max - 10 else { return nil }
            value = product + Int(bytes[position] - 48)
            position += 1
        }
        return position > start ? value : nil
    }

    private static func separator(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Bool {
        let start = position
        while position < bytes.count, bytes[position] == 9 || bytes[position] == 32 { position += 1 }
        return position > start
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Bool {
        if position < bytes.count, bytes[position] == 13 { position += 1 }
        guard position < bytes.count else { return true }
        defer { position += 1 }
        return bytes[position] == 10
    }

    private func checkRepetition(_ path: String) throws(InputError) {
        // Keys mostly ascend: then none can repeat.
        if zip(keys, keys.dropFirst()).allSatisfy({ $0 < $1 }) { return }
        var lines: [Int: Int] = [:]
        for (place, key) in keys.enumerated() {
            if let first = lines.updateValue(place + 1, forKey: key) {
                throw InputError(
                    .malformed,
                    "a key occurs twice",
                    file: path,
                    place: "line \(place + 1)",
                    found: "\(key), as in line \(first)"
                )
            }
        }
    }
}
