// The metric stage at IJB-C's size: aggregation, comparison, ROC, operating points, and 1,000 bootstrap replicates.
//
//     MetricStage FOLDER [ROUNDS] [SCALE]
//
// FOLDER gets a generated protocol (469,375 images, 23,124 templates, 15,658,489 comparisons at SCALE 1) and is used again
// when it is there. Embeddings are random. The same work by InsightFace's functions: Benchmarks/peers/metrics.py.

import Dispatch
import FaceEvaluation
import FaceProtocols
import Foundation
import VerificationMetrics

@main
struct MetricStage {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            FileHandle.standardError.write(Data("usage: MetricStage FOLDER [ROUNDS] [SCALE]\n".utf8))
            exit(2)
        }
        let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 3 : 3
        let scale = arguments.count > 3 ? Double(arguments[3]) ?? 1 : 1
        let folder = arguments[1]
        let size = GeneratedSize(scale: scale)
        if !FileManager.default.fileExists(atPath: folder + "/meta/ijbc_face_tid_mid.txt") {
            try GeneratedProtocol(size: size).write(to: folder)
        }
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let descriptor = try ProtocolCatalogue().descriptor("ijbc")
        for _ in 0..<rounds {
            var clock = Stopwatch()
            let reading = try ProtocolReader(
                descriptor,
                options: ProtocolReadOptions(workers: threads, checksImageFiles: false)
            )
            .read(dataFolder: folder)
            let value = try reading.validProtocol()
            clock.lap("read protocol")
            let embeddings = Self.embeddings(images: value.images.count)
            clock.lap("make embeddings")
            let templates = TemplateEmbeddings(
                embeddings,
                of: value,
                policy: EvaluationPolicy(flip: .off),
                threads: threads
            )
            clock.lap("aggregate")
            let scores = TemplateComparison.scores(of: value.comparisons, templates: templates, threads: threads)
            clock.lap("compare")
            let set = try ScoreSet(scores: .single(scores), labels: value.comparisons.labels)
            let points = FARTarget.standard.compactMap { set.operatingPoint(at: $0).value?.tar }
            clock.lap("roc and operating points")
            let subjects = try ComparisonSubjects(
                firstTemplate: value.comparisons.first,
                secondTemplate: value.comparisons.second,
                labels: value.comparisons.labels,
                templateCount: templates.count
            )
            _ = try SubjectBootstrap(replicates: 1000, seed: 1, threads: threads)
                .tarIntervals(
                    scores: .single(scores),
                    labels: value.comparisons.labels,
                    subjects: subjects,
                    targets: FARTarget.standard
                )
            clock.lap("1000 replicates")
            clock.report(points: points)
        }
    }

    /// Random unit-scale embeddings, cheap to make: a counter through a mixing function.
    private static func embeddings(images: Int) -> ImageEmbeddings {
        let dimensions = 512
        let values = [Float](unsafeUninitializedCapacity: images * dimensions) { values, initialized in
            for index in 0..<images * dimensions {
                var z = UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15
                z = (z ^ z >> 31) &* 0xbf58_476d_1ce4_e5b9
                values.initializeElement(at: index, to: Float(Int32(truncatingIfNeeded: z >> 32)) * 0x1p-31)
            }
            initialized = images * dimensions
        }
        return ImageEmbeddings(values: values, viewCount: 1, dimensions: dimensions)
    }
}

/// Seconds between laps, and the peak of memory.
struct Stopwatch {
    private var last = ContinuousClock.now
    private var laps: [(String, Double)] = []

    mutating func lap(_ name: String) {
        let time = ContinuousClock.now - last
        laps.append((name, Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18))
        last = .now
    }

    func report(points: [Double]) {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let peak =
            status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ")
            .compactMap { Int($0) }.first ?? 0
        let parts = laps.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
        let stages = ["aggregate", "compare", "roc and operating points"]
        let sum = laps.filter { stages.contains($0.0) }.reduce(0) { $0 + $1.1 }
        print(
            "{\"peer\": \"verifar\", \(parts), \"metric stage\": \(sum), \"peak_mib\": \(peak / 1024), \"tar\": \(points)}"
        )
    }
}
