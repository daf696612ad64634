/// The scale at which a JPEG's inverse DCT reconstructs it.
public enum DecodingScale: Int, Hashable, Sendable, CaseIterable, Codable {
    /// Every pixel.
    case full = 8
    /// Half the width and height.
    case half = 4
    /// A quarter.
    case quarter = 2
    /// An eighth: block means.
    case eighth = 1

    /// Eighths of the picture's size.
    public var eighths: Int { rawValue }

    /// Pixels of the whole picture per decoded pixel, each way.
    public var reduction: Int { 8 / rawValue }

    /// A side's decoded length.
    func scaled(_ length: Int) -> Int { (length * rawValue + 7) / 8 }
}

/// When pictures may be decoded at a reduced DCT scale.
///
/// A face that alignment shrinks to less than half would skip pixels when sampled bilinearly. Decoding at a reduced
/// scale averages them instead and saves time, but the face differs from one that is sampled from all pixels. On
/// LFW faces enlarged 3 to 9 times, with noise, the mean difference is 1.0 to 1.3 grey levels (99th percentile 5) and
/// the cosine of MobileFaceNet's embeddings 0.997 to 0.998; the reduced ones are nearer to those of the original
/// pictures (0.998 to 0.999 against 0.996).
public enum ReducedDecoding: String, Hashable, Sendable, CaseIterable, Codable {
    /// All pixels, always: the same input to alignment as OpenCV's.
    case never
    /// At half scale when alignment shrinks the face below a half, a quarter below a quarter, an eighth below an
    /// eighth: alignment never has to enlarge what was decoded.
    case belowHalf = "below-half"

    /// The scale to decode at.
    ///
    /// - Parameter alignmentScale: Pixels of the face per pixel of the picture.
    /// - Returns: `full` unless alignment shrinks the picture by more than half.
    public func scale(alignmentScale: Double) -> DecodingScale {
        guard self == .belowHalf else { return .full }
        let allowed: [DecodingScale] = [.eighth, .quarter, .half]
        return allowed.first { alignmentScale < Double($0.eighths) / 8 } ?? .full
    }
}
