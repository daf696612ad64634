import ArtifactFiles
import Distillation
import Foundation
import Testing
import VerifarCLI

/// `verifar train` and `verifar distill` on 20 tiny pictures.
@Suite struct TrainingCommandTests {
    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test func trainingWritesItsFiles() async throws {
        try await withTemporaryFolder { folder in
            let result = try await TinyTraining.run("train", TinyTraining.recipe(), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            for name in ["network.safetensors", "classifier.safetensors", "recipe.yml", "accuracy.csv", "run.log"] {
                #expect(FileSystem.exists("\(folder)/out/\(name)"), "\(name)")
            }
            let metrics = try table(folder + "/out/metrics.csv")
            // Twenty pictures in batches of eight: two whole ones and a smaller one make an epoch.
            #expect(metrics["epoch"] == ["0", "0", "0", "1", "1", "1"])
            #expect(try table(folder + "/out/accuracy.csv")["step"] == ["6"])
            let inspected = await CommandLineRun(["checkpoint", "inspect", folder + "/out/network.safetensors"])
            #expect(inspected.status == 0, "\(inspected.errors)")
            // What is written beside the result is a recipe, and that of this run.
            let again = await CommandLineRun([
                "train", "--recipe", folder + "/out/recipe.yml", "--output", folder + "/again", "--quiet", "--threads",
                "2",
            ])
            #expect(again.status == 0, "\(again.errors)")
            for name in ["network.safetensors", "classifier.safetensors", "recipe.yml", "metrics.csv", "accuracy.csv"] {
                #expect(try bytes("\(folder)/out/\(name)") == bytes("\(folder)/again/\(name)"), "\(name)")
            }
        }
    }

    /// Killed after the state of step 4: logs and results of later steps are there or not, half written or whole.
    @Test(arguments: ["train", "distill"])
    func resumingGivesTheSameBytes(_ command: String) async throws {
        let methods = "[{method: crd, dimensions: 8, negatives: 8}, {method: qud, queue-length: 16}, {method: th-kd}]"
        let recipe = TinyTraining.recipe(distillation: command == "train" ? nil : TinyTraining.teacher(methods))
        try await withTemporaryFolder { folder in
            let whole = try await TinyTraining.run(command, recipe, in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let output = folder + "/out"
            let results = [
                "network.safetensors", "classifier.safetensors", "metrics.csv", "accuracy.csv", "recipe.yml",
                "state/state-000000006.safetensors",
            ]
            let expected = try results.map { try bytes("\(output)/\($0)") }
            for name in ["network.safetensors", "classifier.safetensors", "state/state-000000006.safetensors"] {
                FileSystem.remove("\(output)/\(name)")
            }
            let log = try text(output + "/metrics.csv")
            try AtomicFile.write(log + "7,1,0.0", to: output + "/metrics.csv")
            let refused = try await TinyTraining.run(command, recipe, in: folder)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("--resume"))
            let resumed = try await TinyTraining.run(command, recipe, in: folder, ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            for (name, old) in zip(results, expected) { #expect(try bytes("\(output)/\(name)") == old, "\(name)") }
            let changed = try await TinyTraining.run(command, recipe, in: folder, ["--resume", "--set", "seed=8"])
            #expect(changed.status == 1)
            #expect(changed.errors.contains("begun with other values: seed 7 there, 8 here"))
            // Damage to the newest state: the one before serves.
            try AtomicFile.write("junk", to: output + "/state/state-000000006.safetensors")
            let repaired = try await TinyTraining.run(command, recipe, in: folder, ["--resume"])
            #expect(repaired.status == 0, "\(repaired.errors)")
            for (name, old) in zip(results, expected) { #expect(try bytes("\(output)/\(name)") == old, "\(name)") }
        }
    }

    /// Asked to stop before it begins, a run takes one step: six of them, and the one that was not asked finishes.
    @Test(arguments: ["train", "distill"])
    func aStoppedRunGoesOnByTheCommandThatItPrints(_ command: String) async throws {
        let recipe = TinyTraining.recipe(
            distillation: command == "train" ? nil : TinyTraining.teacher("[{method: kd}]")
        )
        let results = ["network.safetensors", "classifier.safetensors", "metrics.csv", "accuracy.csv", "recipe.yml"]
        try await withTemporaryFolder { folder in
            let whole = try await TinyTraining.run(command, recipe, in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let expected = try results.map { try bytes("\(folder)/out/\($0)") }
            FileSystem.remove(folder + "/out")
            var arguments = [
                command, "--recipe", folder + "/recipe.yml", "--output", folder + "/out", "--set", "name=tiny",
                "--threads", "1", "--quiet",
            ]
            for (step, signal) in zip(1..<6, [SIGINT, SIGTERM, SIGINT, SIGTERM, SIGINT]) {
                let interruption = Interruption()
                interruption.request(signal)
                let stopped = await Interruption.$current.withValue(interruption) { await CommandLineRun(arguments) }
                #expect(stopped.status == 128 + signal)
                #expect(stopped.errors.contains("after step \(step) of 6"), "\(stopped.errors)")
                let typed = try #require(stopped.errors.split(separator: "\n").last?.split(separator: " "))
                #expect(typed.first == "verifar")
                arguments = typed.dropFirst().map(String.init)
                #expect(arguments.last == "--resume")
            }
            let last = await CommandLineRun(arguments)
            #expect(last.status == 0, "\(last.errors)")
            for (name, old) in zip(results, expected) { #expect(try bytes("\(folder)/out/\(name)") == old, "\(name)") }
        }
    }

    /// The program itself, where it lies beside the tests: a signal in the middle of a long training.
    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalSavesTheState(_ signal: Int32) async throws {
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("verifar")
        try #require(FileManager.default.isExecutableFile(atPath: program.path), "no program at \(program.path)")
        try await withTemporaryFolder { folder in
            let recipe = TinyTraining.recipe().replacing("epochs: 2", with: "steps: 100000")
                .replacing("every-steps: 2", with: "every-steps: 100000")
            try AtomicFile.write(recipe, to: folder + "/recipe.yml")
            let process = Process()
            let errors = Pipe()
            process.executableURL = program
            process.arguments = [
                "train", "--recipe", folder + "/recipe.yml", "--output", folder + "/out", "--threads", "1",
            ]
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            // The table is on disk with the first state; that steps are being taken shows in what is noted before.
            var seen = Data()
            while !String(decoding: seen, as: UTF8.self).contains("100000 steps of 8") {
                let part = errors.fileHandleForReading.availableData
                guard !part.isEmpty else { break }
                seen += part
            }
            while !FileSystem.exists(folder + "/out/metrics.csv"), process.isRunning { usleep(1000) }
            kill(process.processIdentifier, signal)
            seen += try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            let text = String(decoding: seen, as: UTF8.self)
            #expect(process.terminationReason == .exit && process.terminationStatus == 128 + signal, "\(text)")
            #expect(text.contains("the state is saved") && text.contains("--resume"), "\(text)")
            #expect(try FileSystem.names(inFolder: folder + "/out/state").count == 1)
        }
    }

    @Test func pipelinesResumeInsideAStage() async throws {
        try await withTemporaryFolder { folder in
            try AtomicFile.write(TinyTraining.recipe(), to: folder + "/student.yml")
            let distilled = TinyTraining.recipe(distillation: TinyTraining.teacher("[{method: kd}]"))
            try AtomicFile.write(distilled, to: folder + "/distilled.yml")
            let pipeline = """
                name: two stages
                stages:
                  - {name: first, recipe: student.yml}
                  - name: second
                    recipe: distilled.yml
                    set:
                      distillation.teacher.checkpoint: '${first}/network.safetensors'
                      distillation.teacher.classifier: '${first}/classifier.safetensors'

                """
            let whole = try await TinyTraining.run("distill", pipeline, in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let network = folder + "/out/second/network.safetensors"
            let (first, second) = (try bytes(folder + "/out/first/network.safetensors"), try bytes(network))
            #expect(try table(folder + "/out/accuracy.csv")["head"] == ["student", "student", "teacher", "mixed"])
            FileSystem.remove(folder + "/out/second/done")
            FileSystem.remove(network)
            FileSystem.remove(folder + "/out/second/state/state-000000006.safetensors")
            let refused = try await TinyTraining.run("distill", pipeline, in: folder)
            #expect(refused.status == 1)
            let resumed = try await TinyTraining.run("distill", pipeline, in: folder, ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(try bytes(network) == second)
            #expect(try bytes(folder + "/out/first/network.safetensors") == first)
            let changed = try await TinyTraining.run("distill", pipeline, in: folder, ["--resume", "--set", "seed=9"])
            #expect(changed.status == 1)
            #expect(changed.errors.contains("first/recipe.yml: the run was begun with other values: seed"))
        }
    }

    /// Whatever the method needs is there: classifiers, equal lengths, feature maps, pairs of a class.
    @Test(arguments: DistillationMethods.all.map { $0.name }, ["softmax", "cosface"])
    func everyMethodRuns(_ method: String, _ loss: String) async throws {
        let small = ["crd": ", dimensions: 8, negatives: 8", "qud": ", queue-length: 16"][method] ?? ""
        // Methods of angles refuse the fixture's linear classifier; a shared one is of one kind under both.
        let isShared = method == "sh-kd"
        let takesMeans = ["arc-distill", "margin-distill"].contains(method) || (isShared && loss == "cosface")
        try await withTemporaryFolder { folder in
            let student =
                loss == "softmax"
                ? TinyTraining.fixture("student.pth") : try TinyTraining.cosines(in: folder, scale: 16)
            let frozen = isShared ? ", frozen: true, start-from: \(student)" : ""
            let recipe =
                TinyTraining.recipe(
                    head: "{loss: \(loss), scale: 16, margin: 0.1\(frozen)}",
                    distillation: TinyTraining.teacher(
                        "[{method: \(method)\(small)}]",
                        more: takesMeans ? ", classifier: class-means" : ""
                    )
                )
                .replacing("epochs: 2", with: "steps: 3")
            let result = try await TinyTraining.run("distill", recipe, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let metrics = try table(folder + "/out/metrics.csv")
            #expect(metrics["step"] == ["1", "2", "3"])
            let losses = try #require(metrics["loss"]).compactMap(Double.init)
            #expect(losses.count == 3 && losses.allSatisfy { $0.isFinite })
            #expect(metrics.keys.contains { $0 == method || $0.hasPrefix(method + ".") }, "\(metrics.keys.sorted())")
        }
    }
}
