import ArtifactFiles
import FaceImaging
import Foundation
import Synchronization
import TrainingData

/// Pictures made of their numbers, with faults on demand.
struct FormulaSource: TrainingSource {
    /// What a test observes and steers.
    final class Control: Sendable {
        let reads = Atomic<Int>(0)
        let blocked = Atomic<Bool>(false)
    }

    var labels: [Int]
    var pictureSize = PictureSize(width: 6, height: 5)
    var broken: Set<Int> = []
    let control = Control()

    /// `perClass` samples of each class, class by class.
    init(classes: Int, perClass: Int, broken: Set<Int> = []) {
        labels = (0..<classes * perClass).map { $0 / perClass }
        self.broken = broken
    }

    init(labels: [Int]) { self.labels = labels }

    var summary: String { "formula" }
    var sampleCount: Int { labels.count }
    var classCount: Int { (labels.max() ?? -1) + 1 }
    var digest: ContentDigest { ContentDigest(of: "\(labels)") }
    func label(of sample: Int) -> Int { labels[sample] }
    func name(of sample: Int) -> String { "sample-\(sample)" }
    func makeReader() -> any TrainingReader { Reader(source: self) }

    func pixels(of sample: Int) -> [UInt8] {
        (0..<pictureSize.byteCount).map { UInt8(truncatingIfNeeded: sample &* 37 &+ $0 &* 11 &+ ($0 / 7) &* sample) }
    }

    private final class Reader: TrainingReader {
        let source: FormulaSource
        init(source: FormulaSource) { self.source = source }

        func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
            source.control.reads.add(1, ordering: .relaxed)
            while source.control.blocked.load(ordering: .acquiring) { usleep(1000) }
            if source.broken.contains(sample) { throw InputError(.malformed, "broken on purpose") }
            let (width, height) = (source.pictureSize.width, source.pictureSize.height)
            image = RGBImage(width: width, height: height, pixels: source.pixels(of: sample))
        }
    }
}

extension FacePreprocessing {
    /// (x − 127.5) / 127.5 at the formula's size.
    static func formula(_ size: PictureSize = PictureSize(width: 6, height: 5)) throws -> FacePreprocessing {
        try FacePreprocessing(
            width: size.width,
            height: size.height,
            channels: .rgb,
            mean: [127.5, 127.5, 127.5],
            std: [127.5, 127.5, 127.5],
            template: "arcface"
        )
    }
}
