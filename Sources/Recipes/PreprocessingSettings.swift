public import ArtifactFiles
public import FaceImaging

/// What is done to an image before it enters the network: a name, with single values overridden.
public struct PreprocessingSettings: SettingsSection {
    public var name: String
    public var mean: [Float]?
    public var std: [Float]?
    public var channels: ChannelOrder?

    public enum CodingKeys: String, SettingsKey {
        case name
        case mean
        case std
        case channels

        public var about: KeyDescription {
            let own = KeyDescription.Presence.without("the name's own")
            return switch self {
            case .name:
                .init(
                    .choice(FacePreprocessing.all.map(\.name)),
                    .standard("insightface"),
                    "A preprocessing that `verifar evaluate --preprocess` knows.",
                    example: "imagenet"
                )
            case .mean:
                .init(
                    .list(.number(.any), count: 3),
                    own,
                    "Mean of each channel in grey levels, 0 to 255.",
                    example: "[127.5, 127.5, 127.5]"
                )
            case .std:
                .init(
                    .list(.number(.above(0)), count: 3),
                    own,
                    "Standard deviation of each channel in grey levels.",
                    example: "[128, 128, 128]"
                )
            case .channels: .init(.choice(ChannelOrder.self), own, "The order of the channels.", example: "bgr")
            }
        }
    }

    /// A preprocessing by its name alone.
    public init(name: String) { self.name = name }

    /// The preprocessing at a network's input size.
    ///
    /// - Throws: `InputError` for an unknown name or values out of range.
    public func preprocessing(width: Int, height: Int) throws(InputError) -> FacePreprocessing {
        var value = try FacePreprocessing.named(name)
        (value.width, value.height) = (width, height)
        value.mean = mean ?? value.mean
        value.std = std ?? value.std
        value.channels = channels ?? value.channels
        if width == 96, height == 112 { value.template = FaceTemplate.sphereface.name }
        try value.validate()
        return value
    }
}
