internal import ArgumentParser
internal import ArtifactFiles
internal import FaceImaging
internal import FaceProtocols
internal import Foundation
internal import Reporting

extension ProtocolCommand {
    /// `verifar protocol build`.
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Write a protocol in another form: InsightFace's meta files, or a .bin of pairs.",
            discussion: """
                --form ijb writes OUTPUT/meta in InsightFace's layout, with meta/mapping.csv (which row is which image of \
                which file) and protocol.yml; faces without landmarks get those that stand for their boxes. --form bin writes \
                OUTPUT/NAME.bin, pairs of aligned faces as InsightFace's verification sets have them.

                  verifar protocol build nist-ijbc --data IJB-C --output IJB-C --prefix ijbc
                  verifar protocol build nist-ijbc --data IJB-C --output packed --images link
                  verifar protocol build folder --data mine --output mine --form bin
                """
        )

        /// What is written.
        enum Form: String, ExpressibleByArgument, CaseIterable {
            case ijb
            case bin
        }

        /// What becomes of the images.
        enum Images: String, ExpressibleByArgument, CaseIterable {
            case keep
            case link
            case copy
        }

        @OptionGroup var input: ProtocolInput

        @Option(help: ArgumentHelp("Where it goes; made if it is not there.", valueName: "dir"), completion: .directory)
        var output: String

        @Option(help: "InsightFace's meta files (ijb) or a file of pairs (bin).")
        var form: Form = .ijb

        @Option(help: ArgumentHelp("What the names of meta files begin with; the protocol's name without it."))
        var prefix: String?

        @Option(
            help: """
                With ijb: keep names and folder of the images, or give each row its own loose_crop/<row>.<ext>, a hard link \
                or a copy, byte for byte.
                """
        )
        var images: Images = .keep

        func run() throws {
            let reading = try input.read()
            for line in reading.findings.lines { FileHandle.standardError.write(Data((line + "\n").utf8)) }
            let value = try reading.validProtocol()
            if !value.searches.isEmpty, form == .ijb || form == .bin {
                FileHandle.standardError.write(Data("note: the form holds no galleries; only 1:1 is written\n".utf8))
            }
            try FileSystem.createFolder(output)
            let descriptor =
                switch form {
                case .ijb: try IJBBuild(value, data: input.data, output: output, images: images).write(prefix: prefix)
                case .bin: try BinBuild(value, data: input.data, output: output).write()
                }
            try AtomicFile.write(descriptor.yaml, to: FileSystem.join(output, "protocol.yml"))
            let counts = descriptor.counts.all.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            print("\(FileSystem.join(output, "protocol.yml")): \(counts)")
        }
    }
}

/// InsightFace's meta files of a protocol.
private struct IJBBuild {
    private let value: VerificationProtocol
    private let data: String
    private let output: String
    private let images: ProtocolCommand.Build.Images

    init(
        _ value: VerificationProtocol,
        data: String,
        output: String,
        images: ProtocolCommand.Build.Images
    ) throws(InputError) {
        guard value.images.container == nil else {
            throw InputError(
                .unsupported,
                "the images of '\(value.name)' are in one file; the ijb form needs a file for each"
            )
        }
        guard value.comparisons.count > 0 else {
            throw InputError(.unsupported, "'\(value.name)' has no comparisons, and the ijb form holds nothing else")
        }
        self.value = value
        self.data = data
        self.output = output
        self.images = images
    }

    func write(prefix: String?) throws(InputError) -> ProtocolDescriptor {
        var written = value
        let writer = IJBLayoutWriter(prefix: prefix ?? value.name)
        switch images {
        case .keep:
            break
        case .link, .copy:
            let names = (0..<value.images.count).map { "\($0 + 1).\(Self.suffix(value.images.paths[$0]))" }
            written = value.renamingImages(names, folder: "loose_crop")
            // Before gigabytes are copied.
            try writer.check(written)
            try place(names)
        }
        let descriptor = try writer.write(written, to: output)
        try writeMapping(written)
        return descriptor
    }

    private static func suffix(_ path: String) -> String {
        let name = FileSystem.lastComponent(path)
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "jpg" }
        let suffix = name[name.index(after: dot)...].lowercased()
        return ["jpg", "jpeg", "png"].contains(suffix) ? suffix : "jpg"
    }

    private func place(_ names: [String]) throws(InputError) {
        let folder = FileSystem.join(output, "loose_crop")
        try FileSystem.createFolder(folder)
        for (image, name) in names.enumerated() {
            let source = value.path(ofImage: image, dataFolder: data)
            // A missing image is a failure of the evaluation, here as there.
            guard FileSystem.exists(source) else { continue }
            let target = FileSystem.join(folder, name)
            do {
                if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
                if images == .link {
                    try FileManager.default.linkItem(atPath: source, toPath: target)
                } else {
                    try FileManager.default.copyItem(atPath: source, toPath: target)
                }
            } catch {
                throw InputError(.unwritable, "cannot \(images.rawValue) \(source): \(error)", file: target)
            }
        }
    }

    /// `row,image,source,template,medium,subject`, a line for each row of the image list.
    private func writeMapping(_ written: VerificationProtocol) throws(InputError) {
        var file = try AtomicFile(path: FileSystem.join(output, "meta/mapping.csv"))
        var text = "row,image,source,template,medium,subject\n"
        for image in 0..<value.images.count {
            let template = Int(value.images.templates[image])
            let subject = value.subjects.flatMap { subjects in
                subjects.indices[template] == TemplateSubjects.none
                    ? nil : subjects.names[Int(subjects.indices[template])]
            }
            let fields = [
                "\(image + 1)", written.images.paths[image], value.images.paths[image],
                "\(value.templates.ids[template])",
                "\(value.mediumIDs[Int(value.images.media[image])])", subject ?? "",
            ]
            text += CSVText.line(fields)
            if text.utf8.count > 1 << 16 {
                try file.write(text)
                text = ""
            }
        }
        try file.write(text)
        try file.commit()
    }
}

/// A `.bin` of a protocol's pairs.
private struct BinBuild {
    private let value: VerificationProtocol
    private let data: String
    private let output: String

    init(_ value: VerificationProtocol, data: String, output: String) throws(InputError) {
        for template in 0..<value.templates.count where value.templates.images(of: template).count > 1 {
            throw InputError(
                .unsupported,
                "template \(value.templates.ids[template]) has several images; a .bin holds one face on each side"
            )
        }
        guard value.comparisons.count > 0 else {
            throw InputError(.unsupported, "'\(value.name)' has no comparisons, and a .bin holds nothing else")
        }
        self.value = value
        self.data = data
        self.output = output
    }

    func write() throws -> ProtocolDescriptor {
        let comparisons = value.comparisons
        let name = "\(value.name).bin"
        var writer = try PairBinWriter(path: FileSystem.join(output, name))
        var faces = try AlignedFaces(value, data: data)
        var mapping = "pair,first,second,label\n"
        for pair in 0..<comparisons.count {
            let sides = [comparisons.first[pair], comparisons.second[pair]]
                .compactMap {
                    value.templates.images(of: Int($0)).first.map(Int.init)
                }
            for image in sides { try writer.append(try faces.bytes(ofImage: image)) }
            let paths = sides.map { value.images.paths[$0] }
            mapping += CSVText.line(["\(pair)"] + paths + ["\(comparisons.labels[pair])"])
        }
        try writer.finish(labels: Array(comparisons.labels))
        try AtomicFile.write(mapping, to: FileSystem.join(output, "\(value.name).csv"))
        return ProtocolDescriptor(
            bin: name,
            of: value,
            digest: try ContentDigest(ofFile: FileSystem.join(output, name)).description
        )
    }
}

/// The aligned faces of a protocol as encoded files: as they are where they are aligned, else as PNG of 112×112.
private struct AlignedFaces: ~Copyable {
    private let value: VerificationProtocol
    private let data: String
    private let container: ImageContainer.Contents?
    private var extractor: FaceExtractor
    private let preprocessing: FacePreprocessing

    init(_ value: VerificationProtocol, data: String) throws {
        let container = try value.images.container?.open(dataFolder: data)
        let extractor = try FaceExtractor(preprocessing: .insightface)
        self.value = value
        self.data = data
        self.container = container
        self.extractor = extractor
        preprocessing = .insightface
    }

    mutating func bytes(ofImage image: Int) throws -> [UInt8] {
        if let container { return try container.bytes(ofImage: image) }
        let path = value.path(ofImage: image, dataFolder: data)
        guard value.images.landmarksPerFace > 0 else {
            let file = try MappedFile(path: path)
            return file.withBytes { Array($0) }
        }
        let landmarks = try FaceLandmarks(coordinates: value.images.landmarks(of: image).map(Double.init))
        var pixels = [UInt8](repeating: 0, count: preprocessing.faceByteCount)
        let outcome = pixels.withUnsafeMutableBufferPointer { pixels in
            Result { () throws(FaceFailure) in
                _ = try extractor.extract(file: path, landmarks: landmarks, into: pixels)
            }
        }
        do {
            try outcome.get()
        } catch {
            throw InputError(.malformed, "a face of a pair cannot be cut out: \(error)", file: path)
        }
        return try RGBImage(width: preprocessing.width, height: preprocessing.height, pixels: pixels).pngData()
    }
}
