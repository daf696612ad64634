package import SeededRandom

/// Small changes of bytes: what a bad disk, a bad tool or a bad person does to a file.
package enum Damage {
    /// Changes, removes, inserts or copies a few bytes somewhere.
    package static func apply(to bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = random.index(below: bytes.count)
        switch random.index(below: 6) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[place] ^= 1 << UInt8(random.index(below: 8))
        case 2: bytes[place] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][random.index(below: 6)]
        case 3: bytes.remove(at: place)
        case 4: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        default:
            let length = min(1 + random.index(below: 24), bytes.count - place)
            let source = random.index(below: bytes.count - length + 1)
            bytes.replaceSubrange(place..<place + length, with: Array(bytes[source..<source + length]))
        }
    }

    private static let hardNumbers: [[UInt8]] = [
        "0", "-1", "9223372036854775807", "-9223372036854775808", "4294967295", "1e308", "-1e308", "1e-320", "nan",
    ]
    .map { Array($0.utf8) }

    /// Puts a number that is hard to bear in the place of one of a text.
    package static func exaggerate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard !bytes.isEmpty,
            let start = bytes[random.index(below: bytes.count)...].firstIndex(where: digits.contains)
        else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) && $0 != UInt8(ascii: ".") } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: hardNumbers[random.index(below: hardNumbers.count)])
    }
}
