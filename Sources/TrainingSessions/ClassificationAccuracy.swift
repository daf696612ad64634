internal import ArtifactFiles
internal import Checkpoints
internal import Distillation
internal import EvaluationRuns
internal import FaceImaging
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
    ///   - threads: Threads to use.
    static func measure(
        _ checkpoint: ResolvedCheckpoint,
        heads: [Head],
        data: any TrainingSource,
        preprocessing: FacePreprocessing,
        threads: Int
    ) throws(InputError) -> [Result] {
        let network = try TeacherNetwork(
            checkpoint,
            preprocessing: preprocessing,
            taps: [],
            batchSize: 256,
            threads: threads
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
            let output = batch.faces.withUnsafeBufferPointer { network.output(faces: $0, count: batch.count) }
            var probabilities = heads.map {
                $0.probabilities(output.embeddings, count: batch.count, threads: threads)
            }
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
    fileprivate func probabilities(_ embeddings: [Float], count: Int, threads: Int) -> Matrix {
        let tape = Tape(threads: threads)
        let head = ClassifierHead(
            kind: kind,
            weights: tape.constant(weights),
            bias: bias.map { tape.constant(Matrix(row: $0)) }
        )
        let rows = Matrix(rows: count, columns: weights.columns, elements: embeddings)
        return head.logits(of: tape.constant(rows)).logSoftmax.exponential.matrix
    }
}
