import ArtifactFiles
import Foundation
import Reporting
import SeededRandom
import VerificationMetrics

/// A small experiment whose scores come from a seed: 30 subjects, two templates each, every pair compared once.
struct SampleRun {
    static let subjects = 30
    var scores: [Float] = []
    var labels: [UInt8] = []
    var first: [UInt32] = []
    var second: [UInt32] = []
    var subjectOfTemplate: [UInt32]

    /// - Parameters:
    ///   - seed: Seeds the scores.
    ///   - shift: How far genuine scores lie above impostors', in standard deviations.
    ///   - subjects: How many; each has two templates.
    init(seed: UInt64 = 7, shift: Double = 3.2, subjects: Int = SampleRun.subjects) {
        subjectOfTemplate = (0..<UInt32(2 * subjects)).map { $0 / 2 }
        var random = SeededGenerator(seed: seed)
        for one in subjectOfTemplate.indices {
            for other in subjectOfTemplate.indices where other > one {
                let isGenuine = subjectOfTemplate[one] == subjectOfTemplate[other]
                first.append(UInt32(one))
                second.append(UInt32(other))
                labels.append(isGenuine ? 1 : 0)
                scores.append(Float(0.1 * (random.normal() + (isGenuine ? shift : 0))))
            }
        }
    }

    func comparisonSubjects() throws -> ComparisonSubjects {
        try ComparisonSubjects(firstTemplate: first, secondTemplate: second, subjectOfTemplate: subjectOfTemplate)
    }

    func measurement(replicates: Int = 64) throws -> VerificationMeasurement {
        let targets = try ["1e-4", "1e-3", "1e-2", "1e-1"].map { try FARTarget($0) }
        var options = VerificationMeasurement.Options(
            farTargets: targets,
            bootstrap: try SubjectBootstrap(replicates: replicates, seed: 1)
        )
        options.histogramBins = 24
        options.pointsPerDecade = 8
        return try VerificationMeasurement(
            scores: .single(scores),
            labels: labels,
            subjects: try comparisonSubjects(),
            options: options
        )
    }

    /// A report with every section filled; names are hostile on request.
    func report(hostile: Bool = false) throws -> VerificationReport {
        let name: (String) -> String = { hostile ? $0 + HostileText.all : $0 }
        let measured = try measurement()
        var counts = ProtocolSummary(
            name: name("sample"),
            genuine: 30,
            impostor: 1740,
            images: 120,
            templates: 60,
            failedImages: 2,
            failedTemplates: 0
        )
        counts.rejectedGenuine = 0
        counts.rejectedImpostor = 0
        counts.subjects = 30
        counts.subjectOrigin = "stated"
        counts.sha256 = String(repeating: "ab", count: 32)
        counts.description = name("Made of random numbers, for tests.")
        counts.findings = [name("warning: meta/sample_face_tid_mid.txt: line 7: a duplicated image")]
        var report = VerificationReport(name: name("Sample run"), protocol: counts, measured: measured)
        report.inputs = [
            RunInput(role: "checkpoint", file: name("net.onnx"), sha256: String(repeating: "cd", count: 32))
        ]
        report.checkpoint = CheckpointSummary(
            file: name("net.onnx"),
            sha256: String(repeating: "cd", count: 32),
            architecture: name("mobilefacenet"),
            parameters: 993_920,
            macs: 221_000_000,
            embeddingSize: 128
        )
        report.checkpoint?.format = "onnx"
        report.checkpoint?.trainingSet = name("MS1M-V2")
        report.checkpoint?.isTrained = true
        report.preprocessing = PreprocessingSummary(
            size: [112, 112],
            channels: "rgb",
            mean: [123.675, 116.28, 103.53],
            std: [58.395, 57.12, 57.375],
            template: "insightface-112"
        )
        report.preprocessing?.name = "imagenet"
        let policy = PolicySummary(
            flip: "sum",
            norm: "keep",
            detectorScore: "on",
            aggregate: "media-mean",
            failures: "reject"
        )
        report.policy = policy
        var other = policy
        other.flip = "off"
        report.modes = [
            ModeResult(policy: policy, results: measured.results), ModeResult(policy: other, results: measured.results),
        ]
        report.hardest = try hardest(name)
        report.contactSheet = (0..<4)
            .map { PicturedFace(image: name("\($0).jpg"), template: "\($0)", picture: "f\($0).jpg") }
        report.failures = FailureSummary(
            total: 2,
            reasons: [.init(reason: name("the file is truncated"), count: 2)],
            examples: [.init(image: name("7.jpg"), reason: name("the file is truncated"))]
        )
        report.timing = TimingSummary(
            stages: [.init(name: name("decode"), seconds: 4.5), .init(name: "embed", seconds: 25.25)]
        )
        report.timing?.imagesPerSecond = 104.25
        report.timing?.totalSeconds = 31.5
        report.timing?.peakMemoryBytes = 312_000_000
        report.environment = EnvironmentSummary(version: "0.1.0")
        report.environment?.machine = name("test machine")
        report.environment?.threads = 2
        report.environment?.batch = 16
        report.environment?.seed = 1
        report.environment?.command = name("verifar evaluate --checkpoint net.onnx")
        return report
    }

    private func hardest(_ name: @escaping (String) -> String) throws -> HardestPairs {
        let places = try HardestComparisons(scores: .single(scores), labels: labels, count: 3)
        func comparison(_ index: Int) -> HardestPairs.Comparison {
            func side(_ template: UInt32) -> HardestPairs.Side {
                .init(
                    template: name("\(template)"),
                    subject: name("\(subjectOfTemplate[Int(template)])"),
                    images: [name("\(2 * template).jpg"), name("\(2 * template + 1).jpg")],
                    imageCount: 2,
                    picture: "f\(template % 4).jpg"
                )
            }
            return .init(
                comparison: index,
                score: Double(scores[index]),
                first: side(first[index]),
                second: side(second[index])
            )
        }
        return HardestPairs(
            impostor: places.impostors.map(comparison),
            genuine: places.genuine.map(comparison)
        )
    }
}

/// Names that have broken reports.
enum HostileText {
    static let script = "</script><script>alert(1)</script>"
    static let attribute = "\"\u{301} onmouseover=alert(1) x='"
    static let markdown = "|`*_[x](javascript:alert(1))<img src=x onerror=alert(1)>"
    static let latex = "\\input{/etc/passwd}%$#&~^_{}"
    static let template = "{{name}}{{{name}}}{{#x}}"
    static let hidden = "\u{202e}gpj.\u{0}\n\r\u{2028}\u{feff}"
    static let csv = "=cmd|' /C calc'!A0,\"x\""
    static let all = script + attribute + markdown + latex + template + hidden + csv
}

extension SampleRun {
    /// Writes the run as `evaluate` does.
    func write(to folder: String, report: VerificationReport? = nil) throws {
        func file(_ name: String) -> String { folder + "/" + name }
        try NPYFile.write(scores, to: file("scores.npy"))
        try NPYFile.write(labels, to: file("labels.npy"))
        // Ids are not indices: 7 apart, from 100 on.
        func id(_ template: UInt32) -> UInt32 { 100 + 7 * template }
        let ids: [UInt32] = zip(first, second).flatMap { pair in [id(pair.0), id(pair.1)] }
        try NPYFile.write(ids, shape: [scores.count, 2], to: file("comparisons.npy"))
        let subjects = subjectOfTemplate.enumerated()
            .map { template, subject in "\(id(UInt32(template))),\"subject, \(subject)\"\n" }
            .joined()
        try AtomicFile.write("template,subject\n" + subjects, to: file("subjects.csv"))
        try FileManager.default.createDirectory(atPath: file("pictures"), withIntermediateDirectories: true)
        for index in 0..<4 {
            try AtomicFile.write([0xff, 0xd8, 0xff, UInt8(index)], to: file("pictures/f\(index).jpg"))
        }
        var written = try self.report()
        if let report { written = report }
        try AtomicFile.write(try written.jsonText(), to: file("report.json"))
    }
}
