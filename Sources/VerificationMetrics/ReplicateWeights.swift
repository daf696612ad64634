internal import SeededRandom

/// How often each subject is drawn in each of 64 bootstrap replicates.
///
/// One row per subject, one lane per replicate, so that a comparison's weights in all 64 are one product of rows.
/// A last row of ones stands in for the second subject of a comparison within one subject.
struct ReplicateWeights {
    /// Eight lanes: one 128-bit register, which every x86-64 and arm64 has.
    typealias Lanes = SIMD8<UInt16>
    static let laneCount = 64
    /// How many blocks of 64 hold so many replicates.
    static func blockCount(_ replicates: Int) -> Int { (replicates + laneCount - 1) / laneCount }
    /// How many ``Lanes`` a row has.
    static let rowLength = 8

    /// `[subjects + 1][64]`.
    let rows: [Lanes]
    /// The largest weight.
    let largest: Int

    /// Draws the replicates `firstReplicate ..< firstReplicate + 64`.
    init(seed: UInt64, firstReplicate: Int, subjectCount: Int) {
        var rows = [Lanes](repeating: Lanes(repeating: 1), count: (subjectCount + 1) * Self.rowLength)
        var largest = 1
        for lane in 0..<Self.laneCount {
            let weights = Self.draw(seed: seed, replicate: firstReplicate + lane, subjectCount: subjectCount)
            for subject in 0..<subjectCount {
                rows[subject * Self.rowLength + lane / 8][lane % 8] = UInt16(weights[subject])
            }
            largest = max(largest, Int(weights.max() ?? 0))
        }
        self.rows = rows
        self.largest = largest
    }

    /// The weights of one replicate: as many draws with replacement as there are subjects.
    ///
    /// Replicate r reads the stream r of the seed, so it does not matter who draws it.
    static func draw(seed: UInt64, replicate: Int, subjectCount: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: seed, stream: UInt64(replicate))
        var weights = [UInt8](repeating: 0, count: subjectCount)
        for _ in 0..<subjectCount {
            let subject = generator.index(below: subjectCount)
            // 256 draws of one subject among at least 256 have a chance below 1e-500.
            if weights[subject] < .max { weights[subject] += 1 }
        }
        return weights
    }

    /// How many comparisons the short lanes of a ``LaneSum`` can add without overflow.
    var room: Int { 65_535 / (largest * largest) }

    /// The weight of a subject's row in one replicate.
    @inline(__always)
    func weight(_ row: UInt32, lane: Int) -> UInt64 {
        rows.withUnsafeBytes { bytes in
            UInt64(bytes.bindMemory(to: UInt16.self)[Int(row) &* Self.laneCount &+ lane])
        }
    }

    /// The weight of a comparison in one replicate.
    @inline(__always)
    func weight(_ first: UInt32, _ second: UInt32, lane: Int) -> UInt64 {
        weight(first, lane: lane) &* weight(second, lane: lane)
    }
}

/// Sums of weights in 64 replicates: short lanes in registers for the inner loop, emptied into wide ones in memory
/// before they can overflow.
struct LaneSum {
    /// The 64 sums.
    private(set) var wide = [UInt64](repeating: 0, count: ReplicateWeights.laneCount)
    private var short = ShortLanes()

    /// Adds the weights of comparisons, at most ``ReplicateWeights/room`` of them.
    mutating func add(_ list: ComparisonRows, _ range: Range<Int>, _ weights: ReplicateWeights) {
        list.first.withUnsafeBufferPointer { first in
            list.second.withUnsafeBufferPointer { second in
                weights.rows.withUnsafeBufferPointer { rows in
                    guard let base = rows.baseAddress else { return }
                    var sum = ShortLanes()
                    for index in range {
                        sum.add(
                            base + Int(first[index]) &* ReplicateWeights.rowLength,
                            times: base + Int(second[index]) &* ReplicateWeights.rowLength
                        )
                    }
                    short = sum
                }
            }
        }
        flush()
    }

    /// Adds a subject's row so many times; that many times the row must fit the short lanes until the next flush.
    @inline(__always)
    mutating func add(_ row: UnsafePointer<ReplicateWeights.Lanes>, times count: UInt16) {
        short.add(row, times: count)
    }

    /// Moves the short lanes into the wide ones.
    mutating func flush() {
        withUnsafeBytes(of: short) { bytes in
            let short = bytes.bindMemory(to: UInt16.self)
            wide.withUnsafeMutableBufferPointer { wide in
                for lane in 0..<ReplicateWeights.laneCount { wide[lane] &+= UInt64(short[lane]) }
            }
        }
        short = ShortLanes()
    }

    /// Sets the wide lanes to zero.
    mutating func clear() {
        for lane in 0..<ReplicateWeights.laneCount { wide[lane] = 0 }
    }
}

/// Eight registers of eight lanes, written out: as one vector of 64 the compiler spills them at every step.
private struct ShortLanes {
    typealias Lanes = ReplicateWeights.Lanes
    var part0 = Lanes()
    var part1 = Lanes()
    var part2 = Lanes()
    var part3 = Lanes()
    var part4 = Lanes()
    var part5 = Lanes()
    var part6 = Lanes()
    var part7 = Lanes()

    @inline(__always)
    mutating func add(_ first: UnsafePointer<Lanes>, times second: UnsafePointer<Lanes>) {
        part0 &+= first[0] &* second[0]
        part1 &+= first[1] &* second[1]
        part2 &+= first[2] &* second[2]
        part3 &+= first[3] &* second[3]
        part4 &+= first[4] &* second[4]
        part5 &+= first[5] &* second[5]
        part6 &+= first[6] &* second[6]
        part7 &+= first[7] &* second[7]
    }

    @inline(__always)
    mutating func add(_ row: UnsafePointer<Lanes>, times count: UInt16) {
        let factor = Lanes(repeating: count)
        part0 &+= row[0] &* factor
        part1 &+= row[1] &* factor
        part2 &+= row[2] &* factor
        part3 &+= row[3] &* factor
        part4 &+= row[4] &* factor
        part5 &+= row[5] &* factor
        part6 &+= row[6] &* factor
        part7 &+= row[7] &* factor
    }
}
