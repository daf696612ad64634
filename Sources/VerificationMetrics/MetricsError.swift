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

/// Why a metric has no value.
///
/// An undefined result is never written as 0 or NaN.
public enum UndefinedResult: String, Error, Hashable, Sendable, Codable, CaseIterable, CustomStringConvertible {
    /// There is no genuine comparison, so no TAR.
    case noGenuine = "no-genuine"
    /// There is no impostor comparison, so no FAR.
    case noImpostor = "no-impostor"
    /// So many genuine comparisons failed to enrol that FNMR stays above FMR at every threshold.
    case errorRatesNeverMeet = "error-rates-never-meet"
    /// Every comparison of a class is a failure to enrol: it has no scores.
    case allRejected = "all-rejected"
    /// A class has too few scores, or they do not vary, so that a spread means nothing.
    case noSpread = "no-spread"
    /// No comparison carries subjects, or only one subject occurs: there is nothing to resample.
    case tooFewSubjects = "too-few-subjects"
    /// More than half of the bootstrap replicates held no genuine or no impostor comparison.
    case tooFewReplicates = "too-few-replicates"
    /// No probe has a mate in the gallery.
    case noMatedProbe = "no-mated-probe"
    /// Every probe has a mate in the gallery, so there is no FPIR.
    case noUnmatedProbe = "no-unmated-probe"
    /// No comparison has a finite score, so no threshold separates anything.
    case noFiniteScore = "no-finite-score"
    /// Nothing is accepted, so there is no lowest accepted score.
    case nothingAccepted = "nothing-accepted"
    /// Intervals were not asked for.
    case notDrawn = "not-drawn"

    /// The reason in words, without a full stop.
    public var description: String {
        switch self {
        case .noGenuine: "no genuine comparisons"
        case .noImpostor: "no impostor comparisons"
        case .errorRatesNeverMeet: "failures to enrol keep the miss rate above the false-match rate at every threshold"
        case .allRejected: "every comparison of one class is a failure to enrol"
        case .noSpread: "too few scores, or scores that do not vary"
        case .tooFewSubjects: "fewer than two subjects to resample"
        case .tooFewReplicates: "most bootstrap replicates held only one class"
        case .noMatedProbe: "no probe has a mate in the gallery"
        case .noUnmatedProbe: "every probe has a mate in the gallery"
        case .noFiniteScore: "no comparison has a finite score"
        case .nothingAccepted: "nothing is accepted"
        case .notDrawn: "no intervals were drawn"
        }
    }
}

/// A metric's value, or the reason why there is none.
///
/// Encoded, the value itself stands there, or `{"undefined": "no-impostor"}` in its place: never null, 0 or NaN.
public enum Outcome<Value> {
    case success(Value)
    case failure(UndefinedResult)

    public init(catching body: () throws(UndefinedResult) -> Value) {
        do throws(UndefinedResult) {
            self = .success(try body())
        } catch {
            self = .failure(error)
        }
    }

    /// The value, or `reason` where there is none.
    public init(_ value: Value?, or reason: UndefinedResult) { self = value.map { .success($0) } ?? .failure(reason) }

    public func get() throws(UndefinedResult) -> Value {
        switch self {
        case .success(let value): return value
        case .failure(let reason): throw reason
        }
    }

    /// The value, or nil where it is undefined.
    public var value: Value? { try? get() }

    /// The reason, or nil where there is a value.
    public var undefinedReason: UndefinedResult? {
        if case .failure(let reason) = self { reason } else { nil }
    }

    public func map<Other>(_ transform: (Value) -> Other) -> Outcome<Other> { flatMap { .success(transform($0)) } }

    public func flatMap<Other>(_ transform: (Value) -> Outcome<Other>) -> Outcome<Other> {
        switch self {
        case .success(let value): transform(value)
        case .failure(let reason): .failure(reason)
        }
    }
}

extension Outcome: Equatable where Value: Equatable {}
extension Outcome: Hashable where Value: Hashable {}
extension Outcome: Sendable where Value: Sendable {}

private enum OutcomeKeys: String, CodingKey {
    case undefined
}

extension Outcome: Decodable where Value: Decodable {
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: OutcomeKeys.self), container.contains(.undefined) {
            self = .failure(try container.decode(UndefinedResult.self, forKey: .undefined))
        } else {
            self = .success(try Value(from: decoder))
        }
    }
}

extension Outcome: Encodable where Value: Encodable {
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .success(let value): try value.encode(to: encoder)
        case .failure(let reason):
            var container = encoder.container(keyedBy: OutcomeKeys.self)
            try container.encode(reason, forKey: .undefined)
        }
    }
}
