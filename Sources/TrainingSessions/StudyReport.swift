internal import ArtifactFiles
internal import EvaluationRuns
internal import Recipes
internal import Reporting
internal import VerificationMetrics

/// What a pipeline's stages came to: a leaderboard, and with a baseline a table of paired differences.
struct StudyReport {
    let pipeline: PipelineRecipe
    let outputFolder: String
    let threads: Int
    let listener: RunListener

    /// Writes `leaderboard.*` and `study.md`, `study.csv` for every protocol that all stages were evaluated on, and
    /// `accuracy.csv` where stages were evaluated on labelled pictures.
    func write() async throws {
        try accuracy()
        let stages = try pipeline.stages.map { stage in
            let folder = FileSystem.join(outputFolder, "\(stage.name)/evaluation")
            return (stage, folder, FileSystem.isFolder(folder) ? try FileSystem.names(inFolder: folder) : [])
        }
        var common = Set(stages.first?.2 ?? [])
        for (_, _, names) in stages { common.formIntersection(names) }
        for name in common.sorted() {
            let runs = try stages.map { try RunFolder(path: FileSystem.join($0.1, name)) }
            try await leaderboard(runs, suffix: common.count > 1 ? "-\(name)" : "")
            guard let baseline = pipeline.baseline else { continue }
            try await study(runs, baseline: baseline, suffix: common.count > 1 ? "-\(name)" : "")
        }
    }

    private var bootstrap: SubjectBootstrap {
        get throws(MetricsError) { try SubjectBootstrap(replicates: 10_000, seed: 1, threads: threads) }
    }

    private func accuracy() throws {
        var lines: [String] = []
        for stage in pipeline.stages {
            for row in try AccuracyTable(folder: FileSystem.join(outputFolder, stage.name)).last {
                lines.append("\(stage.name),\(row.step),\(row.result.head),\(row.result.top1),\(row.result.top5)")
                listener(.result("\(stage.name): \(row.text)"))
            }
        }
        guard !lines.isEmpty else { return }
        let text = (["stage,step,head,top1,top5"] + lines).joined(separator: "\n") + "\n"
        try AtomicFile.write(text, to: FileSystem.join(outputFolder, "accuracy.csv"))
    }

    private func leaderboard(_ runs: [RunFolder], suffix: String) async throws {
        let board = try await Leaderboard(
            runs: runs,
            // Stages of one recipe have one name: what tells them apart is the row, and the stage for its seed.
            names: pipeline.stages.map { stage in stage.row.map { "\($0) (\(stage.name))" } },
            includesPublished: false,
            additions: [],
            sortFAR: FARTarget("1e-4"),
            bootstrap: try bootstrap
        )
        for file in try board.files() {
            let name = file.name.replacing("leaderboard", with: "leaderboard\(suffix)")
            try AtomicFile.write(file.text, to: FileSystem.join(outputFolder, name))
        }
        listener(.result(board.summaryText))
    }

    private func study(_ runs: [RunFolder], baseline: String, suffix: String) async throws {
        var groups: [StudyTable.Group] = []
        for (stage, run) in zip(pipeline.stages, runs) {
            let row = stage.row ?? stage.name
            if let place = groups.firstIndex(where: { $0.name == row }) {
                groups[place].runs.append(run)
            } else {
                groups.append(StudyTable.Group(name: row, runs: [run]))
            }
        }
        let table = try await StudyTable(
            title: pipeline.name,
            groups: groups,
            baseline: baseline,
            targets: try ["1e-6", "1e-5", "1e-4"].map { try FARTarget($0) },
            bootstrap: try bootstrap
        )
        try AtomicFile.write(table.markdown, to: FileSystem.join(outputFolder, "study\(suffix).md"))
        try AtomicFile.write(table.csv, to: FileSystem.join(outputFolder, "study\(suffix).csv"))
        listener(.result(table.markdown))
    }
}
