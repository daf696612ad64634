public import ArtifactFiles

/// LFW's `pairs.txt` over a folder of images, `<name>/<name>_<four digits>.jpg`.
///
/// Its first line is `folds pairs`: that many folds, each with that many genuine pairs (`name i j`) and then as many
/// impostor pairs (`name1 i name2 j`). Source: http://vis-www.cs.umass.edu/lfw/README.txt.
public struct LFWPairsFormat: ProtocolFormat {
    /// The name that descriptors use.
    public let name = "lfw-pairs"
    /// What it is.
    public let summary = "LFW's pairs.txt over a folder for each person"
    /// What a descriptor may set.
    public let settings = [
        ProtocolSetting(key: "images", summary: "the folder of people's folders", defaultValue: "images"),
        ProtocolSetting(key: "pairs", summary: "the file of pairs", defaultValue: "pairs.txt"),
        ProtocolSetting(key: "suffix", summary: "what image names end in", defaultValue: ".jpg", kind: .text),
        ProtocolSetting(
            key: "landmarks",
            summary:
                "lines of image, 5 or 68 points and score, or CSV or JSON of a face detector; without it the faces are aligned already",
            defaultValue: "",
            kind: .optionalPath
        ),
    ]

    /// Creates the format.
    public init() {}

    /// Reads the file of pairs.
    public func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft? {
        let file = source.setting("pairs")
        let mapped = try source.open(file)
        var pairs = LFWPairs(suffix: source.setting("suffix"), policy: source.options.pathPolicy)
        mapped.withBytes { bytes in
            if let rows = TextRows(bytes, file: file, findings: &findings) { pairs.read(rows, findings: &findings) }
        }
        let landmarks = try KeyedLandmarks(source, setting: "landmarks", findings: &findings)
        guard findings.isValid else { return nil }
        guard !pairs.paths.isEmpty else {
            findings.add(.noImages, file: file, "the file lists no pair")
            return nil
        }
        var origins = ProtocolOrigins()
        origins.images = file
        origins.landmarks = nil
        origins.comparisons = file
        origins.firstComparisonLine = 2
        origins.imageFiles = pairs.lines.enumerated().map { .init(file: file, firstRow: $0, firstLine: $1) }
        let images = landmarks?.images(pairs.paths) ?? FaceImages(aligned: pairs.paths)
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: source.setting("images"),
            images: images,
            templates: Templates(
                ids: Array(pairs.paths.indices),
                imageTemplates: images.templates,
                imageMedia: images.media
            ),
            mediumIDs: Array(pairs.paths.indices),
            comparisons: Comparisons(
                first: pairs.first,
                second: pairs.second,
                labels: pairs.labels,
                folds: Comparisons.folds(of: pairs.labels.count, pairs.foldCount)
            ),
            subjects: TemplateSubjects(stated: pairs.subjects)
        )
        return ProtocolDraft(value: value, origins: origins)
    }
}

/// The lines of `pairs.txt`.
private struct LFWPairs {
    let suffix: String
    let policy: PathPolicy
    /// Images in the order in which they are first named.
    var paths: [String] = []
    var subjects: [String?] = []
    /// The line that first names each image.
    var lines: [Int] = []
    var first: [UInt32] = []
    var second: [UInt32] = []
    var labels: [UInt8] = []
    var foldCount = 0
    private var indexOfPath: [String: UInt32] = [:]

    init(suffix: String, policy: PathPolicy) {
        self.suffix = suffix
        self.policy = policy
    }

    mutating func read(_ rows: TextRows, findings: inout FindingList) {
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        guard let header = reader.next().map(Self.words), header.count == 2, let folds = Int(header[0]),
            let pairsPerFold = Int(header[1]), 2...1000 ~= folds, 1...1_000_000 ~= pairsPerFold
        else {
            findings.add(
                .badHeader,
                file: rows.file,
                line: 1,
                "wrong header",
                expected: "folds and pairs per fold: 10 300"
            )
            return
        }
        foldCount = folds
        var line = 1
        while let content = reader.next() {
            line += 1
            read(Self.words(content), rows.file, line, &findings)
        }
        findings.addCarriageReturns(reader.carriageReturnCount, of: line, file: rows.file)
        guard findings.isValid else { return }
        checkShape(pairsPerFold, rows.file, &findings)
    }

    private static func words(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
        var fields = RowFields(line)
        var words: [String] = []
        while let field = fields.next() { words.append(String(validating: field, as: UTF8.self) ?? "") }
        return words
    }

    /// Folds of `pairsPerFold` genuine and then as many impostor pairs.
    private func checkShape(_ pairsPerFold: Int, _ file: String, _ findings: inout FindingList) {
        guard labels.count == foldCount * pairsPerFold * 2 else {
            findings.add(
                .rowCount,
                file: file,
                "the number of pairs is not what the first line says",
                expected: "\(foldCount * pairsPerFold * 2)",
                found: "\(labels.count)"
            )
            return
        }
        for (index, label) in labels.enumerated() where label != (index / pairsPerFold % 2 == 0 ? 1 : 0) {
            findings.add(
                .badLabel,
                file: file,
                line: index + 2,
                "\(label == 1 ? "a genuine" : "an impostor") pair where the folds' order has the other kind",
                expected: "in each fold \(pairsPerFold) genuine and then as many impostor pairs"
            )
        }
    }

    private mutating func read(_ words: [String], _ file: String, _ line: Int, _ findings: inout FindingList) {
        guard words.count == 3 || words.count == 4 else {
            findings.addColumnCount(
                words.count,
                expected: "3 columns (name, number, number) or 4 (name, number, name, number)",
                file: file,
                line: line
            )
            return
        }
        let (left, right) = words.count == 3 ? (words[0], words[0]) : (words[0], words[2])
        guard let one = image(left, words[1], file, line, &findings),
            let other = image(right, words[words.count - 1], file, line, &findings)
        else { return }
        if words.count == 4, left == right {
            findings.add(
                .contradictoryLabel,
                file: file,
                line: line,
                "an impostor pair of one person",
                found: "'\(left)'"
            )
        }
        first.append(one)
        second.append(other)
        labels.append(words.count == 3 ? 1 : 0)
    }

    private mutating func image(
        _ name: String,
        _ number: String,
        _ file: String,
        _ line: Int,
        _ findings: inout FindingList
    ) -> UInt32? {
        guard number.utf8.allSatisfy({ 48...57 ~= $0 }), let value = Int(number), 1...9_999_999 ~= value else {
            findings.add(
                .notAnInteger,
                file: file,
                line: line,
                "not an image's number",
                found: "'\(number.prefix(40))'"
            )
            return nil
        }
        let digits = "\(value)"
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let path = "\(name)/\(name)_\(padded)\(suffix)"
        // The name is one component: a slash in it would name another folder.
        if let problem = name.contains("/") ? "the path leaves its folder" : policy.problem(of: path) {
            findings.add(.unsafePath, file: file, line: line, problem, expected: "a person's name", found: "'\(name)'")
            return nil
        }
        if let index = indexOfPath[path] { return index }
        let index = UInt32(paths.count)
        indexOfPath[path] = index
        paths.append(path)
        subjects.append(name)
        lines.append(line)
        return index
    }
}
