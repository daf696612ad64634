import ArtifactFiles
import Foundation
import TestSupport
import Testing
import VerifarCLI

/// What users do by mistake: a message that names the cure, and nothing lost.
@Suite struct MistakeTests {
    @Test(arguments: [
        (["evaluat"], "did you mean 'evaluate'?"), (["leader-board"], "did you mean 'leaderboard'?"),
        (["checkpoint", "inspct", "x"], "did you mean 'inspect'?"), (["protocol", "biuld"], "did you mean 'build'?"),
        (["evaluate", "--checkpont", "x"], "--checkpoint"),
    ])
    func theNearestNameIsSuggested(_ arguments: [String], _ suggestion: String) async {
        let result = await CommandLineRun(arguments)
        #expect(result.status == 2)
        #expect(result.errors.contains(suggestion), "\(result.errors)")
    }

    @Test func aNameThatIsNearNothingGetsNoSuggestion() async {
        let result = await CommandLineRun(["nonsense"])
        #expect(result.status == 2)
        #expect(!result.errors.contains("did you mean") && result.errors.contains("evaluate"), "\(result.errors)")
    }

    @Test func whatIsNoCheckpointIsNamed() async throws {
        let symbol = await CommandLineRun([
            "checkpoint", "inspect", Fixture.path("CheckpointsOwn/MXNet/half-symbol.json"),
        ])
        #expect(symbol.status == 1 && symbol.errors.contains(".params"), "\(symbol.errors)")
        let folder = await CommandLineRun(["checkpoint", "inspect", Fixture.path("CheckpointsOwn/MXNet")])
        #expect(folder.status == 1 && folder.errors.contains("a folder"), "\(folder.errors)")
    }

    /// Metrics of three comparisons, as a finished run's folder.
    private func finishedRun(in folder: String, scores: String = "0.9\n0.8\n0.1\n", _ more: [String] = []) async throws
        -> CommandLineRun
    {
        try AtomicFile.write(scores, to: folder + "/s.txt")
        try AtomicFile.write("1\n0\n0\n", to: folder + "/l.txt")
        return await CommandLineRun(
            ["metrics", "--scores", folder + "/s.txt", "--labels", folder + "/l.txt", "--far", "0.5", "--output"]
                + [folder + "/run"] + more
        )
    }

    @Test func aFinishedRunIsReplacedOnlyWhenAsked() async throws {
        try await withTemporaryFolder { folder in
            let run1 = try await finishedRun(in: folder)
            #expect(run1.status == 0, "\(run1.errors)")
            let report = try text(folder + "/run/report.json")
            let again = try await finishedRun(in: folder, scores: "0.9\n0.95\n0.1\n")
            #expect(again.status == 1 && again.errors.contains("--overwrite"), "\(again.errors)")
            #expect(try text(folder + "/run/report.json") == report)
            // What only the earlier run wrote must not stay beside the new report.
            for name in ["run.log", "folds.npy"] {
                try AtomicFile.write("of another run", to: "\(folder)/run/\(name)")
            }
            let run2 = try await finishedRun(in: folder, scores: "0.9\n0.95\n0.1\n", ["--overwrite"])
            #expect(run2.status == 0, "\(run2.errors)")
            #expect(try text(folder + "/run/report.json") != report)
            for name in ["run.log", "folds.npy"] { #expect(!FileSystem.exists("\(folder)/run/\(name)"), "\(name)") }
        }
    }

    @Test func aRunThatFailsLeavesTheFinishedOneAsItWas() async throws {
        try await withTemporaryFolder { folder in
            let run3 = try await finishedRun(in: folder)
            #expect(run3.status == 0, "\(run3.errors)")
            let before = try FileSystem.names(inFolder: folder + "/run")
            let report = try text(folder + "/run/report.json")
            let run4 = try await finishedRun(in: folder, scores: "0.9\n0.8\n", ["--overwrite"])
            #expect(run4.status == 1, "\(run4.errors)")
            #expect(try FileSystem.names(inFolder: folder + "/run") == before)
            #expect(try text(folder + "/run/report.json") == report)
        }
    }

    @Test func anOutputThatIsAFileIsNamed() async throws {
        try await withTemporaryFolder { folder in
            try AtomicFile.write("x", to: folder + "/run")
            let result = try await finishedRun(in: folder)
            #expect(result.status == 1 && result.errors.contains("found a file"), "\(result.errors)")
        }
    }

    @Test func evaluateRefusesBeforeItReadsAnything() async throws {
        try await withTemporaryFolder { folder in
            let run5 = try await finishedRun(in: folder)
            #expect(run5.status == 0, "\(run5.errors)")
            let result = await CommandLineRun([
                "evaluate", "--checkpoint", folder + "/none.onnx", "--protocol", "ijbc", "--data", folder, "--output",
                folder + "/run",
            ])
            #expect(result.errors.contains("--overwrite"), "\(result.errors)")
        }
    }

    /// Three people with two images each.
    private func people(in folder: String) throws {
        for person in ["a", "b", "c"] {
            try FileSystem.createFolder("\(folder)/images/\(person)")
            for number in 1...2 { try AtomicFile.write("jpeg", to: "\(folder)/images/\(person)/\(number).jpg") }
        }
    }

    @Test func copiesAreNotMadeBeforeTheFormIsKnownToHold() async throws {
        try await withTemporaryFolder { folder in
            try people(in: folder)
            let result = await CommandLineRun([
                "protocol", "build", "folder", "--data", folder, "--output", folder + "/built", "--images", "copy",
            ])
            #expect(result.status == 1)
            #expect(result.errors.contains("landmarks") && result.errors.contains("--form bin"), "\(result.errors)")
            #expect(!FileSystem.exists(folder + "/built/loose_crop"))
        }
    }

    @Test func aFolderThatLiesElsewhereIsPointedOut() async throws {
        try await withTemporaryFolder { folder in
            try FileSystem.createFolder(folder + "/faces/meta")
            try AtomicFile.write("1.jpg 1 1\n", to: folder + "/faces/meta/ijbc_face_tid_mid.txt")
            let below = await CommandLineRun(["protocol", "validate", "ijbc", "--data", folder])
            #expect(below.errors.contains("--data \(folder)/faces"), "\(below.errors)")
            let above = await CommandLineRun(["protocol", "validate", "ijbc", "--data", folder + "/faces/meta"])
            #expect(above.errors.contains("--data \(folder)/faces"), "\(above.errors)")
            let none = await CommandLineRun(["protocol", "validate", "folder", "--data", folder])
            #expect(none.errors.contains("images=."), "\(none.errors)")
        }
    }

    @Test func oneImageWhereAProtocolsFolderIsExpectedIsNamed() async throws {
        try await withTemporaryFolder { folder in
            try people(in: folder)
            let image = folder + "/images/a/1.jpg"
            let file = await CommandLineRun(["protocol", "validate", "folder", "--data", image])
            #expect(file.status == 1 && file.errors.contains("a file stands where the folder"), "\(file.errors)")
            #expect(file.errors.contains("a folder for each person"), "\(file.errors)")
            let flat = await CommandLineRun([
                "protocol", "describe", "folder", "--data", folder + "/images", "--protocol-set", "images=a",
            ])
            #expect(flat.errors.contains("a/<person>/<image>"), "\(flat.errors)")
            #expect(flat.errors.contains("2 files that are in no person's folder"), "\(flat.errors)")
        }
    }
}
