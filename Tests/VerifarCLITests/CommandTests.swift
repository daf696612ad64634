import ArtifactFiles
import Foundation
import Testing
import VerifarCLI

/// Commands as a user types them, without a process.
@Suite struct CommandTests {
    private func run(_ arguments: [String]) async -> CommandLineRun { await CommandLineRun(arguments) }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "verifar-cli-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder(folder)
        try await body(folder)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func everyCommandHasHelp() async {
        let commands = [
            [], ["evaluate"], ["embed"], ["metrics"], ["protocol"], ["protocol", "list"], ["protocol", "validate"],
            ["protocol", "describe"], ["checkpoint"], ["checkpoint", "inspect"], ["checkpoint", "convert"], ["synth"],
        ]
        for command in commands { #expect(await run(command + ["--help"]).status == 0, "\(command)") }
    }

    @Test(arguments: [
        ["evaluate"], ["nonsense"], ["evaluate", "--bogus"], ["metrics", "--scores", "a"],
        ["metrics", "--scores", "a", "--labels", "b", "--far", "2"],
        ["checkpoint", "create", "vgg", "x.onnx"], ["checkpoint", "create", "mbf", "x.bin"],
        ["synth", "--output", "/tmp/x", "--identities", "5", "--strength", "bogus"],
    ])
    func wrongUsageIsTwo(_ arguments: [String]) async {
        let result = await run(arguments)
        #expect(result.status == 2)
        #expect(!result.errors.isEmpty)
    }

    @Test func failedWorkIsOneAndNamesTheFile() async throws {
        try await withFolder { folder in
            let junk = folder + "/junk.onnx"
            try AtomicFile.write("junk", to: junk)
            let inspected = await run(["checkpoint", "inspect", junk])
            #expect(inspected.status == 1)
            #expect(inspected.errors.contains(junk))
            let missing = await run(["metrics", "--scores", folder + "/a.npy", "--labels", folder + "/b.npy"])
            #expect(missing.status == 1)
            #expect(missing.errors.contains("a.npy"))
        }
    }

    @Test func metricsReadsTextAndArraysAlike() async throws {
        try await withFolder { folder in
            try AtomicFile.write("0.9\n0.8\n0.1\n0.7\n-inf\n", to: folder + "/s.txt")
            try AtomicFile.write("1\n1\n0\n0\n1\n", to: folder + "/l.txt")
            try NPYFile.write([0.9, 0.8, 0.1, 0.7, -Double.infinity], to: folder + "/s.npy")
            try NPYFile.write([1, 1, 0, 0, 1] as [UInt8], to: folder + "/l.npy")
            for ending in ["txt", "npy"] {
                let result = await run([
                    "metrics", "--scores", "\(folder)/s.\(ending)", "--labels", "\(folder)/l.\(ending)", "--far", "0.5",
                    "--name", "x", "--output", "\(folder)/\(ending)",
                ])
                #expect(result.status == 0, "\(result.errors)")
            }
            let reports = try ["txt", "npy"]
                .map { ending in
                    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(ending)/report.json"))
                    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                    let verification = try #require(json["verification"] as? [String: Any])
                    return try #require((verification["operatingPoints"] as? [[String: Any]])?.first)
                }
            // At most one of two impostors: both genuine scores above 0.1 that exist, of three.
            for point in reports {
                #expect(point["acceptedGenuine"] as? Int == 2)
                #expect(point["acceptedImpostors"] as? Int == 1)
                #expect(abs((point["tar"] as? Double ?? 0) - 2.0 / 3) < 1e-12)
            }
            try AtomicFile.write("1\n1\n0\n2\n1\n", to: folder + "/l.txt")
            let wrong = await run(["metrics", "--scores", "\(folder)/s.txt", "--labels", "\(folder)/l.txt"])
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("l.txt: line 4: a label is neither 0 nor 1"))
        }
    }

    /// The demo in small: faces, an untrained network, a report; a second run from the cache gives the same numbers.
    @Test func synthesisToReport() async throws {
        try await withFolder { folder in
            let faces = folder + "/faces"
            let made = await run(["synth", "--output", faces, "--identities", "6", "--images", "4", "--quiet"])
            #expect(made.status == 0, "\(made.errors)")
            let again = await run(["synth", "--output", faces, "--identities", "6", "--images", "4", "--quiet"])
            #expect(again.status == 1, "an existing protocol must not be overwritten")
            let network = folder + "/mbf.safetensors"
            let created = await run(["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"])
            #expect(created.status == 0, "\(created.errors)")
            var reports: [String] = []
            for number in 0..<2 {
                let output = "\(folder)/run\(number)"
                let result = await run([
                    "evaluate", "--checkpoint", network, "--protocol", faces + "/protocol.yml", "--data", faces,
                    "--output", output,
                    "--cache", folder + "/cache", "--quiet", "--bootstrap", "50", "--threads", "\(number + 1)",
                ])
                #expect(result.status == 0, "\(result.errors)")
                for name in ["report.md", "scores.npy", "labels.npy", "templates.npy", "failures.csv", "run.log"] {
                    #expect(FileSystem.exists("\(output)/\(name)"), "\(name)")
                }
                reports.append(try stable(output + "/report.json"))
            }
            #expect(reports[0] == reports[1])
        }
    }

    /// `report.json` without what differs from run to run by nature.
    private func stable(_ path: String) throws -> String {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        var json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        json["timing"] = nil
        json["environment"] = nil
        return String(decoding: try JSONSerialization.data(withJSONObject: json, options: .sortedKeys), as: UTF8.self)
    }

    @Test func valuesOfAnotherUnitAreNoticed() async throws {
        try await withFolder { folder in
            let faces = folder + "/faces"
            _ = await run(["synth", "--output", faces, "--identities", "4", "--images", "3", "--quiet"])
            let network = folder + "/mbf.safetensors"
            _ = await run(["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"])
            for (name, values, expected) in [
                ("unit", ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"], true),
                ("half", ["--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.5"], true),
                ("grey", ["--preprocess", "imagenet"], false), ("raw", ["--mean", "0,0,0", "--std", "1,1,1"], false),
            ] {
                let output = folder + "/" + name
                let result = await run(
                    [
                        "evaluate", "--checkpoint", network, "--protocol", "ijbc", "--data", faces, "--quiet",
                        "--bootstrap", "0", "--output", output,
                    ] + values
                )
                #expect(result.status == 0, "\(result.errors)")
                let warning = "--mean \(name == "half" ? "127.5,127.5,127.5" : "123.675,116.28,103.53") --std"
                for file in ["run.log", "report.json"] {
                    #expect(try text(output + "/" + file).contains(warning) == expected, "\(name) \(file)")
                }
            }
            let report = try text(folder + "/grey/report.json").filter { !$0.isWhitespace }
            #expect(report.contains("[58.395,57.12,57.375]") && !report.contains("57.120003"))
        }
    }

    @Test func imagesThatFailAreListed() async throws {
        try await withFolder { folder in
            let faces = folder + "/faces"
            _ = await run(["synth", "--output", faces, "--identities", "8", "--images", "4", "--quiet"])
            let network = folder + "/mbf.safetensors"
            _ = await run(["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"])
            FileSystem.remove(faces + "/loose_crop/3.jpg")
            try AtomicFile.write("no picture", to: faces + "/loose_crop/7.jpg")
            let arguments = [
                "evaluate", "--checkpoint", network, "--protocol", "ijbc", "--data", faces, "--quiet",
                "--bootstrap", "0", "--output", folder + "/run",
            ]
            let stopped = await run(arguments + ["--max-failures", "1"])
            #expect(stopped.status == 1)
            #expect(stopped.errors.contains("too many images failed"))
            #expect(!FileSystem.exists(folder + "/run/report.json"))
            let borne = await run(arguments + ["--max-failures", "2"])
            #expect(borne.status == 0, "\(borne.errors)")
            // With a whole template gone, its comparisons are rejected or left out, and both reports say so.
            for number in 1...2 { FileSystem.remove(faces + "/loose_crop/\(number).jpg") }
            for policy in ["reject", "exclude"] {
                let output = folder + "/" + policy
                let result = await run(
                    arguments + ["--max-failures", "50%", "--failures", policy, "--output", output]
                )
                #expect(result.status == 0, "\(result.errors)")
                #expect(await run(["report", output, "--format", "md"]).status == 0)
            }
            let table = try text(folder + "/run/failures.csv")
            #expect(table.contains("3.jpg,missing-file") && table.contains("7.jpg,undecodable"))
        }
    }
}
