public import ArtifactFiles

/// One's own data: a folder for each person with that person's images, and a file of pairs, all pairs or a sample.
///
/// Images are `<person>/<file>` with a suffix .jpg, .jpeg or .png; they are numbered from 1 in the order of their paths'
/// bytes, and each is a template. With a file of pairs only its images are. The file of pairs is CSV with the header
/// `first,second` or `first,second,label`, images by path; the label is checked against the folders.
public struct IdentityFolderFormat: ProtocolFormat {
    public let name = "identity-folder"
    public let summary = "a folder for each person; pairs from a CSV file, all pairs or a seeded sample"
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
        .landmarks,
    ]

    /// All pairs are not made beyond this many.
    static let pairLimit = 200_000_000

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
                at: .init(source.setting("images")),
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
        let images = try FaceImages(
            paths,
            landmarksBy: ProtocolSetting.landmarks.key,
            of: source,
            findings: &findings
        )
        guard findings.isValid else { return nil }
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
            ids: used.indices.map { $0 + 1 },
            comparisons: Comparisons(first: pairs.first, second: pairs.second, labels: pairs.labels, folds: folds),
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
        if !allowsLinks, FileSystem.hasLink(folder, below: source.dataFolder) {
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
        for (person, kind) in try FileSystem.entries(inFolder: root) where !person.hasPrefix(".") {
            guard kind != .file else {
                strays += 1
                continue
            }
            guard kind != .link || allowsLinks else {
                findings.add(
                    .symbolicLink,
                    at: .init("\(folder)/\(person)"),
                    "the folder is a symbolic link (--allow-outside follows it)"
                )
                continue
            }
            add(person, in: root, folder, allowsLinks, source.options.pathPolicy, &names, &findings)
        }
        if let summary = names.summary {
            findings.add(names.imageCount > 0 ? .unreadImages : .otherFiles, at: .init(folder), summary)
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
        // One that cannot be listed is empty.
        for (name, kind) in (try? FileSystem.entries(inFolder: "\(root)/\(person)")) ?? [] {
            let path = "\(person)/\(name)"
            guard !name.hasPrefix("."), kind == .file || kind == .link, names.takes(name, path: path) else { continue }
            if let problem = policy.problem(of: path) {
                findings.add(.unsafePath, at: .init(folder), problem, found: "'\(path)'")
            } else if kind == .link, !allowsLinks {
                findings.add(
                    .symbolicLink,
                    at: .init("\(folder)/\(path)"),
                    "the image is a symbolic link (--allow-outside follows it)"
                )
            } else {
                paths.append(path)
                people.append(person)
            }
        }
        if paths.count > start { members.append(start..<paths.count) }
    }
}
