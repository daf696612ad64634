/// Scores, labels or options that no metric can be computed from.
///
/// The library knows arrays, not files: who read the array adds the file to the message.
public struct MetricsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is.
    public enum Code: String, Hashable, Sendable {
        /// A score is NaN.
        case scoreNotANumber
        /// A score is +∞ (−∞ is allowed: it means rejected).
        case scoreInfinite
        /// A label is neither 0 nor 1.
        case invalidLabel
        /// Arrays that belong together differ in length.
        case countMismatch
        /// A template or subject index that the tables do not hold.
        case indexOutOfRange
        /// A FAR target that is no decimal number in (0, 1].
        case invalidFARTarget
        /// An option out of its range.
        case invalidOption
    }

    /// The kind of mistake.
    public let code: Code
    /// The comparison it was found at, counted from 0, where there is one.
    public let index: Int?
    /// What is wrong, in a few words without a full stop.
    public let problem: String

    /// Creates an error.
    public init(_ code: Code, _ problem: String, index: Int? = nil) {
        self.code = code
        self.problem = problem
        self.index = index
    }

    /// `comparison 12: problem` on one line.
    public var description: String { index.map { "comparison \($0): \(problem)" } ?? problem }
}
