internal import ArtifactFiles
internal import FaceProtocols
internal import TestSupport

/// The files of a protocol's folder, of one format.
struct ProtocolFolderReader: ForeignReader {
    let name: String
    let format: String
    let settings: [String: String]
    /// The files of an input, in order; an empty one is left out where it is optional.
    let files: [String]
    var optional: Set<String> = []
    /// Images that the folder holds, empty.
    var images: [String] = []
    let tokens: [String]
    /// Folders or files below `Fixtures/FaceProtocols` that hold `files`; a text stands for itself.
    let samples: [Sample]

    enum Sample {
        case folder(String)
        case files(String, suffix: String)
        case text(String)
    }

    static let ijb = ProtocolFolderReader(
        name: "ijb",
        format: "insightface-ijb",
        settings: ["prefix": "ijbc"],
        files: ["ijbc_face_tid_mid.txt", "ijbc_name_5pts_score.txt", "ijbc_template_pair_label.txt", "subjects.csv"]
            .map { "meta/" + $0 },
        optional: ["meta/subjects.csv"],
        tokens: ["1.jpg"],
        samples: [.folder("tiny"), .folder("points68"), .folder("large-ids")]
    )
    static let nist = ProtocolFolderReader(
        name: "nist",
        format: "nist-csv",
        settings: ["galleries": "G1.csv", "probes": "G2.csv", "matches": "matches.csv"],
        files: ["G1.csv", "G2.csv", "matches.csv"],
        tokens: ["TEMPLATE_ID", "SUBJECT_ID", "FILENAME", "SIGHTING_ID", "FACE_X", "FACE_WIDTH", "img/1.jpg", "\"\""],
        samples: [.folder("nist-newer/test1"), .folder("nist-older"), .folder("nist-newer/test4")]
    )
    static let bin = ProtocolFolderReader(
        name: "bin",
        format: "insightface-bin",
        settings: ["file": "input.bin", "folds": "2"],
        files: ["input.bin"],
        tokens: ["cnumpy.core.multiarray\n_reconstruct\n", "c_codecs\nencode\n", "numpy", "dtype", "latin1"],
        samples: [.files("bins", suffix: ".bin")]
    )
    static let lfwPairs = ProtocolFolderReader(
        name: "lfw-pairs",
        format: "lfw-pairs",
        settings: [:],
        files: ["pairs.txt"],
        images: (1...3).map { "images/Ann_Lee/Ann_Lee_000\($0).jpg" } + (1...4).map { "images/Bo/Bo_000\($0).jpg" }
            + ["images/Cy/Cy_0012.jpg"],
        tokens: ["Ann_Lee", "Bo", "10\t300", "..", "9999999999"],
        samples: [.files("lfw", suffix: "pairs.txt")]
    )
    static let pairsCSV = ProtocolFolderReader(
        name: "pairs-csv",
        format: "identity-folder",
        settings: ["pairs": "pairs.csv"],
        files: ["pairs.csv"],
        images: ["images/ann/a.jpg", "images/ann/b.PNG", "images/bob/1.jpeg", "images/cy/x, y.jpg"],
        tokens: ["first,second,label\n", "ann/a.jpg", "\"cy/x, y.jpg\"", "\"\""],
        samples: [
            .text("first,second,label\nann/a.jpg,ann/b.PNG,1\nbob/1.jpeg,ann/a.jpg,0\n\"cy/x, y.jpg\",bob/1.jpeg,0\n")
        ]
    )

    var dictionary: [[UInt8]] {
        [Parcel.separator]
            + (tokens
            + ["\r\n", "\u{feff}", "nan", "inf", "-0", "1e309", "4294967295", "4294967296", "../", "\"", ","])
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try samples
            .flatMap { sample in
                switch sample {
                case .folder(let folder): [try joined(folder)]
                case .files(let folder, let suffix): try Seeds.files("FaceProtocols/\(folder)", endingIn: suffix)
                case .text(let text): [Array(text.utf8)]
                }
            }
            .filter { $0.count <= Seeds.longest } + Seeds.files("Hostile/\(name)", endingIn: "")
    }

    /// A folder's files, each in the place of the one of its kind.
    private func joined(_ folder: String) throws -> [UInt8] {
        let others = [
            "nist-newer/test1": ["enroll_templates.csv", "verif_templates.csv", "match.csv"],
            "nist-newer/test4": ["gallery_G1.csv", "probes.csv"],
            "nist-older": ["ijbc_1N_gallery_G1.csv", "ijbc_1N_gallery_G2.csv", "ijbc_11_G1_G2_matches.csv"],
        ]
        return Parcel.join(
            try (others[folder] ?? files)
                .map { file in
                    let path = "FaceProtocols/\(folder)/\(file)"
                    return optional.contains(file) && !FileSystem.exists(Fixture.path(path)) ? [] : try Seeds.file(path)
                }
        )
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        for (file, content) in zip(files, Parcel.split(bytes, into: files.count)) {
            if content.isEmpty, optional.contains(file) {
                FileSystem.remove(FileSystem.join(folder.path, file))
            } else {
                try folder.write(content, file)
            }
        }
        for image in images where !FileSystem.exists(FileSystem.join(folder.path, image)) {
            try folder.write([], image)
        }
        let descriptor = ProtocolDescriptor(
            name: "fuzzed",
            title: "fuzzed",
            format: format,
            files: settings,
            counts: ProtocolCounts(),
            source: .written
        )
        let options = ProtocolReadOptions(workers: 1, checksImageFiles: false)
        let reading = try ProtocolReader(descriptor, options: options).read(dataFolder: folder.path)
        precondition(reading.findings.count(.error) > 0 || reading.draft != nil, "what is refused is said")
        let value = try reading.validProtocol()
        let templates = UInt32(value.templates.ids.count)
        precondition(value.comparisons.first.allSatisfy { $0 < templates }, "comparisons name templates")
        precondition(value.comparisons.second.allSatisfy { $0 < templates }, "comparisons name templates")
        precondition(value.images.templates.allSatisfy { $0 < templates }, "images name templates")
    }
}

/// `protocol.yml`.
struct ProtocolDescriptorReader: ForeignReader {
    var name: String { "protocol-yaml" }
    var dictionary: [[UInt8]] {
        YAMLTokens.all
            + ["name:", "format:", "insightface-ijb", "files:", "counts:", "digests:"].map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try ["../Protocols/ijbb/protocol.yml", "../Protocols/ijbc/protocol.yml"].map(Seeds.file)
            + [Array("name: plain\nformat: insightface-ijb\nfiles: {prefix: ijbc}\ncounts: {images: 3}\n".utf8)]
            + Seeds.files("Hostile/protocol-yaml", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let descriptor = try ProtocolDescriptor(path: folder.write(bytes, "protocol.yml"))
        // What it says can be said again.
        let copy = try ProtocolDescriptor(path: folder.write(Array(descriptor.yaml.utf8), "copy.yml"))
        precondition(
            copy.name == descriptor.name && copy.title == descriptor.title && copy.files == descriptor.files
                && copy.counts == descriptor.counts && copy.digests == descriptor.digests,
            "a descriptor survives being written"
        )
    }
}
