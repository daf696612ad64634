import SeededRandom

/// Draws the photographs of persons: stills, and videos of several frames.
struct SyntheticShotSampler {
    /// The parts of a set; the same person has different photographs in each.
    enum Purpose: UInt64 {
        case training = 0x7261_696e
        case evaluation = 0x6576_616c
    }

    let populationSeed: UInt64
    let purpose: Purpose
    let videoShare: Double
    let framesPerVideo: ClosedRange<Int>

    /// `count` pictures of a person, grouped by medium.
    func media(identity: Int, count: Int) -> [[SyntheticShot]] {
        var generator = SeededGenerator(
            seed: populationSeed ^ purpose.rawValue &* 0x9e37_79b9_7f4a_7c15,
            stream: UInt64(bitPattern: Int64(identity))
        )
        var media: [[SyntheticShot]] = []
        var left = count
        while left > 0 {
            let seed = generator.next()
            let isVideo = generator.uniform() < videoShare
            let span = framesPerVideo.upperBound - framesPerVideo.lowerBound + 1
            let drawn = framesPerVideo.lowerBound + generator.index(below: span)
            let frames = isVideo ? min(left, drawn) : 1
            media.append((0..<frames).map { SyntheticShot(identity: identity, photographSeed: seed, frame: $0) })
            left -= frames
        }
        return media
    }
}
