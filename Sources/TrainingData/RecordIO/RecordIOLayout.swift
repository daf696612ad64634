internal import ArtifactFiles

/// Which records of a file are images, and their classes: both conventions.
///
/// InsightFace: record 0 holds two labels and no image: the first record of an identity, and the end of those. Images are
/// 1 ..< first; each identity's record holds the range of its images. im2rec: every key is an image.
struct RecordIOLayout {
    /// The keys of the images.
    private(set) var keys: [Int] = []
    /// Where their records begin.
    private(set) var offsets: [Int] = []
    /// Their classes.
    private(set) var labels: [Int32] = []
    /// Whether there is a record 0 of that kind.
    let hasIdentityRecords: Bool
    private let file: RecordIOFile

    init(file: RecordIOFile, index: RecordIOIndex) throws(InputError) {
        self.file = file
        let zero = try Self.recordZero(file, index)
        hasIdentityRecords = zero != nil
        if let zero {
            let places = Dictionary(zip(index.keys, index.offsets), uniquingKeysWith: { first, _ in first })
            try appendImages(1..<zero.firstIdentity, places)
            // Beyond 2²⁴ the ranges, single-precision numbers, are not exact.
            if zero.end < 1 << 24 { try takeLabels(identities: zero.firstIdentity..<zero.end, places) }
        } else {
            keys = index.keys
            offsets = index.offsets
            labels = Array(repeating: -1, count: keys.count)
        }
        // Whatever no identity record covers says its class itself.
        for place in keys.indices where labels[place] < 0 { labels[place] = Int32(try label(ofImageAt: place)) }
    }

    private static func recordZero(
        _ file: RecordIOFile,
        _ index: RecordIOIndex
    ) throws(InputError) -> (firstIdentity: Int, end: Int)? {
        guard let place = index.keys.firstIndex(of: 0) else { return nil }
        return try file.withRecord(at: index.offsets[place], key: 0) { record throws(InputError) in
            let header = try ImageRecordHeader(record)
            guard header.flag > 0, header.imageOffset == record.count else { return nil }
            guard let first = Int(exactly: header.label), let end = header.secondLabel.flatMap({ Int(exactly: $0) }),
                first > 1, end >= first
            else {
                throw InputError(
                    .malformed,
                    "record 0 does not say where the images end",
                    expected: "the first record of an identity, at least 2, and the end of those",
                    found: "\(header.label), \(header.secondLabel.map { "\($0)" } ?? "nothing")"
                )
            }
            return (first, end)
        }
    }

    private mutating func appendImages(_ range: Range<Int>, _ places: [Int: Int]) throws(InputError) {
        for key in range {
            guard let offset = places[key] else { throw missing(key) }
            keys.append(key)
            offsets.append(offset)
        }
        labels = Array(repeating: -1, count: keys.count)
    }

    private mutating func takeLabels(identities: Range<Int>, _ places: [Int: Int]) throws(InputError) {
        for identity in identities {
            guard let offset = places[identity] else { throw missing(identity) }
            let images = try file.withRecord(at: offset, key: identity) { record throws(InputError) in
                let header = try ImageRecordHeader(record)
                guard let first = Int(exactly: header.label),
                    let end = header.secondLabel.flatMap({ Int(exactly: $0) }),
                    first >= 1, end >= first, end <= keys.count + 1
                else {
                    throw InputError(
                        .malformed,
                        "an identity's record does not hold the range of its images",
                        expected: "two of 1 … \(keys.count + 1)",
                        found: "\(header.label), \(header.secondLabel.map { "\($0)" } ?? "nothing")"
                    )
                }
                return first..<end
            }
            guard !images.isEmpty else { continue }
            let label = Int32(try label(ofImageAt: images.lowerBound - 1))
            for key in images {
                guard labels[key - 1] < 0 else {
                    throw InputError(.malformed, "an image belongs to two identities", found: "record \(key)")
                        .inRecord(identity, of: file.path)
                }
                labels[key - 1] = label
            }
        }
    }

    private func label(ofImageAt place: Int) throws(InputError) -> Int {
        try file.withRecord(at: offsets[place], key: keys[place]) { record throws(InputError) in
            try ImageRecordHeader(record).classNumber()
        }
    }

    private func missing(_ key: Int) -> InputError {
        InputError(.missing, "a record is not in the index", file: file.path, place: "record \(key)")
    }
}
