import ArtifactFiles
import FaceImaging
import FaceProtocols
import Foundation
import SeededRandom
import Testing

/// Verification sets and kept checkpoints during `verifar train`.
@Suite struct TrainingEvaluationTests {
    /// Forty pairs of noise, the genuine ones alike, as InsightFace packs its sets, in five folds.
    private func writePairs(in folder: String) throws {
        var random = SeededGenerator(seed: 3)
        func noise(near other: [UInt8]? = nil) -> [UInt8] {
            (0..<32 * 32 * 3)
                .map { place in
                    let value = Int(random.uniform(0, 255))
                    return UInt8(other.map { (Int($0[place]) * 2 + value) / 3 } ?? value)
                }
        }
        var writer = try PairBinWriter(path: folder + "/pairs.bin")
        var labels: [UInt8] = []
        for pair in 0..<40 {
            let isGenuine = pair % 8 < 4
            let first = noise()
            for pixels in [first, noise(near: isGenuine ? first : nil)] {
                try writer.append(RGBImage(width: 32, height: 32, pixels: pixels).pngData())
            }
            labels.append(isGenuine ? 1 : 0)
        }
        try writer.finish(labels: labels)
        try AtomicFile.write(
            """
            name: pairs
            title: noise
            format: insightface-bin
            files: {file: pairs.bin, folds: "5"}

            """,
            to: folder + "/pairs.yml"
        )
    }

    private func recipe(_ protocols: String, _ more: String = "") -> String {
        TinyTraining.recipe()
            .replacing("evaluation:\n", with: "evaluation:\n  \(more)\n  protocols: \(protocols)\n")
            .replacing("{every-steps: 2}", with: "{every-steps: 2, keep-every-epochs: 1}")
    }

    /// What the table says of a step is what `evaluate` says of the checkpoint kept after it.
    @Test func accuraciesOverFoldsAreThoseOfTheKeptCheckpoint() async throws {
        try await withTemporaryFolder { folder in
            try writePairs(in: folder)
            let protocols = "[{name: noise, protocol: \(folder)/pairs.yml, data: \(folder)}]"
            let result = try await TinyTraining.run("train", recipe(protocols, "every-steps: 3"), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let rows = try table(folder + "/out/verification.csv")
            // Six steps: step 3 is in the table, the end has a report.
            #expect(rows["step"] == ["3", "3", "3", "3"])
            #expect(rows["flip"] == ["sum", "sum", "off", "off"])
            #expect(try table(folder + "/out/evaluations.csv")["step"]?.first == "3")
            let kept = folder + "/out/epochs/0001"
            let evaluated = await CommandLineRun([
                "evaluate", "--checkpoint", kept + "/network.safetensors", "--protocol", folder + "/pairs.yml",
                "--data",
                folder, "--output", folder + "/evaluated", "--bootstrap", "20", "--quiet", "--threads", "1",
            ])
            #expect(evaluated.status == 0, "\(evaluated.errors)")
            let folded = try report(folder + "/evaluated/report.json")
            #expect(try #require(rows["accuracy"]).compactMap(Double.init) == folded)
            // The last epoch's is the result.
            for name in ["network.safetensors", "classifier.safetensors"] {
                let (last, end) = ("\(folder)/out/epochs/0002/\(name)", "\(folder)/out/\(name)")
                #expect(try Data(contentsOf: .init(filePath: last)) == Data(contentsOf: .init(filePath: end)))
            }
        }
    }

    private func report(_ path: String) throws -> [Double] {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any]
        let folded = try #require(json?["folded"] as? [String: Any], "\(json?.keys.sorted() ?? [])")
        let rows = try #require(folded["rows"] as? [[String: Any]])
        return rows.compactMap { ($0["accuracy"] as? [String: Any])?["mean"] as? Double }
    }

    @Test func missingFilesAreAnErrorUnlessTheRecipeCallsThemOptional() async throws {
        try await withTemporaryFolder { folder in
            let required = try await TinyTraining.run(
                "train",
                recipe("[{name: lfw, protocol: lfw, data: \(folder)}]"),
                in: folder
            )
            #expect(required.status == 1)
            for word in ["lfw.bin", "'lfw'", "optional: true", "evaluation.protocols"] {
                #expect(required.errors.contains(word), "\(required.errors)")
            }
            let optional = recipe("[{name: lfw, protocol: lfw, data: \(folder), optional: true}]", "every-steps: 3")
            let result = try await TinyTraining.run("train", optional, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try text(folder + "/out/run.log").contains("not evaluated on 'lfw'"))
            #expect(!FileSystem.exists(folder + "/out/verification.csv"))
            // A run that goes on has the tables that it began with.
            FileSystem.remove(folder + "/out/state/state-000000006.safetensors")
            let other = try await TinyTraining.run(
                "train",
                optional,
                in: folder,
                ["--resume", "--set", "evaluation.protocols=[]"]
            )
            #expect(other.status == 1)
        }
    }

    /// InsightFace's sets lie beside the record file.
    @Test func aProtocolWithoutAFolderNeedsARecordFile() async throws {
        try await withTemporaryFolder { folder in
            let refused = try await TinyTraining.run("train", recipe("[{name: lfw, protocol: lfw}]"), in: folder)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("'lfw' has no folder") && refused.errors.contains("'data'"))
        }
    }

    /// A batch in parts, and one of two halves, train: the table has their losses, and resuming is exact.
    @Test(arguments: [
        "{batch: 8, epochs: 2, drop-last: false, micro-batch: 3}",
        "{batch: 8, steps: 6, mixed: {random: 4, balanced: {identities: 2, pictures: 2}}}",
    ])
    func dividedAndMixedBatchesResumeExactly(_ training: String) async throws {
        let methods = TinyTraining.teacher("[{method: ekd}, {method: at}]")
        let recipe = TinyTraining.recipe(distillation: methods)
            .replacing("{batch: 8, epochs: 2, drop-last: false}", with: training)
        try await withTemporaryFolder { folder in
            let whole = try await TinyTraining.run("distill", recipe, in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let names = ["network.safetensors", "metrics.csv"]
            let expected = try names.map { try Data(contentsOf: URL(filePath: "\(folder)/out/\($0)")) }
            FileSystem.remove(folder + "/out/network.safetensors")
            FileSystem.remove(folder + "/out/state/state-000000006.safetensors")
            let resumed = try await TinyTraining.run("distill", recipe, in: folder, ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            for (name, old) in zip(names, expected) {
                #expect(try Data(contentsOf: URL(filePath: "\(folder)/out/\(name)")) == old, "\(name)")
            }
        }
    }

    @Test(arguments: [
        ("{batch: 8, steps: 6, micro-batch: 9}", "training.micro-batch"),
        ("{batch: 8, steps: 6, mixed: {random: 4, balanced: {identities: 2, pictures: 3}}}", "4 + 2 × 3"),
    ])
    func sizesThatDoNotFitAreRefused(_ training: String, _ word: String) async throws {
        let recipe = TinyTraining.recipe()
            .replacing("{batch: 8, epochs: 2, drop-last: false}", with: training)
        try await withTemporaryFolder { folder in
            let refused = try await TinyTraining.run("train", recipe, in: folder)
            #expect(refused.status != 0)
            #expect(refused.errors.contains(word), "\(refused.errors)")
        }
    }

    // MARK: People held out

    /// Ten people with three pictures each.
    private func writePeople(in folder: String) throws {
        var random = SeededGenerator(seed: 5)
        for person in 0..<10 {
            try FileSystem.createFolder("\(folder)/people/p\(person)")
            for shot in 0..<3 {
                let pixels = (0..<32 * 32 * 3).map { _ in UInt8(random.uniform(0, 255)) }
                try Data(RGBImage(width: 32, height: 32, pixels: pixels).pngData())
                    .write(to: URL(filePath: "\(folder)/people/p\(person)/\(shot).png"))
            }
        }
    }

    private func folderRecipe(_ folder: String, _ more: String) -> String {
        let text = TinyTraining.recipe()
        guard let start = text.range(of: "  cifar100:\n"), let end = text.range(of: "augmentation:") else {
            return text
        }
        return
            text.replacingCharacters(
                in: start.lowerBound..<end.lowerBound,
                with: "  classes: 10\n  folder: {path: \(folder)/people, \(more)}\n"
            )
            .replacing("evaluation:\n", with: "evaluation:\n  every-steps: 2\n")
            .replacing("{batch: 8, epochs: 2, drop-last: false}", with: "{batch: 8, steps: 4}")
    }

    @Test func peopleHeldOutAreAProtocol() async throws {
        try await withTemporaryFolder { folder in
            try writePeople(in: folder)
            let recipe = folderRecipe(folder, "hold-out: 0.3")
                .replacing(
                    "  accuracy:\n    cifar100:\n      path: \(TinyTraining.fixture("test.bin"))\n",
                    with: ""
                )
            let result = try await TinyTraining.run("train", recipe, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let log = try text(folder + "/out/run.log")
            #expect(log.contains("7 classes") && log.contains("held out: 3 people with 9 images"), "\(log)")
            let people = try text(folder + "/out/hold-out/people.txt").split(separator: "\n").map(String.init)
            #expect(people.count == 3)
            // By brute force: every pair of two of their images, genuine where the person is one.
            let images = people.flatMap { person in (0..<3).map { "\(person)/\($0).png" } }
            var expected: Set<String> = []
            for (place, first) in images.enumerated() {
                for second in images[(place + 1)...] {
                    expected.insert("\(first),\(second),\(first.prefix(2) == second.prefix(2) ? 1 : 0)")
                }
            }
            let pairs = try text(folder + "/out/hold-out/pairs.csv").split(separator: "\n").dropFirst().map(String.init)
            #expect(pairs.count == 36 && Set(pairs) == expected)
            #expect(try table(folder + "/out/evaluations.csv")["step"]?.first == "2")
            #expect(FileSystem.exists(folder + "/out/evaluation/hold-out/report.json"))
            // What is printed evaluates the network again, on the same pixels: the same scores.
            let line = try #require(log.split(separator: "\n").first { $0.contains("held out:") })
            let options = try #require(line.range(of: "--protocol")).lowerBound
            let again = await CommandLineRun(
                ["evaluate", "--checkpoint", folder + "/out/network.safetensors", "--output", folder + "/again"]
                    + line[options...].split(separator: " ").map(String.init) + ["--quiet", "--bootstrap", "20"]
            )
            #expect(again.status == 0, "\(again.errors)")
            #expect(
                try Data(contentsOf: URL(filePath: folder + "/again/scores.npy"))
                    == Data(contentsOf: URL(filePath: folder + "/out/evaluation/hold-out/scores.npy"))
            )
            // A training's seed holds the same people out, another seed of theirs others.
            for (setting, isSame) in [("seed=8", true), ("data.folder.hold-out-seed=2", false)] {
                FileSystem.remove(folder + "/out")
                let other = try await TinyTraining.run("train", recipe, in: folder, ["--set", setting])
                #expect(other.status == 0, "\(other.errors)")
                let found = try text(folder + "/out/hold-out/people.txt").split(separator: "\n").map(String.init)
                #expect((found == people) == isSame, "\(setting)")
            }
        }
    }

    @Test(arguments: [("hold-out: 0.05", "2 or more people"), ("hold-out: 1.5", "above 0, below 1")])
    func sharesThatLeaveNothingAreRefused(_ share: String, _ words: String) async throws {
        try await withTemporaryFolder { folder in
            try writePeople(in: folder)
            let refused = try await TinyTraining.run("train", folderRecipe(folder, share), in: folder)
            #expect(refused.status != 0)
            #expect(refused.errors.contains(words) && refused.errors.contains("hold-out"), "\(refused.errors)")
        }
    }
}
