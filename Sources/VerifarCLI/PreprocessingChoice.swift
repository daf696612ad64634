internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import FaceImaging
internal import NeuralGraph
internal import Recipes

/// Which preprocessing a run uses, and why.
struct PreprocessingChoice {
    var preprocessing: FacePreprocessing
    /// Where it comes from, one sentence.
    var origin: String

    /// Settles the preprocessing.
    ///
    /// A named one, or else what the checkpoint says of itself, or else `insightface` at the network's input size;
    /// single options override parts of it.
    ///
    /// - Throws: ``InputError`` for unknown names, malformed values, or a size that is not the network's.
    init(_ options: PreprocessingOptions, checkpoint: ResolvedCheckpoint) throws(InputError) {
        let stated = checkpoint.metadata.preprocessing
        let base: FacePreprocessing
        if let name = options.preprocess {
            base = try FacePreprocessing.named(name)
            origin = "--preprocess \(name)"
        } else if let fromCheckpoint = try Self.preprocessing(from: stated) {
            base = fromCheckpoint
            origin = "the checkpoint's own metadata"
        } else {
            base = Self.fitted(.insightface, to: checkpoint.graph.inputShape)
            origin = "the default 'insightface': the checkpoint does not say"
        }
        preprocessing = try Self.overridden(base, options)
        if preprocessing != base { origin += ", with single values overridden" }
        try checkSize(checkpoint.graph.inputShape)
    }

    /// What is odd about the values, in a sentence: a mean or deviation that is stated for pixels from 0 to 1.
    var warning: String? {
        let (mean, std) = (preprocessing.mean, preprocessing.std)
        guard let largestMean = mean.max(), let largestDeviation = std.max(),
            largestMean > 0 && largestMean <= 1 || largestDeviation < 1
        else { return nil }
        func text(_ values: [Float], times factor: Float = 1) -> String {
            values.map { SummaryText.shortest(Double($0 * factor), decimals: 3) }.joined(separator: ",")
        }
        return
            "the mean \(text(mean)) and deviation \(text(std)) look like those of pixels from 0 to 1; here pixels are "
            + "grey levels from 0 to 255: is --mean \(text(mean, times: 255)) --std \(text(std, times: 255)) meant?"
    }

    /// Settles the preprocessing of a checkpoint that a recipe names: what the recipe says, or else the checkpoint itself;
    /// or else that of the network which is trained, but only where the checkpoint's architecture is known to use the same.
    ///
    /// - Parameters:
    ///   - settings: What the recipe says.
    ///   - checkpoint: The checkpoint.
    ///   - path: Its file.
    ///   - trained: The preprocessing of the network that is trained.
    ///   - key: Where the recipe may say it.
    /// - Throws: ``InputError`` (`missing`) that asks for the key where nobody knows.
    init(
        _ settings: PreprocessingSettings?,
        checkpoint: ResolvedCheckpoint,
        path: String,
        trained: PreprocessingSettings,
        key: String
    ) throws(InputError) {
        let extent = checkpoint.graph.inputShape.extent
        if let settings {
            preprocessing = try settings.preprocessing(width: extent.width, height: extent.height)
            origin = "the recipe's \(key)"
            return
        }
        if let stated = try Self.preprocessing(from: checkpoint.metadata.preprocessing) {
            preprocessing = stated
            origin = "the checkpoint's own metadata"
            return
        }
        preprocessing = try trained.preprocessing(width: extent.width, height: extent.height)
        let architecture = checkpoint.architectureName
        let reason: String
        switch Self.usual(checkpoint) {
        case .ofTheData:
            origin = "the data's, as for every '\(architecture)': neither recipe nor checkpoint says"
            return
        case .named(let name):
            let usual = try PreprocessingSettings(name: name).preprocessing(width: extent.width, height: extent.height)
            if usual == preprocessing {
                origin = "'\(name)', as for the published '\(architecture)': neither recipe nor checkpoint says"
                return
            }
            reason = "published checkpoints of '\(architecture)' use '\(name)', the network that is trained another one"
        case .various: reason = "'\(architecture)' is used with more than one"
        case nil: reason = "its architecture is not one that is known"
        }
        throw InputError(
            .missing,
            "the preprocessing of a checkpoint is not stated, neither by the recipe nor in the file, and \(reason)",
            file: path,
            place: "key \"\(key)\"",
            expected:
                "{name: N} with N one of \(FacePreprocessing.all.map(\.name).joined(separator: ", ")); or mean, std, channels",
            found: "nothing"
        )
    }

    private static func usual(_ checkpoint: ResolvedCheckpoint) -> UsualPreprocessing? {
        guard checkpoint.graphIsCatalogued else { return nil }
        return BackboneCatalogue.all.first { $0.name == checkpoint.architectureName }?.usualPreprocessing
    }

    /// What to say where a checkpoint to go on from was trained with another preprocessing than the recipe's; nil where the
    /// same, or where nothing is known.
    static func difference(of checkpoint: ResolvedCheckpoint, from used: FacePreprocessing) throws(InputError)
        -> String?
    {
        var own = try preprocessing(from: checkpoint.metadata.preprocessing)
        if own == nil, case .named(let name) = usual(checkpoint) {
            own = try PreprocessingSettings(name: name).preprocessing(width: used.width, height: used.height)
        }
        guard let own, own != used else { return nil }
        return "its own preprocessing is \(own), the recipe's key \"preprocessing\" says \(used)"
    }

    private func checkSize(_ shape: ActivationShape) throws(InputError) {
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

    /// The default at the network's size, where a template for it exists.
    private static func fitted(_ base: FacePreprocessing, to shape: ActivationShape) -> FacePreprocessing {
        var fitted = base
        (fitted.height, fitted.width) = shape.extent
        if fitted.width == 96 && fitted.height == 112 { fitted.template = FaceTemplate.sphereface.name }
        return fitted
    }

    private static func preprocessing(from stated: [String: String]) throws(InputError) -> FacePreprocessing? {
        guard !stated.isEmpty else { return nil }
        var result =
            try stated["name"].map { name throws(InputError) in try FacePreprocessing.named(name) }
            ?? .insightface
        try apply(
            mean: stated["mean"],
            std: stated["std"],
            channels: stated["channels"],
            size: stated["size"],
            template: stated["template"],
            to: &result
        )
        return result
    }

    private static func overridden(
        _ base: FacePreprocessing,
        _ options: PreprocessingOptions
    ) throws(InputError) -> FacePreprocessing {
        var result = base
        try apply(
            mean: options.mean,
            std: options.std,
            channels: options.channels,
            size: options.size,
            template: options.alignmentTemplate,
            to: &result
        )
        return result
    }

    private static func apply(
        mean: String?,
        std: String?,
        channels: String?,
        size: String?,
        template: String?,
        to result: inout FacePreprocessing
    ) throws(InputError) {
        if let mean { result.mean = try numbers(mean, option: "mean") }
        if let std { result.std = try numbers(std, option: "std") }
        if let channels {
            guard let order = ChannelOrder(rawValue: channels) else {
                throw .unknownName(channels, kind: "channel order", known: ChannelOrder.allCases.map(\.rawValue))
            }
            result.channels = order
        }
        if let size {
            let sides = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sides.count == 2, let width = sides[0], let height = sides[1] else {
                throw InputError(.usage, "malformed face size", expected: "WIDTHxHEIGHT", found: size)
            }
            (result.width, result.height) = (width, height)
        }
        if let template { result.template = template }
        try result.validate()
    }

    private static func numbers(_ text: String, option: String) throws(InputError) -> [Float] {
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
        guard values.count == 3, values.allSatisfy({ $0?.isFinite ?? false }) else {
            throw InputError(.usage, "malformed --\(option)", expected: "three numbers R,G,B", found: text)
        }
        return values.compactMap { $0 }
    }

    /// The values as metadata of a checkpoint.
    static func metadata(of preprocessing: FacePreprocessing) -> [String: String] {
        func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
        return [
            "mean": list(preprocessing.mean),
            "std": list(preprocessing.std),
            "channels": preprocessing.channels.rawValue,
            "size": "\(preprocessing.width)x\(preprocessing.height)",
            "template": preprocessing.template,
        ]
    }
}
