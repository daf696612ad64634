public import ArtifactFiles
public import TrainingData

/// CIFAR-100 in its binary form.
public struct CIFAR100Data: DataSet {
    public static let key = "cifar100"
    public static let sentence = "CIFAR-100 in its binary version."
    public static let example = "{path: cifar-100-binary/train.bin}"

    public var path: String

    public enum CodingKeys: String, SettingsKey {
        case path

        public var about: KeyDescription {
            .init(
                .text("path"),
                .required,
                "`train.bin` or `test.bin` of CIFAR-100's binary version.",
                example: "cifar-100-binary/train.bin"
            )
        }
    }

    public func open(_ opening: DataSetOpening) throws(InputError) -> any TrainingSource {
        try CIFAR100Source(path: path)
    }
}
