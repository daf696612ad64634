public import ArtifactFiles
internal import SeededRandom

/// One's own data: a folder for each person with that person's images, and a file of pairs, all pairs or a sample.
///
/// Images are `<person>/<file>` with a suffix .jpg, .jpeg or .png; they are numbered from 1 in the order of their paths'
/// bytes, and each is a template. With a file of pairs only its images are. The file of pairs is CSV with the header `first,second` or `first,second,label`, images
/// by path; the label is checked against the folders.
public struct IdentityFolderFormat: ProtocolFormat {
    /// The name that descriptors use.
    public let name = "identity-folder"
    /// What it is.
    public let summary = "a folder for each person; pairs from a CSV file, all pairs or a seeded sample"
    /// What a descriptor may set.
    public let settings = [
        ProtocolSetting(key: "images", summary: "the folder of people's folders", defaultValue: "images"),
        ProtocolSetting(
            key: "pairs",
            summary: "first,second[,label]; without it pairs are made",
            defaultValue: "",
            kind: .optionalPath
        ),
        ProtocolSetting(
            key: "sample",
            summary: "made pairs in all, half of them genuine where there are so many; 0 for all pairs",
            defaultValue: "0",
            kind: .text
        ),
        ProtocolSetting(key: "seed", summary: "of the sample", defaultValue: "1", kind: .text),
        ProtocolSetting(
            key: "folds",
            summary: "folds of a cross-validation, each with its share of genuine and impostor pairs; 0 for none",
            defaultValue: "0",
            kind: .text
        ),
        ProtocolSetting(
            key: "landmarks",
            summary:
                "lines of image, 5 or 68 points and score, or CSV or JSON of a face detector; without it the faces are aligned already",
            defaultValue: "",
            kind: .optionalPath
        ),
    ]

    /// All pairs are not made beyond this many.
    static let pairLimit = 200_000_000

    /// Creates the format.
    public init() {}

    /// Lists the folders and reads or makes the pairs.
    public func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft? {
        let sample = try source.number("sample", in: 0...100_000_000)
        let seed = try source.number("seed", in: 0...Int.max)
        let foldCount = try source.number("folds", in: 0...1000)
        let listing = try IdentityListing(source, findings: &findings)
        guard !listing.paths.isEmpty else {
            findings.add(
                .noImages,
                file: source.setting("images"),
                "no folder in it holds an image (.jpg, .jpeg, .png)",
                expected: "\(source.setting("images"))/<person>/<image>",
                found: listing.strays == 0 ? nil : "\(listing.strays) files that are in no person's folder"
            )
            return nil
        }
        var origins = ProtocolOrigins()
        origins.comparisons = source.optionalSetting("pairs")
        origins.subjects = source.setting("images")
        origins.firstComparisonLine = 2
        var pairs = ImagePairs()
        if let file = origins.comparisons {
            let mapped = try source.open(file)
            mapped.withBytes { bytes in
                if let rows = TextRows(bytes, file: file, findings: &findings) {
                    pairs.read(rows, listing, findings: &findings)
                }
            }
        } else if sample > 0 {
            pairs.sample(sample, of: listing, seed: UInt64(seed))
        } else {
            try pairs.makeAll(listing, limit: Self.pairLimit)
        }
        guard findings.isValid else { return nil }
        // Listed pairs say which images matter: the others are neither read nor embedded.
        let used = origins.comparisons == nil ? Array(listing.paths.indices) : pairs.keepUsedImages()
        let paths = used.map { listing.paths[$0] }
        let landmarks = try KeyedLandmarks(source, setting: "landmarks", findings: &findings)
        guard findings.isValid else { return nil }
        let images = landmarks?.images(paths) ?? FaceImages(aligned: paths)
        var folds: [Range<Int>] = []
        if foldCount > 1 {
            // A file's order is its author's; pairs that are made have none.
            folds =
                origins.comparisons == nil
                ? try pairs.dealt(into: foldCount) : Comparisons.folds(of: pairs.labels.count, foldCount)
        }
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: source.setting("images"),
            images: images,
            templates: Templates(
                ids: used.indices.map { $0 + 1 },
                imageTemplates: images.templates,
                imageMedia: images.media
            ),
            mediumIDs: used.indices.map { $0 + 1 },
            comparisons: Comparisons(
                first: pairs.first,
                second: pairs.second,
                labels: pairs.labels,
                folds: folds
            ),
            subjects: TemplateSubjects(stated: used.map { listing.people[$0] })
        )
        return ProtocolDraft(value: value, origins: origins)
    }
}

/// The images of a folder of folders.
struct IdentityListing {
    /// `<person>/<file>`, ascending.
    private(set) var paths: [String] = []
    /// Each image's person.
    private(set) var people: [String] = []
    /// Each person's images.
    private(set) var members: [Range<Int>] = []
    /// Files beside the people's folders.
    private(set) var strays = 0

    init(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) {
        let folder = source.setting("images")
        let root = FileSystem.join(source.dataFolder, folder)
        let allowsLinks = source.options.pathPolicy.allowsSymbolicLinks
        if !allowsLinks, FolderListing.hasLink(folder, below: source.dataFolder) {
            throw InputError(.forbidden, "a symbolic link", file: root, expected: "a folder, or --allow-outside")
        }
        guard FileSystem.isFolder(root) else {
            throw InputError(
                .missing,
                "no such folder",
                file: root,
                expected:
                    "a folder of people's folders; --protocol-set images=NAME for another name, images=. for the data "
                    + "folder itself"
            )
        }
        var names = ImageFileNames()
        for (person, kind) in FolderListing(root).kinds.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            guard !person.hasPrefix(".") else { continue }
            guard kind != .file else {
                strays += 1
                continue
            }
            guard kind != .link || allowsLinks else {
                findings.add(
                    .symbolicLink,
                    file: "\(folder)/\(person)",
                    "the folder is a symbolic link (--allow-outside follows it)"
                )
                continue
            }
            add(person, in: root, folder, allowsLinks, source.options.pathPolicy, &names, &findings)
        }
        if let summary = names.summary {
            findings.add(names.imageCount > 0 ? .unreadImages : .otherFiles, file: folder, summary)
        }
    }

    private mutating func add(
        _ person: String,
        in root: String,
        _ folder: String,
        _ allowsLinks: Bool,
        _ policy: PathPolicy,
        _ names: inout ImageFileNames,
        _ findings: inout FindingList
    ) {
        let start = paths.count
        for (name, kind) in FolderListing("\(root)/\(person)").kinds.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            let path = "\(person)/\(name)"
            guard !name.hasPrefix("."), kind != .other, names.takes(name, path: path) else { continue }
            if let problem = policy.problem(of: path) {
                findings.add(.unsafePath, file: folder, problem, found: "'\(path)'")
            } else if kind == .link, !allowsLinks {
                findings.add(
                    .symbolicLink,
                    file: "\(folder)/\(path)",
                    "the image is a symbolic link (--allow-outside follows it)"
                )
            } else {
                paths.append(path)
                people.append(person)
            }
        }
        if paths.count > start { members.append(start..<paths.count) }
    }

    /// By bytes, so that the order is the same everywhere.
    private static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// Pairs of a listing's images.
struct ImagePairs {
    private(set) var first: [UInt32] = []
    private(set) var second: [UInt32] = []
    private(set) var labels: [UInt8] = []

    private mutating func append(_ left: Int, _ right: Int, _ isGenuine: Bool) {
        first.append(UInt32(left))
        second.append(UInt32(right))
        labels.append(isGenuine ? 1 : 0)
    }

    /// Numbers the images of the pairs alone, in ascending order.
    ///
    /// - Returns: The former index of each.
    mutating func keepUsedImages() -> [Int] {
        let used = Set(first).union(second).sorted()
        let indices = Dictionary(uniqueKeysWithValues: zip(used, 0...))
        first = first.map { UInt32(indices[$0] ?? 0) }
        second = second.map { UInt32(indices[$0] ?? 0) }
        return used.map(Int.init)
    }

    /// Reads a file of pairs.
    mutating func read(_ rows: TextRows, _ listing: IdentityListing, findings: inout FindingList) {
        let indices = Dictionary(zip(listing.paths, 0...), uniquingKeysWith: { first, _ in first })
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        var row = CSVRow()
        if let header = reader.next() { row.split(header) }
        let names = row.fields.indices.map { row.text($0) ?? "" }
        guard names == ["first", "second"] || names == ["first", "second", "label"] else {
            findings.add(
                .badHeader,
                file: rows.file,
                line: 1,
                "wrong header",
                expected: "first,second or first,second,label",
                found: "'\(names.joined(separator: ",").prefix(80))'"
            )
            return
        }
        var line = 1
        while let content = reader.next() {
            line += 1
            row.split(content)
            guard row.fields.count == names.count, !row.isMalformed else {
                let isBlank = content.allSatisfy(TextRows.isSeparator)
                findings.addColumnCount(
                    isBlank ? 0 : row.fields.count,
                    expected: names.joined(separator: ","),
                    file: rows.file,
                    line: line
                )
                continue
            }
            add(row, indices, listing, rows.file, line, &findings)
        }
        findings.addCarriageReturns(reader.carriageReturnCount, of: line, file: rows.file)
    }

    private mutating func add(
        _ row: CSVRow,
        _ indices: [String: Int],
        _ listing: IdentityListing,
        _ file: String,
        _ line: Int,
        _ findings: inout FindingList
    ) {
        var images: [Int] = []
        for field in 0..<2 {
            guard let path = row.text(field), let image = indices[path] else {
                findings.add(
                    .unknownImage,
                    file: file,
                    line: line,
                    "no such image",
                    expected: "<person>/<file> of the folder of images",
                    found: row.fields[field].quoted
                )
                return
            }
            images.append(image)
        }
        let isGenuine = listing.people[images[0]] == listing.people[images[1]]
        if row.fields.count == 3 {
            let label = row.fields[2]
            guard label.count == 1, label[0] == 48 || label[0] == 49 else {
                findings.add(.badLabel, file: file, line: line, "bad label", expected: "0 or 1", found: label.quoted)
                return
            }
            if (label[0] == 49) != isGenuine {
                findings.add(
                    .subjectDisagreement,
                    file: file,
                    line: line,
                    "the label disagrees with the folders",
                    expected: isGenuine ? "1" : "0",
                    found: label.quoted
                )
            }
        }
        append(images[0], images[1], isGenuine)
    }

    /// Every pair of two different images, in ascending order.
    mutating func makeAll(_ listing: IdentityListing, limit: Int) throws(InputError) {
        let count = listing.paths.count
        guard count * (count - 1) / 2 <= limit else {
            throw InputError(
                .limitExceeded,
                "\(count) images make too many pairs",
                expected: "at most \(limit); set 'sample' for fewer",
                found: "\(count * (count - 1) / 2)"
            )
        }
        for members in listing.members {
            for left in members {
                for right in left + 1..<max(count, left + 1) { append(left, right, right < members.upperBound) }
            }
        }
    }

    /// Puts genuine and impostor pairs in turn into consecutive folds, so that each has its share of both.
    mutating func dealt(into count: Int) throws(InputError) -> [Range<Int>] {
        var dealt = [[Int]](repeating: [], count: count)
        var turns = [0, 0]
        for (index, label) in labels.enumerated() {
            dealt[turns[Int(label)] % count].append(index)
            turns[Int(label)] += 1
        }
        guard turns.allSatisfy({ $0 >= count }) else {
            throw InputError(
                .usage,
                "a fold would have pairs of one kind alone",
                place: "key \"files.folds\"",
                expected: "at most \(min(turns[0], turns[1])) folds",
                found: "\(count) for \(turns[1]) genuine and \(turns[0]) impostor pairs"
            )
        }
        let order = dealt.flatMap { $0 }
        (first, second, labels) = (order.map { first[$0] }, order.map { second[$0] }, order.map { labels[$0] })
        var end = 0
        return dealt.map { fold in
            defer { end += fold.count }
            return end..<end + fold.count
        }
    }

    /// `count` different pairs, or all where there are no more; the same seed and images give the same pairs.
    ///
    /// Half of them are genuine; where there are fewer of a kind, the other kind has the rest. Pairs of a kind are drawn
    /// uniformly without repetition.
    mutating func sample(_ count: Int, of listing: IdentityListing, seed: UInt64) {
        let total = listing.paths.count
        let genuine = listing.members.reduce(0) { $0 + $1.count * ($1.count - 1) / 2 }
        let impostor = total * (total - 1) / 2 - genuine
        var generator = SeededGenerator(seed: seed)
        let genuineCount = min(genuine, max(count / 2, count - impostor))
        var ends: [Int] = []
        for members in listing.members { ends.append((ends.last ?? 0) + members.count * (members.count - 1) / 2) }
        for number in Self.choose(genuineCount, of: genuine, &generator) {
            let person = SortedSearch.firstIndex(in: ends, notLessThan: number + 1)
            let members = listing.members[person]
            var rest = number - (person > 0 ? ends[person - 1] : 0)
            var left = members.lowerBound
            while rest >= members.upperBound - 1 - left {
                rest -= members.upperBound - 1 - left
                left += 1
            }
            append(left, left + 1 + rest, true)
        }
        // Impostor pair n: the first image's pairs with all later people, then the second's.
        var starts: [Int] = []
        var sum = 0
        for members in listing.members {
            for _ in members {
                sum += total - members.upperBound
                starts.append(sum)
            }
        }
        let personEnd = listing.members.flatMap { members in members.map { _ in members.upperBound } }
        for number in Self.choose(count - genuineCount, of: impostor, &generator) {
            let left = SortedSearch.firstIndex(in: starts, notLessThan: number + 1)
            append(left, personEnd[left] + number - (left > 0 ? starts[left - 1] : 0), false)
        }
    }

    /// `count` different numbers below `total`, ascending: Floyd's algorithm (Bentley and Floyd, 1987).
    private static func choose(_ count: Int, of total: Int, _ generator: inout SeededGenerator) -> [Int] {
        guard count < total else { return Array(0..<total) }
        var chosen: Set<Int> = []
        for bound in total - count..<total {
            let number = generator.index(below: bound + 1)
            if !chosen.insert(number).inserted { chosen.insert(bound) }
        }
        return chosen.sorted()
    }
}
