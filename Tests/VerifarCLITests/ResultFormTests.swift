import ArtifactFiles
import Foundation
import TestSupport
import Testing
import VerifarCLI

/// What `--json` prints: one value, and nothing beside it on standard output.
@Suite struct ResultFormTests {
    @Test func inspectionIsOneValue() async throws {
        try await withTemporaryFolder { folder in
            let network = folder + "/m.safetensors"
            let created = await CommandLineRun(["checkpoint", "create", "mbf", network, "--width", "0.125"])
            #expect(created.status == 0, "\(created.errors)")
            let inspect = ["checkpoint", "inspect", network, "--json"]
            let value = try await CommandLineRun(inspect).json()
            #expect(value["format"] as? String == "safetensors")
            #expect(value["sha256"] as? String == "\(try ContentDigest(ofFile: network))")
            #expect(value["architecture"] as? String == "mbf")
            #expect(value["input"] as? [String: Int] == ["height": 112, "width": 112, "channels": 3])
            #expect(value["embedding"] as? Int == 512)
            #expect(value["width"] as? Double == 0.125)
            #expect((value["preprocessing"] as? [String: String])?["channels"] == "rgb")
            #expect(value["tensors"] == nil)
            let stored = try #require(value["storedAs"] as? [String: Int])
            let tensors = try #require(
                try await CommandLineRun(inspect + ["--tensors"]).json()["tensors"] as? [[String: Any]]
            )
            #expect(stored.values.reduce(0, +) == tensors.count)
            let elements = tensors.compactMap { ($0["shape"] as? [Int])?.reduce(1, *) }
            #expect(elements.reduce(0, +) >= value["parameters"] as? Int ?? .max)
            for tensor in tensors {
                let (low, high) = (try #require(tensor["low"] as? Double), try #require(tensor["high"] as? Double))
                let mean = try #require(tensor["mean"] as? Double)
                #expect(low <= high && (low - 1e-6...high + 1e-6).contains(mean), "\(tensor)")
            }
            #expect(await CommandLineRun(inspect + ["--profile"]).status == 2)
        }
    }

    @Test func aProtocolsSizeAndFindingsAreOneValueEach() async throws {
        try await withTemporaryFolder { folder in
            for person in ["a", "b", "c"] {
                try FileSystem.createFolder("\(folder)/images/\(person)")
                for number in 1...2 { try AtomicFile.write("jpeg", to: "\(folder)/images/\(person)/\(number).jpg") }
            }
            let described = try await CommandLineRun(["protocol", "describe", "folder", "--data", folder, "--json"])
                .json()
            // 6 images: 15 pairs, of which each person's one is genuine.
            #expect(described["images"] as? Int == 6)
            #expect(described["genuine"] as? Int == 3 && described["impostor"] as? Int == 12)
            #expect(described["subjects"] as? Int == 3 && described["subjectOrigin"] as? String == "stated")
            #expect((described["imagesPerTemplate"] as? [String: Double])?["mean"] == 1)
            #expect((described["searches"] as? [Any])?.isEmpty == true)

            let validate = ["protocol", "validate", "folder", "--data", folder, "--json"]
            let valid = await CommandLineRun(validate)
            #expect(valid.status == 0)
            #expect(try valid.json()["valid"] as? Bool == true)
            // Twelve lines that name no image: ten are listed, two are counted.
            let lines = (1...12).map { "a/1.jpg,z/\($0).jpg\n" }
            try AtomicFile.write("first,second\n" + lines.joined(), to: folder + "/pairs.csv")
            let broken = await CommandLineRun(validate + ["--protocol-set", "pairs=pairs.csv"])
            let value = try broken.json()
            #expect(broken.status == 1 && value["valid"] as? Bool == false && value["errors"] as? Int == 12)
            let findings = try #require(value["findings"] as? [[String: Any]])
            #expect(findings.count == 10)
            #expect(findings.first?["severity"] as? String == "error")
            #expect(findings.first?["file"] as? String == "pairs.csv" && findings.first?["line"] as? Int == 2)
            let unlisted = try #require(value["unlisted"] as? [[String: Any]])
            #expect(unlisted.map { $0["count"] as? Int } == [2])
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionKnowsCommandsAndFiles(_ shell: String) async {
        let script = await CommandLineRun(["--generate-completion-script", shell])
        #expect(script.status == 0 && script.errors.isEmpty)
        for name in ["evaluate", "leaderboard", "inspect", "all-modes"] {
            #expect(script.output.contains(name), "\(name)")
        }
        // Bash completes no file names unless an option says that it takes one.
        guard shell == "bash" else { return }
        let arms = script.output.components(separatedBy: "'--checkpoint')\n").dropFirst()
        #expect(!arms.isEmpty)
        for arm in arms { #expect(arm.split(separator: "\n").first?.contains("__verifar_add_completions -f") == true) }
    }
}
