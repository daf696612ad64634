internal import ArtifactFiles
internal import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import Reporting
internal import VerificationMetrics

/// The pictures that a report shows: the hardest comparisons and a sheet of aligned faces, so that a wrong alignment or
/// label is seen at once.
struct FacePictures {
    private static let pairsPerClass = 8
    private static let sheetSize = 24
    private static let quality = 85

    /// The hardest comparisons with the names of their pictures.
    private(set) var hardest: HardestPairs
    /// Faces spread evenly over the protocol.
    private(set) var sheet: [PicturedFace] = []
    /// JPEG files by name.
    private(set) var files: [String: [UInt8]] = [:]

    private let protocolValue: VerificationProtocol
    private let subjects: TemplateSubjects?
    private let embeddings: ImageEmbeddings
    private let preprocessing: FacePreprocessing
    private let reader: (any FaceReader)?

    /// Finds and aligns the faces.
    ///
    /// - Parameters:
    ///   - scores: Those that are reported.
    ///   - protocolValue: The protocol.
    ///   - subjects: Its subjects, where known.
    ///   - embeddings: Which images were embedded.
    ///   - source: The faces; nil to show names without pictures.
    ///   - preprocessing: The size of an aligned face.
    init(
        _ scores: [Float],
        of protocolValue: VerificationProtocol,
        subjects: TemplateSubjects?,
        embeddings: ImageEmbeddings,
        source: (any FaceSource)?,
        preprocessing: FacePreprocessing
    ) throws {
        self.protocolValue = protocolValue
        self.embeddings = embeddings
        self.preprocessing = preprocessing
        self.subjects = subjects
        reader = source?.makeReader()
        hardest = HardestPairs(impostor: [], genuine: [])
        let places = try HardestComparisons(
            scores: .single(scores),
            labels: protocolValue.comparisons.labels,
            count: Self.pairsPerClass
        )
        hardest.impostor = places.impostors.map { comparison($0, score: scores[$0]) }
        hardest.genuine = places.genuine.map { comparison($0, score: scores[$0]) }
        makeSheet()
    }

    /// Writes the pictures beside the report.
    func write(to folder: String) throws(InputError) {
        guard !files.isEmpty else { return }
        let pictures = FileSystem.join(folder, "pictures")
        try FileSystem.createFolder(pictures)
        for (name, bytes) in files { try AtomicFile.write(bytes, to: FileSystem.join(pictures, name)) }
    }

    private mutating func comparison(_ place: Int, score: Float) -> HardestPairs.Comparison {
        HardestPairs.Comparison(
            comparison: place,
            score: Double(score),
            first: side(Int(protocolValue.comparisons.first[place])),
            second: side(Int(protocolValue.comparisons.second[place]))
        )
    }

    private mutating func side(_ template: Int) -> HardestPairs.Side {
        let images = protocolValue.templates.images(of: template).map { Int($0) }
        let subject = subjects.flatMap { subjects in
            subjects.indices[template] == TemplateSubjects.none
                ? nil : subjects.names[Int(subjects.indices[template])]
        }
        return HardestPairs.Side(
            template: "\(protocolValue.templates.ids[template])",
            subject: subject,
            images: images.prefix(5).map { protocolValue.images.paths[$0] },
            imageCount: images.count,
            picture: images.first { embeddings.isEmbedded[$0] }.flatMap { picture($0) }
        )
    }

    private mutating func makeSheet() {
        let count = protocolValue.images.count
        for place in 0..<min(Self.sheetSize, count) {
            let image = place * count / min(Self.sheetSize, count)
            guard embeddings.isEmbedded[image], let name = picture(image) else { continue }
            let template = Int(protocolValue.images.templates[image])
            sheet.append(
                PicturedFace(
                    image: protocolValue.images.paths[image],
                    template: "\(protocolValue.templates.ids[template])",
                    picture: name
                )
            )
        }
    }

    /// The aligned face of an image as a JPEG file; nil without a source or when the face cannot be made again.
    private mutating func picture(_ image: Int) -> String? {
        let name = "face-\(image + 1).jpg"
        if files[name] != nil { return name }
        guard let reader else { return nil }
        var pixels = [UInt8](repeating: 0, count: preprocessing.faceByteCount)
        do {
            _ = try reader.load(image, wantsDigest: false)
            try pixels.withUnsafeMutableBufferPointer { _ = try reader.align(into: $0) }
            let face = RGBImage(width: preprocessing.width, height: preprocessing.height, pixels: pixels)
            files[name] = try face.jpegData(quality: Self.quality)
            return name
        } catch {
            return nil
        }
    }
}
