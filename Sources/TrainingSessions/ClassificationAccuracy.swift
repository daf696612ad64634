internal import ArtifactFiles
internal import Checkpoints
internal import Distillation
internal import EvaluationRuns
internal import FaceImaging
internal import NeuralCompute
internal import NeuralTraining
internal import TrainingData

/// Top-1 and top-5 accuracy of a network with a classifier on labelled pictures.
struct ClassificationAccuracy {
    /// A classifier's logits of one kind.
    struct Head {
        var name: String
        var kind: ClassifierHead.Kind
        var weights: Matrix
        var bias: [Float]?
    }

    /// What one way of predicting reaches.
    struct Result {
        var head: String
        var top1: Double
        var top5: Double

        /// For people.
        var text: String {
            "\(head): top-1 \(SummaryText.fixed(top1 * 100, decimals: 2)) %, "
                + "top-5 \(SummaryText.fixed(top5 * 100, decimals: 2)) %"
        }
    }

    /// Measures every head, and with two of them the mean of their probabilities.
    ///
    /// - Parameters:
    ///   - checkpoint: The network.
    ///   - heads: The classifiers.
    ///   - data: The pictures.
    ///   - preprocessing: What the network wants to see.
    ///   - device: Where the network runs.
    ///   - threads: Threads that read images.
    static func measure(
        _ checkpoint: ResolvedCheckpoint,
        heads: [Head],
        data: any TrainingSource,
        preprocessing: FacePreprocessing,
        device: any Device,
        threads: Int
    ) throws(InputError) -> [Result] {
        let network = try TeacherNetwork(
            checkpoint,
            preprocessing: preprocessing,
            batchSize: 256,
            device: device
        )
        let sweep = try EvaluationSweep(
            source: data,
            preprocessings: [preprocessing],
            batchSize: 256,
            threads: threads,
            resizes: true
        )
        let names = heads.map(\.name) + (heads.count > 1 ? ["mixed"] : [])
        var right = [[Int]](repeating: [0, 0], count: names.count)
        var total = 0
        while let batch = try sweep.next() {
            let embeddings = network.output(of: batch.faces, count: batch.count).embeddings
            var probabilities = heads.map { $0.probabilities(of: embeddings, device) }
            if heads.count > 1 { probabilities.append(mean(probabilities)) }
            for (place, matrix) in probabilities.enumerated() {
                for (row, label) in batch.labels.enumerated() {
                    let own = matrix[row, label]
                    // Ties count against the label.
                    let above = matrix.row(row).count { $0 >= own } - 1
                    if above < 1 { right[place][0] += 1 }
                    if above < 5 { right[place][1] += 1 }
                }
            }
            total += batch.count
        }
        return names.indices.map { place in
            Result(
                head: names[place],
                top1: Double(right[place][0]) / Double(max(1, total)),
                top5: Double(right[place][1]) / Double(max(1, total))
            )
        }
    }

    private static func mean(_ matrices: [Matrix]) -> Matrix {
        var sum = matrices[0]
        for matrix in matrices.dropFirst() {
            for index in sum.elements.indices { sum.elements[index] += matrix.elements[index] }
        }
        for index in sum.elements.indices { sum.elements[index] /= Float(matrices.count) }
        return sum
    }
}

extension ClassificationAccuracy.Head {
    /// `[count, classes]`, rows that sum to 1.
    fileprivate func probabilities(of embeddings: DeviceTensor, _ device: any Device) -> Matrix {
        let tape = Tape(device: device)
        let head = ClassifierHead(
            kind: kind,
            weights: tape.constant(weights),
            bias: bias.map { tape.constant(Matrix(row: $0)) }
        )
        return head.logits(of: tape.constant(embeddings)).logSoftmax.exponential.matrix
    }
}

/// A run's `accuracy.csv`: top-1 and top-5 of each way of predicting.
struct AccuracyTable {
    /// One line of it.
    struct Row {
        var step: Int
        var result: ClassificationAccuracy.Result

        /// For people.
        var text: String { result.text }
    }

    private static let table = "accuracy"
    private let rows: [Row]

    /// Reads a run's table; it is empty where there is no file.
    ///
    /// - Throws: `InputError` for a file that cannot be read.
    init(folder: String) throws(InputError) {
        let path = FileSystem.join(folder, Self.table + ".csv")
        guard FileSystem.exists(path) else {
            rows = []
            return
        }
        let text = try MappedFile(path: path).withBytes { String(decoding: $0, as: UTF8.self) }
        rows = text.split(separator: "\n").dropFirst()
            .compactMap { line in
                let fields = line.split(separator: ",")
                guard fields.count == 4, let step = Int(fields[0]), let top1 = Double(fields[2]),
                    let top5 = Double(fields[3])
                else { return nil }
                return Row(
                    step: step,
                    result: ClassificationAccuracy.Result(head: String(fields[1]), top1: top1, top5: top5)
                )
            }
    }

    /// What was measured after so many steps.
    func rows(ofStep step: Int) -> [Row] { rows.filter { $0.step == step } }

    /// What was measured last.
    var last: [Row] { rows.last.map { rows(ofStep: $0.step) } ?? [] }

    /// A row of the file.
    static func logRow(_ result: ClassificationAccuracy.Result, steps: Int) -> LogRow {
        LogRow(
            table: table,
            header: "step,head,top1,top5",
            line: "\(steps),\(result.head),\(result.top1),\(result.top5)"
        )
    }
}
