internal import SeededRandom

/// What random numbers are drawn for: each purpose has streams of its own.
enum SampleStream: UInt64 {
    case epochOrder = 0x4f52_4445_525f_5345
    case identityOrder = 0x4944_454e_5449_5459
    case identityPictures = 0x5049_4354_5552_4553
    case augmentation = 0x4155_474d_454e_5431

    /// The stream of two numbers: a step or epoch, and a sample or class.
    func generator(seed: UInt64, _ first: Int, _ second: Int = 0) -> SeededGenerator {
        SeededGenerator(seed: seed ^ rawValue, stream: UInt64(first) &* 0xff51_afd7_ed55_8ccd ^ UInt64(second))
    }
}
