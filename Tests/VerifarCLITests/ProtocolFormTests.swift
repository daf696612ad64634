import ArtifactFiles
import Foundation
import Testing
import VerifarCLI

/// One set of faces in several forms of protocol, from the command line to the report.
@Suite struct ProtocolFormTests {
    private func run(_ arguments: [String]) async -> (status: Int32, errors: String) {
        var lines: [String] = []
        let status = await VerifarCommand.run(arguments) { lines.append($0) }
        return (status, lines.joined(separator: "\n"))
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "verifar-forms-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder(folder)
        try await body(folder)
    }

    private func report(_ folder: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/report.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func scores(_ folder: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder + "/scores.npy"))
    }

    private func values(_ folder: String) throws -> [Float] { try NPYFile(path: folder + "/scores.npy").floats() }

    private func evaluate(_ network: String, _ more: [String]) async {
        let common = ["evaluate", "--checkpoint", network, "--quiet", "--bootstrap", "20", "--no-images"]
        let result = await run(common + more)
        #expect(result.status == 0, "\(result.errors)")
    }

    /// The program itself, run below a checkout's root: its descriptions come before those that are built in.
    @Test func aCheckoutsProtocolsAreFoundWhereTheProgramRuns() async throws {
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("verifar")
        try #require(FileManager.default.isExecutableFile(atPath: program.path), "no program at \(program.path)")
        try await withFolder { folder in
            for place in ["Protocols/mine", "Protocols/lfw", "below/it"] {
                try FileSystem.createFolder("\(folder)/\(place)")
            }
            try AtomicFile.write("", to: folder + "/Package.swift")
            for name in ["mine", "lfw"] {
                let text = "name: \(name)\ntitle: ours\nformat: insightface-ijb\nfiles: {prefix: x}\n"
                try AtomicFile.write(text, to: "\(folder)/Protocols/\(name)/protocol.yml")
            }
            for (place, count) in [("below/it", 2), ("..", 0)] {
                let process = Process()
                let output = Pipe()
                process.executableURL = program
                process.arguments = ["protocol", "list"]
                process.currentDirectoryURL = URL(fileURLWithPath: "\(folder)/\(place)")
                process.standardOutput = output
                try process.run()
                let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                process.waitUntilExit()
                #expect(text.split(separator: "\n").count { $0.hasSuffix("  ours") } == count, "\(text)")
            }
        }
    }

    /// A folder for each person; its pairs as a `.bin` give the same scores; both figures stand in the report.
    @Test func aFolderAndItsBinGiveTheSameScores() async throws {
        try await withFolder { folder in
            let faces = folder + "/faces"
            let made = await run([
                "synth", "--output", faces, "--identities", "10", "--images", "2", "--training-share", "0.6",
                "--training-images", "3", "--image-size", "112", "--quiet",
            ])
            #expect(made.status == 0, "\(made.errors)")
            let network = folder + "/mbf.safetensors"
            _ = await run(["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"])
            let settings = [
                "folder", "--data", faces, "--protocol-set", "images=train", "--protocol-set", "folds=3",
                "--protocol-set", "sample=24",
            ]
            await evaluate(network, ["--protocol"] + settings + ["--output", folder + "/a"])
            let built = await run(["protocol", "build"] + settings + ["--output", folder + "/bin", "--form", "bin"])
            #expect(built.status == 0, "\(built.errors)")
            await evaluate(
                network,
                ["--protocol", folder + "/bin/protocol.yml", "--data", folder + "/bin", "--output", folder + "/b"]
            )
            // Pairs that share images go through a matrix product, pairs of their own through single ones: 1e-6 apart.
            let (first, second) = (try values(folder + "/a"), try values(folder + "/b"))
            #expect(first.count == 24 && second.count == 24)
            for (left, right) in zip(first, second) { #expect(abs(left - right) < 2e-6) }
            let folded = try #require(try report(folder + "/b")["folded"] as? [String: Any])
            let rows = try #require(folded["rows"] as? [[String: Any]])
            #expect(folded["folds"] as? Int == 3)
            #expect(
                rows.map { "\($0["flip"] ?? "") \($0["rule"] ?? "")" }.sorted() == [
                    "off exact", "off squared-distance-grid", "sum exact", "sum squared-distance-grid",
                ]
            )
            let text = try String(contentsOfFile: folder + "/b/report.md", encoding: .utf8)
            #expect(text.contains("Accuracy-Flip"))
        }
    }

    /// NIST's form with landmarks gives the scores of InsightFace's form, and galleries give rates.
    @Test func nistFormGivesTheScoresOfInsightFacesForm() async throws {
        try await withFolder { folder in
            let faces = folder + "/faces"
            _ = await run(["synth", "--output", faces, "--identities", "6", "--images", "4", "--quiet"])
            let network = folder + "/mbf.safetensors"
            _ = await run(["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"])
            func words(_ file: String, _ separator: Character = " ") throws -> [[String]] {
                try String(contentsOfFile: "\(faces)/meta/\(file)", encoding: .utf8)
                    .split(separator: "\n").map { $0.split(separator: separator).map(String.init) }
            }
            let subjects = try words("subjects.csv", ",")
            let pairs = try words("ijbc_template_pair_label.txt")
            let gallery = Set(pairs.map { $0[0] })
            var rows = ["gallery_G1.csv": "", "probes.csv": ""]
            var points = ["gallery_G1.csv": "", "probes.csv": ""]
            for (image, line) in zip(try words("ijbc_face_tid_mid.txt"), try words("ijbc_name_5pts_score.txt")) {
                let file = gallery.contains(image[1]) ? "gallery_G1.csv" : "probes.csv"
                let subject = subjects.first { $0[0] == image[1] }?[1] ?? ""
                rows[file, default: ""] += "\(image[1]),\(subject),\(image[0]),\(image[2])\n"
                points[file, default: ""] += line.joined(separator: " ") + "\n"
            }
            for (file, text) in rows {
                try AtomicFile.write("TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID\n" + text, to: "\(faces)/\(file)")
            }
            try AtomicFile.write(
                ["gallery_G1.csv", "probes.csv"].compactMap { points[$0] }.joined(),
                to: faces + "/lm.txt"
            )
            try AtomicFile.write(pairs.map { "\($0[0]),\($0[1])\n" }.joined(), to: faces + "/matches.csv")
            let yaml = """
                name: nist
                format: nist-csv
                files: {images: loose_crop, galleries: gallery_G1.csv, probes: probes.csv, matches: matches.csv,
                  landmarks: lm.txt}
                """
            try AtomicFile.write(yaml, to: folder + "/nist.yml")
            await evaluate(network, ["--protocol", "ijbc", "--data", faces, "--output", folder + "/a"])
            await evaluate(network, ["--protocol", folder + "/nist.yml", "--data", faces, "--output", folder + "/b"])
            #expect(try scores(folder + "/a") == scores(folder + "/b"))
            let identification = try #require(try report(folder + "/b")["identification"] as? [String: Any])
            let galleries = try #require(identification["galleries"] as? [[String: Any]])
            #expect(galleries.map { $0["name"] as? String } == ["G1"])
            #expect(galleries[0]["mated"] as? Int == 6 && galleries[0]["unmated"] as? Int == 0)
            // Everybody is in the gallery: the open-set rate is a typed absence, not a number.
            #expect(await run(["report", folder + "/b", "--format", "md,html,tex,csv,svg"]).status == 0)
            #expect(try String(contentsOfFile: folder + "/b/report.md", encoding: .utf8).contains("undefined"))
            #expect(FileSystem.exists(folder + "/b/cmc.svg") && FileSystem.exists(folder + "/b/identification.csv"))
            let built = await run([
                "protocol", "build", folder + "/nist.yml", "--data", faces, "--output", folder + "/packed", "--images",
                "copy",
            ])
            #expect(built.status == 0, "\(built.errors)")
            await evaluate(
                network,
                [
                    "--protocol", folder + "/packed/protocol.yml", "--data", folder + "/packed", "--output",
                    folder + "/c",
                ]
            )
            #expect(try scores(folder + "/c") == scores(folder + "/a"))
            #expect(FileSystem.exists(folder + "/packed/meta/mapping.csv"))
        }
    }
}
