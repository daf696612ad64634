public import ArtifactFiles
internal import FaceImaging
public import FaceProtocols
internal import Foundation
internal import Reporting

/// Writes a protocol in another form.
public struct ProtocolBuild {
    /// What becomes of the images of InsightFace's form.
    public enum Images: String, CaseIterable, Sendable {
        case keep
        case link
        case copy
    }

    private let value: VerificationProtocol
    private let data: String
    private let output: String

    /// - Parameters:
    ///   - value: The protocol.
    ///   - data: Where its files lie.
    ///   - output: Where the other form goes.
    public init(_ value: VerificationProtocol, dataFolder data: String, output: String) {
        self.value = value
        self.data = data
        self.output = output
    }

    private func requireComparisons(_ form: String) throws(InputError) {
        guard value.comparisons.count > 0 else {
            throw InputError(.unsupported, "'\(value.name)' has no comparisons, and \(form) holds nothing else")
        }
    }

    /// Writes InsightFace's meta files, and `mapping.csv`: which row is which image of which file.
    ///
    /// - Parameter prefix: What their names begin with; the protocol's name when nil.
    /// - Throws: `InputError` for a protocol that the form does not hold, or files that cannot be written.
    public func writeMetaFiles(prefix: String?, images: Images) throws(InputError) -> ProtocolDescriptor {
        guard value.images.container == nil else {
            throw InputError(
                .unsupported,
                "the images of '\(value.name)' are in one file; the ijb form needs a file for each"
            )
        }
        try requireComparisons("the ijb form")
        var written = value
        let writer = IJBLayoutWriter(prefix: prefix ?? value.name)
        if images != .keep {
            let names = (0..<value.images.count).map { "\($0 + 1).\(Self.suffix(value.images.paths[$0]))" }
            written = value.renamingImages(names, folder: "loose_crop")
            // Before gigabytes are copied.
            try writer.check(written)
            try place(names, images)
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

    private func place(_ names: [String], _ images: Images) throws(InputError) {
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
            text += CSVText.line([
                "\(image + 1)", written.images.paths[image], value.images.paths[image],
                "\(value.templates.ids[template])",
                "\(value.mediumIDs[Int(value.images.media[image])])", subject ?? "",
            ])
            if text.utf8.count > 1 << 16 {
                try file.write(text)
                text = ""
            }
        }
        try file.write(text)
        try file.commit()
    }

    /// Writes a `.bin` of pairs: faces are as they are where they are aligned, else cut out as PNG of 112×112.
    ///
    /// - Throws: `InputError` for templates of several images, or a face that cannot be cut out.
    public func writePairs() throws -> ProtocolDescriptor {
        for template in 0..<value.templates.count where value.templates.images(of: template).count > 1 {
            throw InputError(
                .unsupported,
                "template \(value.templates.ids[template]) has several images; a .bin holds one face on each side"
            )
        }
        try requireComparisons("a .bin")
        let comparisons = value.comparisons
        let name = "\(value.name).bin"
        let container = try value.images.container?.open(dataFolder: data)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        var writer = try PairBinWriter(path: FileSystem.join(output, name))
        var mapping = "pair,first,second,label\n"
        for pair in 0..<comparisons.count {
            let sides = [comparisons.first[pair], comparisons.second[pair]]
                .compactMap { value.templates.images(of: Int($0)).first.map(Int.init) }
            for image in sides {
                try writer.append(container?.bytes(ofImage: image) ?? face(image, &extractor))
            }
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

    private func face(_ image: Int, _ extractor: inout FaceExtractor) throws -> [UInt8] {
        let path = value.path(ofImage: image, dataFolder: data)
        guard value.images.landmarksPerFace > 0 else { return try MappedFile(path: path).withBytes { Array($0) } }
        let landmarks = try FaceLandmarks(coordinates: value.images.landmarks(of: image).map(Double.init))
        let size = FacePreprocessing.insightface
        var pixels = [UInt8](repeating: 0, count: size.faceByteCount)
        do {
            try pixels.withUnsafeMutableBufferPointer {
                _ = try extractor.extract(file: path, landmarks: landmarks, into: $0)
            }
        } catch {
            throw InputError(.malformed, "a face of a pair cannot be cut out: \(error)", file: path)
        }
        return try RGBImage(width: size.width, height: size.height, pixels: pixels).pngData()
    }
}
