internal import ArtifactFiles
internal import Checkpoints
internal import EvaluationRuns
internal import NeuralGraph
internal import NeuralTraining

/// A classifier's weights in a file, and what the file says it is.
struct ClassifierFile {
    let path: String
    /// `[classes, dimensions]`.
    let weights: Tensor
    /// `[classes]`.
    let bias: Tensor?
    /// What it was trained as: stated in `classifier.safetensors`, and shown by a bias in others; nil where neither is there.
    let kind: ClassifierHead.Kind?

    /// Reads `weight` and `bias` of a classifier's file, or `fc.weight` and `fc.bias` beside the network of a checkpoint.
    ///
    /// - Throws: `InputError` when there is no matrix of that name, or the file contradicts itself.
    init(path: String) throws(InputError) {
        self.path = path
        let (tensors, strings) = try Self.read(path)
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
        let stated = try Self.stated(strings, path)
        if let stated, stated != .linear, bias != nil {
            throw InputError(
                .mismatch,
                "the file says that its classifier gives \(stated), which has no bias, and holds one",
                file: path,
                place: "tensor '\(prefix)bias'"
            )
        }
        kind = stated ?? (bias == nil ? nil : .linear)
    }

    /// What `classifier.safetensors` of a training says beside its tensors.
    private static func stated(
        _ strings: [String: String],
        _ path: String
    ) throws(InputError) -> ClassifierHead.Kind? {
        guard strings["verifar.classifier"] != nil else { return nil }
        guard let loss = strings["loss"].flatMap(HeadLoss.init), let scale = strings["scale"].flatMap(Float.init),
            scale > 0
        else {
            throw InputError(
                .malformed,
                "the classifier's loss and scale cannot be read",
                file: path,
                expected: "one of \(HeadLoss.allCases.map(\.rawValue).joined(separator: ", ")) and a scale above 0",
                found: "'\(strings["loss"] ?? "")' and '\(strings["scale"] ?? "")'"
            )
        }
        return loss.kind(scale: scale)
    }

    /// A checkpoint's tensors are chosen by its network: prefixes such as HeadSharingKD's `model_s.` are stripped.
    private static func read(_ path: String) throws(InputError) -> (tensors: Weights, strings: [String: String]) {
        if path.hasSuffix(".safetensors") {
            let file = try TensorFile(path: path)
            return (file.tensors, file.strings)
        }
        return (try CheckpointReader.read(path: path, companions: ["fc.weight", "fc.bias"]).companions, [:])
    }

    /// Refuses a recipe's head that would make something else of these weights.
    ///
    /// - Parameters:
    ///   - head: The recipe's head.
    ///   - isFrozen: Whether it stays as it is: then even its scale is the file's.
    /// - Throws: `InputError` that names both.
    func check(against head: ClassifierHead.Kind, isFrozen: Bool) throws(InputError) {
        guard let kind, (kind == .linear) != (head == .linear) || (isFrozen && kind != head) else { return }
        throw InputError(
            .mismatch,
            "the recipe's head gives \(head) of a classifier that was trained to give \(kind)",
            file: path,
            place: "keys \"head.loss\" and \"head.scale\"",
            expected: kind == .linear
                ? "'loss: softmax', which keeps its bias" : "a loss and a scale that give \(kind)",
            found: "\(head)"
        )
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

/// How alike two classifiers of one shape are: what HeadSharingKD's `compare_heads.py` prints after every epoch.
struct ClassifierSimilarity {
    /// Of the cosines of corresponding rows.
    let mean: Double
    let meanAbsolute: Double
    let standardDeviation: Double
    let maximumAbsolute: Double
    /// Of the biases, where both have one: the length of their difference, its mean absolute value, their cosine.
    let biases: (distance: Double, meanAbsolute: Double, cosine: Double)?

    /// Compares `[classes, dimensions]` with the same.
    init(_ first: Tensor, _ second: Tensor, biases: (first: [Float], second: [Float])?) {
        let (rows, columns) = (first.shape[0], first.shape[1])
        let cosines = (0..<rows)
            .map { row in
                let range = row * columns..<(row + 1) * columns
                return Self.cosine(first.values[range], second.values[range])
            }
        let mean = cosines.reduce(0, +) / Double(rows)
        self.mean = mean
        meanAbsolute = cosines.reduce(0) { $0 + abs($1) } / Double(rows)
        standardDeviation = (cosines.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)).squareRoot()
        maximumAbsolute = cosines.reduce(0) { max($0, abs($1)) }
        self.biases = biases.map { first, second in
            let differences = zip(first, second).map { Double($0) - Double($1) }
            return (
                differences.reduce(0) { $0 + $1 * $1 }.squareRoot(),
                differences.reduce(0) { $0 + abs($1) } / Double(first.count), Self.cosine(first[...], second[...])
            )
        }
    }

    private static func cosine(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
        var (product, left, right) = (0.0, 0.0, 0.0)
        for (a, b) in zip(first, second) {
            product += Double(a) * Double(b)
            left += Double(a) * Double(a)
            right += Double(b) * Double(b)
        }
        return product / max(1e-30, (left * right).squareRoot())
    }

    /// A row of `classifiers.csv`; empty fields without biases.
    func logRow(steps: Int) -> LogRow {
        LogRow(
            table: "classifiers",
            header: "step,mean_row_cosine,mean_absolute_row_cosine,row_cosine_deviation,max_absolute_row_cosine,"
                + "bias_distance,bias_mean_absolute_difference,bias_cosine",
            line: "\(steps),\(mean),\(meanAbsolute),\(standardDeviation),\(maximumAbsolute),"
                + (biases.map { "\($0.distance),\($0.meanAbsolute),\($0.cosine)" } ?? ",,")
        )
    }

    /// For people.
    var text: String {
        "mean cosine of rows \(SummaryText.fixed(mean, decimals: 4))"
            + (biases.map { ", cosine of biases \(SummaryText.fixed($0.cosine, decimals: 4))" } ?? "")
    }
}
