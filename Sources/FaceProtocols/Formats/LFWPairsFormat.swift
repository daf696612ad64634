public import ArtifactFiles

/// LFW's `pairs.txt` over a folder of images, `<name>/<name>_<four digits>.jpg`.
///
/// Its first line is `folds pairs`: that many folds, each with that many genuine pairs (`name i j`) and then as many
/// impostor pairs (`name1 i name2 j`). Source: http://vis-www.cs.umass.edu/lfw/README.txt.
public struct LFWPairsFormat: ProtocolFormat {
    public let name = "lfw-pairs"
    public let summary = "LFW's pairs.txt over a folder for each person"
    public let settings = [
        ProtocolSetting(key: "images", summary: "the folder of people's folders", defaultValue: "images"),
        ProtocolSetting(key: "pairs", summary: "the file of pairs", defaultValue: "pairs.txt"),
        ProtocolSetting(key: "suffix", summary: "what image names end in", defaultValue: ".jpg", kind: .text),
        .landmarks,
    ]

    public init() {}

    /// Reads the file of pairs.
    public func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft? {
        let file = source.setting("pairs")
        let mapped = try source.open(file)
        var pairs = LFWPairs(suffix: source.setting("suffix"), policy: source.options.pathPolicy)
        mapped.withBytes { bytes in
            if let rows = TextRows(bytes, file: file, findings: &findings) { pairs.read(rows, findings: &findings) }
        }
        let images = try FaceImages(
            pairs.paths,
            landmarksBy: ProtocolSetting.landmarks.key,
            of: source,
            findings: &findings
        )
        guard findings.isValid else { return nil }
        guard !pairs.paths.isEmpty else {
            findings.add(.noImages, at: .init(file), "the file lists no pair")
            return nil
        }
        var origins = ProtocolOrigins()
        origins.images = file
        origins.comparisons = file
        origins.firstComparisonLine = 2
        origins.imageFiles = pairs.lines.enumerated().map { .init(file: file, firstRow: $0, firstLine: $1) }
        let comparisons = Comparisons(
            first: pairs.first,
            second: pairs.second,
            labels: pairs.labels,
            folds: Comparisons.folds(of: pairs.labels.count, pairs.foldCount)
        )
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: source.setting("images"),
            images: images,
            ids: Array(pairs.paths.indices),
            comparisons: comparisons,
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
        guard let header = rows.firstRow.map(Self.words), header.count == 2, let folds = Int(header[0]),
            let pairsPerFold = Int(header[1]), 2...1000 ~= folds, 1...1_000_000 ~= pairsPerFold
        else {
            findings.add(
                .badHeader,
                at: rows.place(0),
                "wrong header",
                expected: "folds and pairs per fold: 10 300"
            )
            return
        }
        foldCount = folds
        rows.forEach(from: 1, findings: &findings) { read(Self.words($0), at: $1, &$2) }
        if findings.isValid { checkShape(pairsPerFold, rows, &findings) }
    }

    private static func words(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
        var fields = RowFields(line)
        var words: [String] = []
        while let field = fields.next() { words.append(String(validating: field, as: UTF8.self) ?? "") }
        return words
    }

    /// Folds of `pairsPerFold` genuine and then as many impostor pairs.
    private func checkShape(_ pairsPerFold: Int, _ rows: TextRows, _ findings: inout FindingList) {
        guard labels.count == foldCount * pairsPerFold * 2 else {
            findings.add(
                .rowCount,
                at: .init(rows.file),
                "the number of pairs is not what the first line says",
                expected: "\(foldCount * pairsPerFold * 2)",
                found: "\(labels.count)"
            )
            return
        }
        for (index, label) in labels.enumerated() where label != (index / pairsPerFold % 2 == 0 ? 1 : 0) {
            findings.add(
                .badLabel,
                at: rows.place(index + 1),
                "\(label == 1 ? "a genuine" : "an impostor") pair where the folds' order has the other kind",
                expected: "in each fold \(pairsPerFold) genuine and then as many impostor pairs"
            )
        }
    }

    private mutating func read(_ words: [String], at place: ProtocolFinding.Place, _ findings: inout FindingList) {
        guard words.count == 3 || words.count == 4 else {
            findings.addColumnCount(
                words.count,
                expected: "3 columns (name, number, number) or 4 (name, number, name, number)",
                at: place
            )
            return
        }
        let (left, right) = words.count == 3 ? (words[0], words[0]) : (words[0], words[2])
        guard let one = image(left, words[1], at: place, &findings),
            let other = image(right, words[words.count - 1], at: place, &findings)
        else { return }
        if words.count == 4, left == right {
            findings.add(.contradictoryLabel, at: place, "an impostor pair of one person", found: "'\(left)'")
        }
        first.append(one)
        second.append(other)
        labels.append(words.count == 3 ? 1 : 0)
    }

    private mutating func image(
        _ name: String,
        _ number: String,
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) -> UInt32? {
        guard number.utf8.allSatisfy({ 48...57 ~= $0 }), let value = Int(number), 1...9_999_999 ~= value else {
            findings.add(.notAnInteger, at: place, "not an image's number", found: "'\(number.prefix(40))'")
            return nil
        }
        let digits = "\(value)"
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let path = "\(name)/\(name)_\(padded)\(suffix)"
        // The name is one component: a slash in it would name another folder.
        if let problem = name.contains("/") ? "the path leaves its folder" : policy.problem(of: path) {
            findings.add(.unsafePath, at: place, problem, expected: "a person's name", found: "'\(name)'")
            return nil
        }
        if let index = indexOfPath[path] { return index }
        let index = UInt32(paths.count)
        indexOfPath[path] = index
        paths.append(path)
        subjects.append(name)
        lines.append(place.line ?? 0)
        return index
    }
}
