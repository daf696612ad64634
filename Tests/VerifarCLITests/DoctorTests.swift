import ArtifactFiles
import Foundation
import TestSupport
import Testing
import VerifarCLI

/// `verifar doctor` on faults that are put in on purpose.
private enum DoctorRun {
    struct Report: Decodable {
        struct Finding: Decodable {
            var kind: String
            var check: String
            var title: String
            var options: String?
        }

        var isHealthy: Bool
        var findings: [Finding]
        var suggestedOptions: String?
        var contactSheets: [String]
    }

    static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "verifar-doctor-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder(folder)
        try await body(folder)
    }

    static func run(_ arguments: [String], output: String) async throws -> (status: Int32, report: Report) {
        var errors = ""
        let status = await VerifarCommand.run(["doctor", "--quiet", "--output", output] + arguments) { errors += $0 }
        let data = try #require(FileManager.default.contents(atPath: output + "/doctor.json"), "\(errors)")
        let report = try JSONDecoder().decode(Report.self, from: data)
        #expect(status == (report.isHealthy ? 0 : 1))
        #expect(FileSystem.exists(output + "/doctor.md"))
        for sheet in report.contactSheets { #expect(FileSystem.exists(output + "/" + sheet)) }
        return (status, report)
    }

    static func rows(_ path: String) throws -> [[String]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: " ").map(String.init) }
    }

    static func write(_ rows: [[String]], _ path: String) throws {
        try AtomicFile.write(rows.map { $0.joined(separator: " ") + "\n" }.joined(), to: path)
    }

    /// A shuffle that leaves no row near its place.
    static func shuffled<Row>(_ rows: [Row]) -> [Row] {
        var step = rows.count * 5 / 13
        while !areCoprime(step, rows.count) { step += 1 }
        return rows.indices.map { rows[($0 * step + rows.count / 3) % rows.count] }
    }

    private static func areCoprime(_ left: Int, _ right: Int) -> Bool {
        right == 0 ? left == 1 : areCoprime(right, left % right)
    }
}

/// The machinery on synthetic faces and untrained networks.
@Suite struct DoctorTests {
    private func makeFaces(_ folder: String) async throws -> (faces: String, network: String) {
        let (faces, network) = (folder + "/faces", folder + "/mbf.safetensors")
        let made = ["synth", "--output", faces, "--identities", "12", "--images", "4", "--quiet"]
        #expect(await VerifarCommand.run(made) { _ in } == 0)
        let create = ["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"]
        #expect(await VerifarCommand.run(create) { _ in } == 0)
        return (faces, network)
    }

    @Test func untrainedNetworksAndBrokenFoldersAreNamed() async throws {
        try await DoctorRun.withFolder { folder in
            let (faces, network) = try await makeFaces(folder)
            let arguments = ["--checkpoint", network, "--protocol", "ijbc", "--data", faces, "--sample", "40"]
            let untrained = try await DoctorRun.run(arguments, output: folder + "/1").report
            let culprits = untrained.findings.filter { $0.kind == "culprit" }
            #expect(culprits.contains { $0.title.contains("does not separate") })
            #expect(!culprits.contains { ["channel-order", "normalisation", "labels"].contains($0.check) })
            #expect(untrained.contactSheets == ["contact-sheet.jpg"])

            let landmarks = faces + "/meta/ijbc_name_5pts_score.txt"
            let rows = try DoctorRun.rows(landmarks)
            try DoctorRun.write(
                zip(rows, DoctorRun.shuffled(rows)).map { [$0[0]] + $1.dropFirst() },
                landmarks
            )
            let shuffled = try await DoctorRun.run(arguments, output: folder + "/2").report
            #expect(shuffled.findings.first?.check == "landmark-rows")

            try DoctorRun.write(DoctorRun.shuffled(rows), landmarks)
            let misnamed = try await DoctorRun.run(arguments, output: folder + "/3").report
            #expect(misnamed.findings.first?.check == "protocol-files")
            #expect(misnamed.findings.first?.title.contains("landmark rows") == true)

            try DoctorRun.write(rows, landmarks)
            let size = try await DoctorRun.run(arguments + ["--preprocess", "sphereface"], output: folder + "/4").report
            #expect(size.findings.first?.options == "--size 112x112")

            for row in rows { try AtomicFile.write("no picture", to: faces + "/loose_crop/" + row[0]) }
            let broken = try await DoctorRun.run(arguments, output: folder + "/5").report
            #expect(broken.findings.first?.check == "pictures")
        }
    }

    @Test func badInputIsAnErrorThatSaysWhat() async throws {
        try await DoctorRun.withFolder { folder in
            let (faces, network) = try await makeFaces(folder)
            func failure(_ arguments: [String]) async -> (Int32, String) {
                var errors = ""
                let status = await VerifarCommand.run(["doctor", "--quiet"] + arguments) { errors += $0 }
                return (status, errors)
            }
            #expect(await failure(["--checkpoint", network]).0 == 2)
            #expect(await failure(["--checkpoint", network, "--faces", faces, "--data", faces]).0 == 2)
            let absent = await failure(["--checkpoint", folder + "/no.onnx", "--faces", faces])
            #expect(absent.0 == 1 && absent.1.contains("no.onnx"))
            let nowhere = await failure(["--checkpoint", network, "--faces", folder + "/nowhere"])
            #expect(nowhere.0 == 1 && nowhere.1.contains("nowhere"))
            // One picture is no pair.
            try FileSystem.createFolder(folder + "/one/a")
            try AtomicFile.write("x", to: folder + "/one/a/1.jpg")
            let one = await failure(["--checkpoint", network, "--faces", folder + "/one"])
            #expect(one.0 == 1 && one.1.contains("too few labelled faces"))
        }
    }
}

/// The real case with one deliberate mistake each.
///
/// Skipped where the data are not there: set VERIFAR_REALFACES to their folder.
@Suite(.enabled(if: Fixture.realFaces != nil, "the real test case is not on this machine"), .serialized)
struct DoctorRealCaseTests {
    enum Fault: String, CaseIterable {
        case none
        case blueFirst
        case normalisation
        case template
        case size
        case shiftedFaces
        case shuffledLandmarks
        case shuffledTemplates

        /// What must be named first; nil for healthy.
        var culprit: String? {
            switch self {
            case .none: nil
            case .blueFirst: "channel-order"
            case .normalisation: "normalisation"
            case .template, .shiftedFaces: "alignment"
            case .size: "face-size"
            case .shuffledLandmarks: "landmark-rows"
            case .shuffledTemplates: "labels"
            }
        }

        var fix: String? {
            switch self {
            case .blueFirst, .normalisation, .template: "--preprocess imagenet"
            default: nil
            }
        }

        var options: [String] {
            switch self {
            case .blueFirst: ["--preprocess", "imagenet", "--channels", "bgr"]
            case .normalisation: []
            case .template: ["--preprocess", "imagenet", "--template", "arcface-128"]
            case .size: ["--preprocess", "imagenet", "--size", "96x112"]
            default: ["--preprocess", "imagenet"]
            }
        }

        /// Small mistakes of the pixels need more faces than large ones.
        var sample: String {
            switch self {
            case .none, .blueFirst, .normalisation: "240"
            case .shuffledTemplates: "160"
            case .template, .shiftedFaces: "100"
            case .size, .shuffledLandmarks: "48"
            }
        }
    }

    @Test(arguments: Fault.allCases) func theCulpritIsNamed(_ fault: Fault) async throws {
        let root = try #require(Fixture.realFaces)
        try await DoctorRun.withFolder { folder in
            try copyProtocol(root + "/lfwc", to: folder, fault)
            let arguments =
                [
                    "--checkpoint", root + "/checkpoints/MobileFaceNet.onnx", "--protocol", "ijbc", "--data", folder,
                    "--allow-outside", "--sample", fault.sample,
                ] + fault.options
            let report = try await DoctorRun.run(arguments, output: folder + "/out").report
            let culprits = report.findings.filter { $0.kind == "culprit" }.map(\.check)
            #expect(culprits == [fault.culprit].compactMap { $0 }, "\(fault)")
            if let fix = fault.fix { #expect(report.suggestedOptions == fix) }
        }
    }

    private func copyProtocol(_ source: String, to folder: String, _ fault: Fault) throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/loose_crop",
            withDestinationPath: source + "/loose_crop"
        )
        try FileSystem.createFolder(folder + "/meta")
        for name in try FileSystem.names(inFolder: source + "/meta") {
            var rows = try DoctorRun.rows("\(source)/meta/\(name)")
            switch (fault, name) {
            case (.shuffledLandmarks, "ijbc_name_5pts_score.txt"), (.shuffledTemplates, "ijbc_face_tid_mid.txt"):
                rows = zip(rows, DoctorRun.shuffled(rows)).map { [$0[0]] + $1.dropFirst() }
            case (.shiftedFaces, "ijbc_name_5pts_score.txt"): rows = rows.map { Self.lowered($0) }
            default: break
            }
            try DoctorRun.write(rows, "\(folder)/meta/\(name)")
        }
    }

    /// Landmarks whose alignment puts the face 8 pixels lower in a crop where the eyes are 35.2 pixels apart.
    private static func lowered(_ row: [String]) -> [String] {
        let numbers = row[1...10].compactMap { Double($0) }
        let scale = 8 / 35.2373
        // Up in the picture as the face stands: at right angles to the line of the eyes.
        let (across, along) = (numbers[2] - numbers[0], numbers[3] - numbers[1])
        let moved = numbers.enumerated().map { $1 + ($0 % 2 == 0 ? along * scale : -across * scale) }
        return [row[0]] + moved.map { String(format: "%.3f", $0) } + [row[11]]
    }
}
