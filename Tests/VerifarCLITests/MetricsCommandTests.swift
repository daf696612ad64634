import ArtifactFiles
import FaceEvaluation
import FaceImaging
import FaceProtocols
import Foundation
import Testing

/// `verifar metrics` as a user types it.
@Suite struct MetricsCommandTests {
    /// Writes lists and measures them.
    private func metrics(
        _ scores: [Double],
        _ labels: [UInt8],
        in folder: String,
        _ more: [String] = []
    ) async throws -> CommandLineRun {
        try NPYFile.write(scores, to: folder + "/s.npy")
        try NPYFile.write(labels, to: folder + "/l.npy")
        return await CommandLineRun(
            ["metrics", "--scores", folder + "/s.npy", "--labels", folder + "/l.npy", "--quiet"] + more
        )
    }

    @Test(arguments: [Double.nan, .infinity]) func aScoreThatIsNoneIsAnErrorInTheData(_ score: Double) async throws {
        try await withTemporaryFolder { folder in
            let run = try await metrics([0.5, 0.25, score, 1], [1, 0, 1, 0], in: folder)
            #expect(run.status == 1)
            #expect(run.errors.contains("s.npy: row 2: not a score"), "\(run.errors)")
        }
    }

    @Test func aTargetThatNoReportCouldHoldIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let run = try await metrics([1, 2, 3, 4], [0, 1, 0, 1], in: folder, ["--far", "0.99999999999999999"])
            #expect(run.status == 2 && run.errors.contains("more digits than a report keeps"), "\(run.errors)")
        }
    }

    @Test(arguments: [1e200, 1e-310]) func scoresOfAnySizeGiveAReportThatIsRead(_ unit: Double) async throws {
        try await withTemporaryFolder { folder in
            let output = folder + "/out"
            let run = try await metrics(
                [0.9, -0.2, 0.4, 0.3, 0.1].map { $0 * unit },
                [1, 0, 1, 0, 0],
                in: folder,
                ["--output", output, "--far", "0.5"]
            )
            #expect(run.status == 0, "\(run.errors)")
            #expect(await CommandLineRun(["report", output]).status == 0)
        }
    }

    @Test func theJSONIsThatOfTheReport() async throws {
        try await withTemporaryFolder { folder in
            let output = folder + "/out"
            let scores = (0..<40).map { Double($0 * 7 % 40) }
            let labels = (0..<40).map { UInt8($0 * 7 % 40 / 22) }
            let run = try await metrics(scores, labels, in: folder, ["--output", output, "--json"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output == (try text(output + "/report.json")))
            let silent = try await metrics(scores, labels, in: folder, ["--json"])
            #expect(try silent.json()["verification"] as? NSDictionary == run.json()["verification"] as? NSDictionary)
        }
    }

    @Test func distancesGivenAsScoresAreNoticed() async throws {
        try await withTemporaryFolder { folder in
            let distances = (0..<60).map { Double($0 * 7 % 60) / 10 }
            let labels = (0..<60).map { UInt8($0 * 7 % 60 < 20 ? 1 : 0) }
            let wrong = try await metrics(distances, labels, in: folder, ["--output", folder + "/wrong"])
            #expect(wrong.status == 0 && wrong.output.contains("The scores look inverted"), "\(wrong.output)")
            #expect(try text(folder + "/wrong/report.md").contains("The scores look inverted"))
            let right = try await metrics(distances, labels, in: folder, ["--distance", "--output", folder + "/right"])
            #expect(right.status == 0 && !right.output.contains("inverted"), "\(right.errors)")
            #expect(right.output.contains("FAR 1e-01  100.00"), "\(right.output)")
            #expect(try text(folder + "/right/report.md").contains("distances times −1"))
            #expect(await CommandLineRun(["report", folder + "/right"]).status == 0)
        }
    }

    @Test func aGivenThresholdHasErrorRates() async throws {
        try await withTemporaryFolder { folder in
            let scores: [Double] = [0.9, 0.4, -.infinity, 0.8, 0.7, 0.2, -.infinity, 0.1]
            let labels: [UInt8] = [1, 1, 1, 1, 0, 0, 0, 0]
            let output = folder + "/out"
            let run = try await metrics(
                scores,
                labels,
                in: folder,
                ["--threshold", "0.5,2", "--output", output, "--json", "--far", "0.5"]
            )
            #expect(run.status == 0, "\(run.errors)")
            let results = try #require(try run.json()["verification"] as? [String: Any])
            let points = try #require(results["thresholds"] as? [[String: Any]])
            func rate(_ point: [String: Any], _ name: String) -> Double? {
                (point[name] as? [String: Any])?["rate"] as? Double
            }
            #expect(points.map { rate($0, "fmr") } == [1.0 / 3, 0] && points.map { rate($0, "far") } == [0.25, 0])
            #expect(points.map { rate($0, "fnmr") } == [1.0 / 3, 1] && points.map { rate($0, "frr") } == [0.5, 1])
            let again = await CommandLineRun(["report", output, "--format", "md,html,tex,csv"])
            #expect(again.status == 0, "\(again.errors)")
            #expect(try text(output + "/report.md").contains("Error rates at given thresholds"))
            let words = try await metrics(scores, labels, in: folder, ["--threshold", "0.5"])
            #expect(words.output.contains("threshold 0.5  FMR 33.33 ["), "\(words.output)")
            #expect(try await metrics(scores, labels, in: folder, ["--threshold", "x"]).status == 2)
        }
    }

    @Test func aPipeIsReadToItsEnd() async throws {
        try await withTemporaryFolder { folder in
            let pipe = folder + "/pipe"
            try #require(mkfifo(pipe, 0o600) == 0)
            let table = "score,label\n" + (0..<30_000).map { "\($0),\($0 / 20_000)\n" }.joined()
            let writer = Thread { try? table.write(toFile: pipe, atomically: false, encoding: .utf8) }
            writer.start()
            let run = await CommandLineRun([
                "metrics", "--scores", pipe, "--score-column", "score", "--label-column", "label", "--json", "--far",
                "0.1",
            ])
            #expect(run.status == 0, "\(run.errors)")
            let counts = try #require(try run.json()["protocol"] as? [String: Any])
            #expect(counts["genuine"] as? Int == 10_000 && counts["impostor"] as? Int == 20_000)
            let inputs = try #require(try run.json()["inputs"] as? [[String: String]])
            #expect(inputs.first?["sha256"] == "\(ContentDigest(of: table))")
        }
    }

    @Test func rejectionsSubjectsAndEveryListAreReported() async throws {
        try await withTemporaryFolder { folder in
            try NPYFile.write([1, 2, 1, 3, 2, 3, 1, 2, 3, 3] as [UInt32], shape: [5, 2], to: folder + "/c.npy")
            try AtomicFile.write("1,a\n2,a\n3,b\n", to: folder + "/p.csv")
            let lists = ["--comparisons", folder + "/c.npy"]
            for (more, origin) in [([], "implied"), (["--subjects", folder + "/p.csv"], "stated")] {
                let run = try await metrics(
                    [0.9, -.infinity, 0.1, -.infinity, 0.8],
                    [1, 0, 0, 1, 1],
                    in: folder,
                    lists + more + ["--json", "--bootstrap", "50"]
                )
                #expect(run.status == 0, "\(run.errors)")
                let counts = try #require(try run.json()["protocol"] as? [String: Any])
                #expect(counts["rejectedGenuine"] as? Int == 1 && counts["rejectedImpostor"] as? Int == 1)
                #expect(counts["subjects"] as? Int == 2 && counts["subjectOrigin"] as? String == origin)
                let inputs = try #require(try run.json()["inputs"] as? [[String: String]])
                let roles = ["scores", "labels", "comparisons"] + (more.isEmpty ? [] : ["subjects"])
                #expect(inputs.map { $0["role"] } == roles)
                for (input, file) in zip(inputs, ["s.npy", "l.npy", "c.npy", "p.csv"]) {
                    #expect(input["sha256"] == "\(try ContentDigest(ofFile: folder + "/" + file))")
                }
            }
        }
    }

    /// The process itself: its standard output is a device that is always full.
    @Test func outputThatCannotBeWrittenIsAnError() throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(fileURLWithPath: program).deletingLastPathComponent()
        let process = Process()
        process.executableURL = folder.appendingPathComponent("verifar")
        process.arguments = ["--version"]
        let errors = Pipe()
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
        process.standardError = errors
        try process.run()
        let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(message.contains("standard output: cannot write"), "\(message)")
    }
}

/// `verifar embed` as a user types it.
@Suite struct EmbedCommandTests {
    @Test func outputThatCannotBeWrittenIsFoundOutFirst() async throws {
        try await withTemporaryFolder { folder in
            // There is no such network: were it read first, the message would name it.
            for output in [folder + "/missing/e.npy", folder + "/folder.npy"] {
                try FileSystem.createFolder(folder + "/folder.npy")
                let run = await CommandLineRun([
                    "embed", "--checkpoint", folder + "/none.onnx", "--images", folder, "--output", output,
                ])
                #expect(run.status == 1 && run.errors.contains(output), "\(run.errors)")
            }
        }
    }

    /// The same landmarks from a protocol and from a list lead to the same pixels.
    @Test func embedAndEvaluateAlignToTheSameBytes() async throws {
        try await withTemporaryFolder { folder in
            let faces = folder + "/faces"
            let made = await CommandLineRun([
                "synth", "--output", faces, "--identities", "3", "--images", "3", "--quiet",
            ])
            #expect(made.status == 0, "\(made.errors)")
            // More digits than single precision holds.
            let points = faces + "/meta/ijbc_name_5pts_score.txt"
            try AtomicFile.write(
                text(points).split(separator: "\n")
                    .map { line in
                        line.split(separator: " ").enumerated()
                            .map { (1...10).contains($0) ? $1 + ($1.contains(".") ? "123456789" : ".123456789") : $1 }
                            .joined(separator: " ") + "\n"
                    }
                    .joined(),
                to: points
            )
            let catalogue = ProtocolCatalogue(folder: nil)
            let reading = try ProtocolReader(try catalogue.descriptor("ijbc")).read(dataFolder: faces)
            let preprocessing = FacePreprocessing.insightface
            let protocolSource = try ProtocolFaceSource(
                try reading.validProtocol(),
                dataFolder: faces,
                preprocessing: preprocessing
            )
            let list = try PictureList(images: faces + "/loose_crop", landmarks: points)
            let listSource = try PictureListSource(list, preprocessing: preprocessing)
            func pixels(_ source: some FaceSource) throws -> [String: [UInt8]] {
                let reader = source.makeReader()
                var found: [String: [UInt8]] = [:]
                for face in 0..<source.count {
                    var pixels = [UInt8](repeating: 0, count: preprocessing.faceByteCount)
                    _ = try reader.load(face, wantsDigest: false)
                    try pixels.withUnsafeMutableBufferPointer { _ = try reader.align(into: $0) }
                    found[FileSystem.lastComponent(source.name(of: face))] = pixels
                }
                return found
            }
            let expected = try pixels(protocolSource)
            let found = try pixels(listSource)
            #expect(expected.count == 9 && found == expected)
        }
    }
}
