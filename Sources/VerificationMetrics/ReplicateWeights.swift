internal import SeededRandom

/// How often each subject is drawn in each of 64 bootstrap replicates.
///
/// One row per subject, one lane per replicate, so that a comparison's weights in all 64 are one product of rows.
/// A last row of ones stands in for the second subject of a comparison within one subject.
struct ReplicateWeights {
    /// Eight lanes: one 128-bit register, which every x86-64 and arm64 has.
    typealias Lanes = SIMD8<UInt16>
    static let laneCount = 64
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
