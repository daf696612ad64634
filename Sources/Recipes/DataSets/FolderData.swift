public import ArtifactFiles
public import TrainingData

/// A folder per identity with aligned faces, or with a landmark file.
public struct FolderData: DataSet {
    public static let key = "folder"
    public static let sentence = "A folder for each person."
    public static let example = "{path: faces}"

    public var path: String
    public var fit: String
    public var landmarks: String?
    public var ignoreExif: Bool
    public var holdOutShare: Double?
    public var holdOutSeed: UInt64

    public enum CodingKeys: String, SettingsKey {
        case path
        case fit
        case landmarks
        case ignoreExif = "ignore-exif"
        case holdOutShare = "hold-out"
        case holdOutSeed = "hold-out-seed"

        public var about: KeyDescription {
            switch self {
            case .path: .init(.text("path"), .required, "The folder with a folder for each person.", example: "faces")
            case .fit:
                .init(
                    .choice(["exact", "resized", "centre-crop", "aligned"]),
                    .without("exact; aligned where there are landmarks"),
                    "How an image gets the network's size; `aligned` places the face by its landmarks.",
                    example: "resized"
                )
            case .landmarks:
                .init(
                    .text("path"),
                    .without("landmarks.txt in the folder, with `fit: aligned`"),
                    "The file with five landmarks of every image: lines of `person/image x1 y1 … x5 y5`.",
                    example: "landmarks.txt"
                )
            case .ignoreExif:
                .init(
                    .flag,
                    .standard(false),
                    "Whether pixels are taken as they are stored, whatever EXIF's orientation says.",
                    example: "true"
                )
            case .holdOutShare:
                .init(
                    .number(.between(0, 1)),
                    .without("everybody is trained on"),
                    "The share of people who are not trained on: their images make the protocol `hold-out`.",
                    example: "0.1"
                )
            case .holdOutSeed:
                .init(
                    .integer(.atLeast(0)),
                    .standard(1),
                    "Says who is held out, and which of their images are compared.",
                    example: "2"
                )
            }
        }
    }

    /// Decodes settings; landmarks alone say that faces are to be aligned.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        path = try values.decode(String.self, forKey: .path)
        landmarks = try values.decodeIfPresent(String.self, forKey: .landmarks)
        fit = try values.decodeIfPresent(String.self, forKey: .fit) ?? (landmarks == nil ? "exact" : "aligned")
        ignoreExif = try values.decode(Bool.self, forKey: .ignoreExif)
        holdOutShare = try values.decodeIfPresent(Double.self, forKey: .holdOutShare)
        holdOutSeed = try values.decode(UInt64.self, forKey: .holdOutSeed)
    }

    /// Refuses landmarks that nothing would read.
    public mutating func complete() throws(InputError) {
        guard landmarks == nil || fit == "aligned" else {
            throw InputError(
                .usage,
                "'landmarks' are read with 'fit: aligned' alone",
                expected: "fit: aligned, or no landmarks",
                found: "fit: \(fit)"
            )
        }
    }

    public func open(_ opening: DataSetOpening) throws(InputError) -> any TrainingSource {
        try FolderSource(
            root: path,
            size: opening.size,
            fit: try opening.fit(fit),
            landmarkFile: landmarks,
            ignoresOrientation: ignoreExif
        )
    }

    public var holdOut: HoldOutSettings? {
        holdOutShare.map { HoldOutSettings(folder: path, share: $0, seed: holdOutSeed) }
    }
}
