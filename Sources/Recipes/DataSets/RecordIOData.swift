public import ArtifactFiles
public import TrainingData

/// An MXNet record file, as InsightFace distributes its training sets.
public struct RecordIOData: DataSet {
    public static let key = "recordio"
    public static let sentence = "An MXNet record file, as InsightFace distributes its training sets."
    public static let example = "{path: train.rec}"

    public var path: String
    public var fit: String
    public var ignoreExif: Bool

    public enum CodingKeys: String, SettingsKey {
        case path
        case fit
        case ignoreExif = "ignore-exif"

        public var about: KeyDescription {
            switch self {
            case .path:
                .init(
                    .text("path"),
                    .required,
                    "`train.rec`; its index `train.idx` lies beside it.",
                    example: "train.rec"
                )
            case .fit:
                .init(
                    .choice(["exact", "resized", "centre-crop"]),
                    .standard("exact"),
                    "How an image gets the network's size.",
                    example: "resized"
                )
            case .ignoreExif:
                .init(
                    .flag,
                    .standard(false),
                    "Whether pixels are taken as they are stored, whatever EXIF's orientation says.",
                    example: "true"
                )
            }
        }
    }

    public func open(_ opening: DataSetOpening) throws(InputError) -> any TrainingSource {
        try RecordIOSource(
            path: path,
            size: opening.size,
            fit: try opening.fit(fit),
            ignoresOrientation: ignoreExif
        )
    }

    /// InsightFace's verification sets lie beside the record file.
    public var folderOfProtocols: String? { FileSystem.parent(of: path) }
}
