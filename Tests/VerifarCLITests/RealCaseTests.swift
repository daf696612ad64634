import ArtifactFiles
import Foundation
import TestSupport
import Testing
import VerifarCLI

/// A real protocol, two real checkpoints and what an independent Python stack made of them.
///
/// Skipped where the data are not there: set VERIFAR_REALFACES to their folder.
@Suite(.enabled(if: Fixture.realFaces != nil, "the real test case is not on this machine"))
struct RealCaseTests {
    private struct Expected: Decodable {
        struct Point: Decodable {
            var insightface: Double
            var atMost: Double
            var allowed: Int

            private enum CodingKeys: String, CodingKey {
                case insightface
                case atMost = "at_most"
                case allowed
            }
        }

        var genuine: Int
        var impostor: Int
        var results: [String: [String: Point]]
    }

    private struct Report: Decodable {
        struct Mode: Decodable {
            struct Policy: Decodable {
                var flip: String
                var norm: String
                var detectorScore: String
            }

            struct Point: Decodable {
                var farTarget: Double
                var tar: Double
                var allowedImpostors: Int?
            }

            var policy: Policy
            var operatingPoints: [Point]
            var nearestFAR: [Point]
        }

        var modes: [Mode]
    }

    @Test(arguments: ["MobileFaceNet.onnx", "mobilefacenet.pt"])
    func agreesWithAnIndependentStack(_ checkpoint: String) async throws {
        let root = try #require(Fixture.realFaces)
        let output = NSTemporaryDirectory() + "verifar-real-\(UUID().uuidString)"
        defer { FileSystem.remove(output) }
        var errors = ""
        let status = await VerifarCommand.run([
            "evaluate", "--checkpoint", "\(root)/checkpoints/\(checkpoint)", "--preprocess", "imagenet", "--protocol",
            "ijbc", "--data", "\(root)/lfwc", "--output", output, "--all-modes", "--quiet", "--bootstrap", "20",
        ]) { errors += $0 }
        #expect(status == 0, "\(errors)")
        let decoder = JSONDecoder()
        let expected = try decoder.decode(
            Expected.self,
            from: Data(contentsOf: URL(fileURLWithPath: root + "/expected.json"))
        )
        let report = try decoder.decode(
            Report.self,
            from: Data(contentsOf: URL(fileURLWithPath: output + "/report.json"))
        )
        #expect(report.modes.count == 8)
        var differing = 0
        for mode in report.modes {
            let policy = mode.policy
            let key = "norm=\(policy.norm) detector=\(policy.detectorScore) flip=\(policy.flip)"
            let points = try #require(expected.results[key])
            for (far, point) in points {
                let target = try #require(Double(far))
                let atMost = try #require(mode.operatingPoints.first { $0.farTarget == target })
                let nearest = try #require(mode.nearestFAR.first { $0.farTarget == target })
                #expect(atMost.allowedImpostors == point.allowed)
                for (found, wanted) in [(atMost.tar, point.atMost), (nearest.tar, point.insightface)] {
                    let accepted = (found * Double(expected.genuine)).rounded()
                    let difference = abs(accepted - (wanted / 100 * Double(expected.genuine)).rounded())
                    // Rounding of aligned pixels moves one genuine comparison over a threshold here and there where a
                    // single view of the face is compared; with both, every count is that of the other stack.
                    #expect(difference <= (policy.flip == "sum" ? 0 : 1), "\(key) at \(far)")
                    differing += difference == 0 ? 0 : 1
                }
            }
        }
        #expect(differing <= 6, "of 96 counts")
    }

    @Test func embeddingsAgree() async throws {
        let root = try #require(Fixture.realFaces)
        let folder = NSTemporaryDirectory() + "verifar-embed-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder(folder)
        let points = root + "/lfwc/meta/ijbc_name_5pts_score.txt"
        let names = try String(contentsOfFile: points, encoding: .utf8).split(separator: "\n").prefix(640)
            .map { "\(root)/lfwc/loose_crop/\($0.prefix { $0 != " " })" }
        try AtomicFile.write(names.joined(separator: "\n"), to: folder + "/list.txt")
        let status = await VerifarCommand.run([
            "embed", "--checkpoint", "\(root)/checkpoints/MobileFaceNet.onnx", "--preprocess", "imagenet", "--images",
            folder + "/list.txt", "--landmarks", points, "--mirrored", "--quiet", "--output", folder + "/e.npy",
        ]) { _ in }
        #expect(status == 0)
        let found = try NPYFile(path: folder + "/e.npy").floats()
        let expected = try NPYFile(path: root + "/expected_embeddings.npy").floats()
        #expect(found.count == expected.count)
        var sum = 0.0
        for row in 0..<1280 {
            let range = row * 128..<(row + 1) * 128
            var products = (0.0, 0.0, 0.0)
            for index in range {
                products.0 += Double(found[index]) * Double(expected[index])
                products.1 += Double(found[index]) * Double(found[index])
                products.2 += Double(expected[index]) * Double(expected[index])
            }
            let cosine = products.0 / (products.1 * products.2).squareRoot()
            #expect(cosine >= 0.99, "row \(row)")
            sum += cosine
        }
        #expect(sum / 1280 >= 0.999)
    }
}
