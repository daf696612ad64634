public import ArtifactFiles
public import Checkpoints
public import FaceImaging
internal import NeuralGraph

/// A preprocessing as somebody states it: a name, and single values in place of the name's.
public struct PreprocessingOverrides: Hashable, Sendable {
    /// One of ``FacePreprocessing/all``; nil for what the checkpoint says.
    public var name: String?
    /// Mean per channel in grey levels, R, G, B.
    public var mean: [Float]?
    /// Standard deviation per channel in grey levels.
    public var std: [Float]?
    /// The order of the channels.
    public var channels: ChannelOrder?
    /// The face's width in pixels.
    public var width: Int?
    /// The face's height in pixels.
    public var height: Int?
    /// The template's name.
    public var template: String?

    public init() {}

    /// Reads the values as command lines and the metadata of checkpoints have them: `127.5,127.5,127.5`, `rgb`, `112x112`.
    ///
    /// - Throws: `InputError` for malformed values.
    public init(
        name: String?,
        mean: String?,
        std: String?,
        channels: String?,
        size: String?,
        template: String?
    ) throws(InputError) {
        self.name = name
        self.mean = try mean.map { text throws(InputError) in try Self.numbers(text, option: "mean") }
        self.std = try std.map { text throws(InputError) in try Self.numbers(text, option: "std") }
        self.channels = try channels.map { text throws(InputError) in
            guard let order = ChannelOrder(rawValue: text) else {
                throw .unknownName(text, kind: "channel order", known: ChannelOrder.allCases.map(\.rawValue))
            }
            return order
        }
        if let size {
            let sides = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sides.count == 2, let width = sides[0], let height = sides[1] else {
                throw InputError(.usage, "malformed face size", expected: "WIDTHxHEIGHT", found: size)
            }
            (self.width, self.height) = (width, height)
        }
        self.template = template
    }

    private static func numbers(_ text: String, option: String) throws(InputError) -> [Float] {
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
        guard values.count == 3, values.allSatisfy({ $0?.isFinite ?? false }) else {
            throw InputError(.usage, "malformed --\(option)", expected: "three numbers R,G,B", found: text)
        }
        return values.compactMap { $0 }
    }

    /// Whether anything is stated.
    public var isStated: Bool { self != PreprocessingOverrides() }

    /// Puts the single values in place of a preprocessing's.
    ///
    /// - Throws: `InputError` when what comes out is none.
    public func applied(to base: FacePreprocessing) throws(InputError) -> FacePreprocessing {
        var result = base
        result.mean = mean ?? result.mean
        result.std = std ?? result.std
        result.channels = channels ?? result.channels
        result.width = width ?? result.width
        result.height = height ?? result.height
        result.template = template ?? result.template
        try result.validate()
        return result
    }
}

/// Which preprocessing a run uses, and why.
public struct PreprocessingChoice: Sendable {
    /// What is used.
    public var preprocessing: FacePreprocessing
    /// Where it comes from, one sentence.
    public var origin: String

    /// A preprocessing that somebody has settled.
    public init(_ preprocessing: FacePreprocessing, origin: String) {
        self.preprocessing = preprocessing
        self.origin = origin
    }

    /// Settles the preprocessing: a named one, or else what the checkpoint says of itself, or else `insightface` at the
    /// network's input size; single values replace parts of it.
    ///
    /// - Throws: ``InputError`` for unknown names, values out of range, or a size that is not the network's.
    public init(_ overrides: PreprocessingOverrides, checkpoint: ResolvedCheckpoint) throws(InputError) {
        let base: FacePreprocessing
        if let name = overrides.name {
            base = try FacePreprocessing.named(name)
            origin = "--preprocess \(name)"
        } else if let stated = try Self.stated(by: checkpoint) {
            base = stated
            origin = "the checkpoint's own metadata"
        } else {
            base = Self.fitted(.insightface, to: checkpoint.graph.inputShape)
            origin = "the default 'insightface': the checkpoint does not say"
        }
        preprocessing = try overrides.applied(to: base)
        if preprocessing != base { origin += ", with single values overridden" }
        let shape = checkpoint.graph.inputShape
        let extent = shape.extent
        guard extent.height == preprocessing.height, extent.width == preprocessing.width, shape.channels == 3 else {
            throw InputError(
                .usage,
                "the preprocessing's face size is not the network's input (width x height)",
                expected: "\(extent.width)x\(extent.height) with \(shape.channels) channels",
                found: "\(preprocessing.width)x\(preprocessing.height) with 3 channels"
            )
        }
    }

    /// The preprocessing in a checkpoint's metadata; nil where it says nothing.
    ///
    /// - Throws: `InputError` for values that cannot be read.
    public static func stated(by checkpoint: ResolvedCheckpoint) throws(InputError) -> FacePreprocessing? {
        let stated = checkpoint.metadata.preprocessing
        guard !stated.isEmpty else { return nil }
        let overrides = try PreprocessingOverrides(
            name: stated["name"],
            mean: stated["mean"],
            std: stated["std"],
            channels: stated["channels"],
            size: stated["size"],
            template: stated["template"]
        )
        let base = try overrides.name.map { name throws(InputError) in try FacePreprocessing.named(name) }
        return try overrides.applied(to: base ?? .insightface)
    }

    /// The values as metadata of a checkpoint.
    public static func metadata(of preprocessing: FacePreprocessing) -> [String: String] {
        func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
        return [
            "mean": list(preprocessing.mean),
            "std": list(preprocessing.std),
            "channels": preprocessing.channels.rawValue,
            "size": "\(preprocessing.width)x\(preprocessing.height)",
            "template": preprocessing.template,
        ]
    }

    /// The default at the network's size, where a template for it exists.
    private static func fitted(_ base: FacePreprocessing, to shape: ActivationShape) -> FacePreprocessing {
        var fitted = base
        (fitted.height, fitted.width) = shape.extent
        if fitted.width == 96 && fitted.height == 112 { fitted.template = FaceTemplate.sphereface.name }
        return fitted
    }

    /// What is odd about the values, in a sentence: a mean or deviation that is stated for pixels from 0 to 1.
    public var warning: String? {
        let (mean, std) = (preprocessing.mean, preprocessing.std)
        guard let largestMean = mean.max(), let largestDeviation = std.max(),
            largestMean > 0 && largestMean <= 1 || largestDeviation < 1
        else { return nil }
        func text(_ values: [Float], times factor: Float = 1) -> String {
            values.map { value in
                // 57.12, not 57.120003; 127, not 127.0.
                let rounded = (Double(value * factor) * 1000).rounded() / 1000
                return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
            }
            .joined(separator: ",")
        }
        return
            "the mean \(text(mean)) and deviation \(text(std)) look like those of pixels from 0 to 1; here pixels are "
            + "grey levels from 0 to 255: is --mean \(text(mean, times: 255)) --std \(text(std, times: 255)) meant?"
    }
}
