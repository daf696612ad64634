public import ArtifactFiles

/// One way in which protocols lie on disk.
///
/// A format is a file of its own and a line in ``ProtocolFormats/all``. It reads and checks what is particular to its
/// files; what every protocol must satisfy is checked by ``ProtocolReader``.
public protocol ProtocolFormat: Sendable {
    /// The name that descriptors use.
    var name: String { get }
    /// What it is, in one line.
    var summary: String { get }
    /// What a descriptor's `files` may set.
    var settings: [ProtocolSetting] { get }

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - source: The data folder, the settings and the options.
    ///   - findings: Receives what is wrong with lines and files.
    /// - Returns: The protocol; nil when the findings' errors leave none.
    /// - Throws: `InputError` when a file is missing.
    func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft?
}

/// One key of a descriptor's `files`.
public struct ProtocolSetting: Hashable, Sendable {
    /// The key.
    public let key: String
    /// What it means.
    public let summary: String
    /// Its value where a descriptor does not set it; nil when it must.
    public let defaultValue: String?
    /// What its value is.
    public let kind: Kind

    /// What a value may be.
    public enum Kind: Hashable, Sendable {
        /// A path in the data folder.
        case path
        /// A path in the data folder, or nothing.
        case optionalPath
        /// Paths in the data folder between commas, or nothing.
        case paths
        /// A number or word, which the format checks.
        case text
    }

    /// A file of landmarks that stand in any order, keyed by image.
    static let landmarks = ProtocolSetting(
        key: "landmarks",
        summary:
            "lines of image, 5 or 68 points and score, or CSV or JSON of a face detector; without it the faces are "
            + "aligned already",
        defaultValue: "",
        kind: .optionalPath
    )

    public init(key: String, summary: String, defaultValue: String? = nil, kind: Kind = .path) {
        self.kind = kind
        self.key = key
        self.summary = summary
        self.defaultValue = defaultValue
    }
}

/// What a format reads from.
public struct ProtocolSource: Sendable {
    /// The data folder.
    public let dataFolder: String
    /// The descriptor.
    public let descriptor: ProtocolDescriptor
    /// How to read.
    public let options: ProtocolReadOptions
    private let settings: [String: String]

    init(dataFolder: String, descriptor: ProtocolDescriptor, settings: [String: String], options: ProtocolReadOptions) {
        self.dataFolder = dataFolder
        self.descriptor = descriptor
        self.settings = settings
        self.options = options
    }

    /// The longest file that is read: its rows could not be numbered with 32 bits otherwise.
    static let byteLimit = 1 << 34

    /// Maps a text file of the protocol.
    ///
    /// - Parameter path: Relative to the data folder.
    /// - Throws: `InputError`: `missing`, `forbidden` for a symbolic link that is not allowed, `limitExceeded`.
    public func open(_ path: String) throws(InputError) -> MappedFile {
        let place = FileSystem.join(dataFolder, path)
        if !options.pathPolicy.allowsSymbolicLinks, FileSystem.hasLink(path, below: dataFolder) {
            throw InputError(
                .forbidden,
                "a symbolic link",
                file: place,
                expected: "a file in the data folder, or --allow-outside"
            )
        }
        do throws(InputError) {
            let file = try MappedFile(path: place)
            guard file.count < Self.byteLimit else {
                throw InputError(.limitExceeded, "the file is too long", file: place, found: "\(file.count) bytes")
            }
            file.adviseSequential()
            return file
        } catch {
            var error = error
            error.expected =
                error.expected ?? "the layout of '\(descriptor.name)': \(path) in the data folder" + elsewhere(path)
            throw error
        }
    }

    /// Where a file that is not there lies instead, when that is a folder above or below: `; it is in lfw, so --data …`.
    private func elsewhere(_ path: String) -> String {
        var folders = [dataFolder.split(separator: "/").dropLast().joined(separator: "/")]
        if dataFolder.hasPrefix("/") { folders[0] = "/" + folders[0] }
        if let names = try? FileSystem.names(inFolder: dataFolder) {
            folders += names.prefix(1000).map { FileSystem.join(dataFolder, $0) }
        }
        guard let found = folders.first(where: { !$0.isEmpty && FileSystem.exists(FileSystem.join($0, path)) }) else {
            return ""
        }
        return "; it lies in another folder: --data \(found)"
    }

    /// A setting of the format, or its default value.
    public func setting(_ key: String) -> String { settings[key] ?? "" }

    /// A setting that may be nothing.
    func optionalSetting(_ key: String) -> String? {
        let value = setting(key)
        return value.isEmpty ? nil : value
    }

    /// A setting that is a list between commas.
    func settingList(_ key: String) -> [String] { Self.list(setting(key)) }

    /// A setting that is a number.
    ///
    /// - Throws: `InputError` naming the key.
    func number(_ key: String, in range: ClosedRange<Int>) throws(InputError) -> Int {
        guard let value = Int(setting(key)), range.contains(value) else {
            throw InputError(
                .malformed,
                "not a value of the key 'files.\(key)'",
                file: descriptor.source.file,
                expected: "\(range.lowerBound) to \(range.upperBound)",
                found: "'\(setting(key))'"
            )
        }
        return value
    }

    static func list(_ value: String) -> [String] {
        guard !value.isEmpty else { return [] }
        return value.split(separator: ",", omittingEmptySubsequences: false)
            .map { item in
                var item = item
                while item.first == " " { item.removeFirst() }
                while item.last == " " { item.removeLast() }
                return String(item)
            }
    }
}

/// A protocol as a format read it, and where its rows stand.
public struct ProtocolDraft: Sendable {
    /// The protocol.
    public var value: VerificationProtocol
    /// The files that its rows come from.
    public var origins: ProtocolOrigins
}

/// The files of a protocol, relative to the data folder, for the findings of later checks.
public struct ProtocolOrigins: Hashable, Sendable {
    /// The file of images; image i is line i + `firstImageLine`.
    public var images: String?
    /// The file of landmarks, with the same lines.
    public var landmarks: String?
    /// The file of comparisons; comparison i is line i + `firstComparisonLine`.
    public var comparisons: String?
    /// The file of subjects.
    public var subjects: String?
    /// The line of the first image.
    public var firstImageLine = 1
    /// The line of the first comparison.
    public var firstComparisonLine = 1
    /// Where there are several files of images: each with the first row that it gives, in ascending order.
    public var imageFiles: [ImageFile] = []
    /// Whether one image may stand in several rows, each a face of its own.
    public var sharesImages = false

    /// One of several files of images.
    public struct ImageFile: Hashable, Sendable {
        /// The file.
        public var file: String
        /// Its first row among all.
        public var firstRow: Int
        /// The line of that row.
        public var firstLine: Int
    }

    /// Where an image is stated.
    func place(ofImage image: Int) -> ProtocolFinding.Place {
        var (low, high) = (0, imageFiles.count)
        while low < high {
            let middle = (low + high) / 2
            if imageFiles[middle].firstRow <= image { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return .init(images, firstImageLine + image) }
        let origin = imageFiles[low - 1]
        return .init(origin.file, origin.firstLine + image - origin.firstRow)
    }

    /// Where a comparison is stated.
    func place(ofComparison comparison: Int) -> ProtocolFinding.Place {
        .init(comparisons, firstComparisonLine + comparison)
    }

    /// Names no file.
    public init() {}
}

/// The formats that exist.
public enum ProtocolFormats {
    /// Every format; a new one is a new line.
    public static let all: [any ProtocolFormat] = [
        InsightFaceIJBFormat(),
        NISTFormat(),
        PairBinFormat(),
        LFWPairsFormat(),
        IdentityFolderFormat(),
    ]

    /// The format of a name.
    ///
    /// - Throws: `InputError` (`unknownName`) that lists the known names.
    public static func named(_ name: String) throws(InputError) -> any ProtocolFormat {
        guard let format = all.first(where: { $0.name == name }) else {
            throw InputError.unknownName(name, kind: "protocol format", known: all.map(\.name))
        }
        return format
    }
}

extension ProtocolSetting.Kind {
    /// What is wrong with a value; nil when nothing is.
    fileprivate func problem(of value: String) -> String? {
        switch self {
        case .path: PathPolicy.strict.problem(of: value)
        case .optionalPath: value.isEmpty ? nil : PathPolicy.strict.problem(of: value)
        case .paths: ProtocolSource.list(value).compactMap { PathPolicy.strict.problem(of: $0) }.first
        case .text: value.utf8.contains { $0 < 0x20 } ? "the value holds a control character" : nil
        }
    }
}

extension ProtocolFormat {
    /// Checks a descriptor's `files` against the settings and fills in default values.
    ///
    /// - Throws: `InputError` naming the key.
    func resolvedSettings(_ descriptor: ProtocolDescriptor) throws(InputError) -> [String: String] {
        for key in descriptor.files.keys.sorted() where !settings.contains(where: { $0.key == key }) {
            var error = InputError.unknownName(key, kind: "key of 'files'", known: settings.map(\.key))
            error.file = descriptor.source.file
            error.place = "key \"files.\(key)\""
            throw error
        }
        var resolved: [String: String] = [:]
        for setting in settings {
            guard let value = descriptor.files[setting.key] ?? setting.defaultValue else {
                throw InputError(
                    .missing,
                    "the format \(name) needs the key 'files.\(setting.key)'",
                    file: descriptor.source.file,
                    expected: setting.summary
                )
            }
            if let problem = setting.kind.problem(of: value) {
                throw InputError(
                    .forbidden,
                    problem,
                    file: descriptor.source.file,
                    place: "key \"files.\(setting.key)\"",
                    expected: "a plain path inside the data folder",
                    found: "'\(value)'"
                )
            }
            resolved[setting.key] = value
        }
        return resolved
    }
}
