internal import Parallelism

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file cut at line ends into parts that can be parsed at once, each knowing the number of its first row.
struct LineChunks {
    /// One part: whole lines.
    struct Chunk {
        let range: Range<Int>
        let firstRow: Int
    }

    let chunks: [Chunk]
    let rowCount: Int
    private let file: String
    private let pool: ThreadPool

    /// Cuts after the first line end at or after each wanted place.
    ///
    /// - Parameters:
    ///   - rows: The file.
    ///   - cuts: Wanted places, ascending, nil for even parts; the outcome of a parse does not depend on them.
    ///   - workers: How many threads count and parse lines.
    init(_ rows: TextRows, cuts: [Int]?, workers: Int) {
        let bytes = rows.bytes
        let cuts = cuts ?? Self.evenCuts(byteCount: bytes.count, workers: workers)
        file = rows.file
        pool = ThreadPool(workers)
        var bounds = [0]
        for cut in cuts where cut > 0 && cut < bytes.count {
            let end = Self.lineEnd(in: bytes, from: max(cut - 1, bounds[bounds.count - 1]))
            if end > bounds[bounds.count - 1] { bounds.append(end) }
        }
        if bounds[bounds.count - 1] < bytes.count { bounds.append(bytes.count) }
        let ranges = zip(bounds, bounds.dropFirst()).map { $0..<$1 }
        let counts = pool.map(ranges.count) { Self.lineCount(UnsafeBufferPointer(rebasing: bytes[ranges[$0]])) }
        var firstRow = 0
        var chunks: [Chunk] = []
        for (range, count) in zip(ranges, counts) {
            chunks.append(Chunk(range: range, firstRow: firstRow))
            firstRow += count
        }
        self.chunks = chunks
        rowCount = firstRow
    }

    /// Evenly spaced places for a number of workers: several parts each, so that a slow thread does not hold the rest up,
    /// and none so large that its text and its rows would fill the memory.
    private static func evenCuts(byteCount: Int, workers: Int) -> [Int] {
        let size = min(max(1 << 18, byteCount / (workers * 8) + 1), 1 << 23)
        return Array(stride(from: size, to: byteCount, by: size))
    }

    /// Parses all parts, several at once, and says once for the file that its lines end in CR LF.
    ///
    /// - Parameters:
    ///   - findings: Receives the findings in the order of the rows.
    ///   - body: Parses a part into the rows of its own lines; returns how many of these end in CR LF.
    func parse(findings: inout FindingList, _ body: (Chunk, inout FindingList) -> Int) {
        let limit = findings.limitPerKind
        let parts = pool.map(chunks.count) { index in
            var findings = FindingList(limitPerKind: limit)
            let carriageReturnCount = body(chunks[index], &findings)
            return (findings, carriageReturnCount)
        }
        for (part, _) in parts { findings.append(part) }
        findings.addCarriageReturns(parts.reduce(0) { $0 + $1.1 }, of: rowCount, file: file)
    }

    /// The place after the first line feed at or after `start`, or the end.
    private static func lineEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(TextRows.newline), bytes.count - start)
        else { return bytes.count }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
    }

    /// How many lines there are; a last one without a line feed counts.
    private static func lineCount(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard let last = bytes.last else { return 0 }
        var total = last == TextRows.newline ? 0 : 1
        let raw = UnsafeRawBufferPointer(bytes)
        let newlines = SIMD16<UInt8>(repeating: TextRows.newline)
        var index = 0
        while index + 16 <= bytes.count {
            // Each lane counts up to 255 of its own, then the lanes are added.
            var lanes = SIMD16<UInt8>(repeating: 0)
            let stop = min(bytes.count - 15, index + 255 * 16)
            while index < stop {
                let found = raw.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self) .== newlines
                lanes.replace(with: lanes &+ 1, where: found)
                index += 16
            }
            total += Int(SIMD16<UInt16>(truncatingIfNeeded: lanes).wrappedSum())
        }
        for byte in bytes[index...] where byte == TextRows.newline { total += 1 }
        return total
    }
}
