internal import ArtifactFiles
internal import Checkpoints
internal import NeuralGraph

/// A classifier's weights in a file.
struct ClassifierFile {
    let path: String
    /// `[classes, dimensions]`.
    let weights: Tensor
    /// `[classes]`.
    let bias: Tensor?

    /// Reads `weight` and `bias` of a classifier's file, or `fc.weight` and `fc.bias` beside the network of a checkpoint.
    ///
    /// - Throws: `InputError` when there is no matrix of that name.
    init(path: String) throws(InputError) {
        self.path = path
        let tensors = try Self.tensors(path)
        guard let prefix = ["", "fc."].first(where: { tensors[$0 + "weight"]?.shape.count == 2 }),
            let weights = tensors[prefix + "weight"]
        else {
            throw InputError(
                .missing,
                "no classifier",
                file: path,
                expected: "a tensor 'weight' or 'fc.weight' of [classes, dimensions]",
                found: tensors.names.isEmpty ? "none" : tensors.names.prefix(5).joined(separator: ", ")
            )
        }
        self.weights = weights
        bias = tensors[prefix + "bias"]
    }

    /// A checkpoint's tensors are chosen by its network: prefixes such as HeadSharingKD's `model_s.` are stripped.
    private static func tensors(_ path: String) throws(InputError) -> Weights {
        if path.hasSuffix(".safetensors") { return try TensorFile(path: path).tensors }
        return try CheckpointReader.read(path: path, companions: ["fc.weight", "fc.bias"]).companions
    }

    /// - Throws: `InputError` with both sizes.
    func check(classes: Int, dimensions: Int) throws(InputError) {
        guard weights.shape == [classes, dimensions] else {
            throw InputError(
                .mismatch,
                "the classifier does not fit data and network ([classes, dimensions])",
                file: path,
                expected: "[\(classes), \(dimensions)]",
                found: "\(weights.shape)"
            )
        }
        guard bias.map({ $0.values.count == classes }) ?? true else {
            throw InputError(.mismatch, "the classifier's bias has not one number per class", file: path)
        }
    }
}
