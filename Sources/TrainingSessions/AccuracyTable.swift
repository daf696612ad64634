internal import ArtifactFiles
internal import NeuralTraining

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
