/// The checksum of zip archives (polynomial 0xEDB88320), eight bytes at a time.
enum CRC32 {
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
