public import ArtifactFiles

/// Writes a training set as InsightFace lays it out: `train.rec`, `train.idx` and `property`.
///
/// Record 0 says where the images end, images are 1 … n in the order of their classes, and each class has a record with the
/// range of its images. Files appear whole or not at all, the records before their index.
public struct RecordIOWriter: ~Copyable {
    private var records: AtomicFile
    private var index = ""
    private var position = 0
    private let folder: String
    private let classSizes: [Int]
    private let size: PictureSize
    private var written = 0
    private var currentClass = 0
    private var leftInClass: Int

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - folder: An existing folder.
    ///   - classSizes: How many images each class has, class by class.
    ///   - size: The size that `property` states.
    /// - Throws: ``InputError``: `usage` for no images or a negative count, `limitExceeded` for more than labels can hold
    ///   (2²⁴: labels are single-precision numbers), `unwritable`.
    public init(folder: String, classSizes: [Int], size: PictureSize) throws(InputError) {
        let records = try Self.open(folder: folder, classSizes: classSizes)
        self.records = records
        self.folder = folder
        self.classSizes = classSizes
        self.size = size
        leftInClass = classSizes[0]
    }

    private static func open(folder: String, classSizes: [Int]) throws(InputError) -> AtomicFile {
        let imageCount = classSizes.reduce(0, +)
        guard imageCount > 0, classSizes.allSatisfy({ $0 >= 0 }) else {
            throw InputError(.usage, "a training set without images", found: "\(imageCount)")
        }
        guard imageCount + classSizes.count < 1 << 24 else {
            throw InputError(
                .limitExceeded,
                "too many records for labels in single precision",
                expected: "less than \(1 << 24)",
                found: "\(imageCount + classSizes.count)"
            )
        }
        return try AtomicFile(path: FileSystem.join(folder, "train.rec"))
    }

    /// Appends the next image of a class.
    ///
    /// - Parameters:
    ///   - image: A JPEG or PNG file.
    ///   - label: Its class; classes come in order.
    /// - Throws: ``InputError``: `mismatch` for an image that was not announced, `unwritable`.
    public mutating func append(_ image: [UInt8], label: Int) throws(InputError) {
        while leftInClass == 0, currentClass + 1 < classSizes.count {
            currentClass += 1
            leftInClass = classSizes[currentClass]
        }
        guard label == currentClass, leftInClass > 0 else {
            throw InputError(
                .mismatch,
                "an image out of turn",
                expected: leftInClass > 0 ? "class \(currentClass)" : "no more images",
                found: "class \(label)"
            )
        }
        leftInClass -= 1
        written += 1
        try append(key: written, labels: [Float(label)], image: image)
    }

    /// Writes the identities' records and puts the files in their places.
    ///
    /// - Throws: ``InputError``: `mismatch` when announced images are missing, `unwritable`.
    public consuming func commit() throws(InputError) {
        let imageCount = classSizes.reduce(0, +)
        guard written == imageCount else {
            throw InputError(.mismatch, "images are missing", expected: "\(imageCount)", found: "\(written)")
        }
        var first = 1
        for (place, count) in classSizes.enumerated() {
            let range = [Float(first), Float(first + count)]
            try append(key: imageCount + 1 + place, labels: range, image: [])
            first += count
        }
        try records.commit()
        try AtomicFile.write(index, to: FileSystem.join(folder, "train.idx"))
        let properties = "\(classSizes.count),\(size.height),\(size.width)\n"
        try AtomicFile.write(properties, to: FileSystem.join(folder, "property"))
    }

    private mutating func append(key: Int, labels: [Float], image: [UInt8]) throws(InputError) {
        if key == 1 {
            let first = Float(classSizes.reduce(1, +))
            try append(key: 0, labels: [first, first + Float(classSizes.count)], image: [])
        }
        var content: [UInt8] = []
        content.reserveCapacity(ImageRecordHeader.size + 4 * labels.count + image.count)
        // One label stands in the header itself.
        content.append(littleEndian: UInt32(labels.count > 1 ? labels.count : 0))
        content.append(littleEndian: (labels.count > 1 ? 0 : labels[0]).bitPattern)
        content.append(littleEndian: UInt64(key))
        content.append(littleEndian: UInt64(0))
        if labels.count > 1 { for label in labels { content.append(littleEndian: label.bitPattern) } }
        content += image
        let encoded = try Self.encode(content)
        index += "\(key)\t\(position)\n"
        position += encoded.count
        try records.write(encoded)
    }

    /// A record's parts.
    package static func encode(_ content: [UInt8]) throws(InputError) -> [UInt8] {
        guard content.count <= Int(RecordIOFile.lengthMask) else {
            throw InputError(
                .limitExceeded,
                "a record is too long",
                expected: "at most \(RecordIOFile.lengthMask) bytes",
                found: "\(content.count)"
            )
        }
        var pieces: [Range<Int>] = []
        var start = 0
        content.withUnsafeBytes { bytes in
            for place in stride(from: 0, to: bytes.count - 3, by: 4) where bytes.word32(place) == RecordIOFile.magic {
                pieces.append(start..<place)
                start = place + 4
            }
        }
        pieces.append(start..<content.count)
        var encoded: [UInt8] = []
        for (place, piece) in pieces.enumerated() {
            let kind: UInt32 = pieces.count == 1 ? 0 : place == 0 ? 1 : place == pieces.count - 1 ? 3 : 2
            encoded.append(littleEndian: RecordIOFile.magic)
            encoded.append(littleEndian: kind << 29 | UInt32(piece.count))
            encoded += content[piece]
            encoded += repeatElement(0, count: (4 - piece.count % 4) % 4)
        }
        return encoded
    }
}
