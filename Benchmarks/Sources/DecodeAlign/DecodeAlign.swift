// Decoding and aligning faces on one core: microseconds per face, median of rounds.
//
//     decode-align FOLDER [ROUNDS]
//
// FOLDER holds `loose_crop/` and `meta/*_name_5pts_score.txt` (the IJB-C layout). The same work by OpenCV and
// scikit-image: `Benchmarks/peers/decode_align.py`. Times are CPU time of the thread, so that a busy machine changes
// them little.

import FaceImaging
import Foundation

@main
struct DecodeAlign {
    struct Sample {
        var path: String
        var bytes: [UInt8]
        var landmarks: FaceLandmarks
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            FileHandle.standardError.write(Data("usage: decode-align FOLDER [ROUNDS]\n".utf8))
            exit(2)
        }
        let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 7 : 7
        let samples = try load(folder: arguments[1])
        var extractor = try FaceExtractor(preprocessing: .insightface)
        var decoder = ImageDecoder()
        var face = [UInt8](repeating: 0, count: FacePreprocessing.insightface.faceByteCount)
        var image = RGBImage(width: 0, height: 0, pixels: [])

        try report("decode_all", samples, rounds) { sample in
            try sample.bytes.withUnsafeBytes { try decoder.decode($0, into: &image) }
        }
        try report("decode_align", samples, rounds) { sample in
            try face.withUnsafeMutableBufferPointer { face in
                try sample.bytes.withUnsafeBytes {
                    _ = try extractor.extract($0, landmarks: sample.landmarks, into: face)
                }
            }
        }
        var options = FaceExtractor.Options()
        options.reducedDecoding = .never
        var fullScale = try FaceExtractor(preprocessing: .insightface, options: options)
        try report("decode_align_full_scale", samples, rounds) { sample in
            try face.withUnsafeMutableBufferPointer { face in
                try sample.bytes.withUnsafeBytes {
                    _ = try fullScale.extract($0, landmarks: sample.landmarks, into: face)
                }
            }
        }
        try report("read_decode_align", samples, rounds) { sample in
            try face.withUnsafeMutableBufferPointer { face in
                _ = try extractor.extract(file: sample.path, landmarks: sample.landmarks, into: face)
            }
        }
    }

    static func report(
        _ name: String,
        _ samples: [Sample],
        _ rounds: Int,
        _ work: (Sample) throws -> Void
    ) throws {
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = threadSeconds()
            for sample in samples { try work(sample) }
            times.append((threadSeconds() - start) / Double(samples.count))
        }
        let median = times.sorted()[rounds / 2]
        print("\(name) \(String(format: "%.1f", median * 1e6)) us/face, \(Int((1 / median).rounded())) faces/s")
    }

    static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    static func load(folder: String) throws -> [Sample] {
        let meta = folder + "/meta"
        let names = try FileManager.default.contentsOfDirectory(atPath: meta).filter { $0.hasSuffix("5pts_score.txt") }
        guard let name = names.first else { throw CocoaError(.fileNoSuchFile) }
        return try String(contentsOfFile: meta + "/" + name, encoding: .utf8).split(separator: "\n")
            .map { line in
                let fields = line.split(separator: " ")
                let path = "\(folder)/loose_crop/\(fields[0])"
                let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
                return Sample(
                    path: path,
                    bytes: bytes,
                    landmarks: try FaceLandmarks(coordinates: fields[1...10].compactMap { Double($0) })
                )
            }
    }
}
