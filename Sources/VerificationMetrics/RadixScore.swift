public import LargeArrays

/// A floating-point type whose order can be read off unsigned bits.
protocol RadixScore: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    associatedtype Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable
    /// Bits that grow as the score falls. Not for NaN; −0 comes right after 0, so that the two stay one block of ties.
    var descendingKey: Key { get }
}

extension Float: RadixScore {
    var descendingKey: UInt32 { bitPattern & 0x8000_0000 == 0 ? 0x7fff_ffff - bitPattern : bitPattern }
}

extension Double: RadixScore {
    var descendingKey: UInt64 {
        bitPattern & 0x8000_0000_0000_0000 == 0 ? 0x7fff_ffff_ffff_ffff - bitPattern : bitPattern
    }
}

/// Scores in the order of the comparisons, in the precision they came in.
///
/// −∞ is a comparison that no threshold accepts: one of its templates failed to enrol.
public enum ScoreValues: Hashable, Sendable {
    /// Single-precision scores.
    case single(LargeArray<Float>)
    /// Double-precision scores: rounding them to single could tie what was apart.
    case double(LargeArray<Double>)

    /// Single-precision scores from an array.
    public static func single(_ scores: [Float]) -> ScoreValues { .single(LargeArray(scores)) }

    /// Double-precision scores from an array.
    public static func double(_ scores: [Double]) -> ScoreValues { .double(LargeArray(scores)) }

    /// How many scores there are.
    public var count: Int {
        switch self {
        case .single(let scores): scores.count
        case .double(let scores): scores.count
        }
    }

    /// The score of one comparison.
    public subscript(index: Int) -> Double {
        switch self {
        case .single(let scores): Double(scores[index])
        case .double(let scores): scores[index]
        }
    }
}
