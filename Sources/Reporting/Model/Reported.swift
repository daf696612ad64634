internal import VerificationMetrics

/// A result, or the reason why there is none.
///
/// In JSON the value itself stands there, or `{"undefined": "no-impostor"}` in its place: never null, 0 or NaN.
public enum Reported<Value: Codable & Hashable & Sendable>: Hashable, Sendable {
    /// There is a result.
    case value(Value)
    /// There is none; the code says why, in the words of `UndefinedResult.rawValue` or ``UndefinedCode``.
    case undefined(String)

    /// The result, or nil.
    public var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Why there is no result, in words without a full stop; nil where there is one.
    public var reason: String? {
        if case .undefined(let code) = self { UndefinedCode.words(for: code) } else { nil }
    }
}

/// The reasons for an undefined result that the metrics themselves do not know.
public enum UndefinedCode {
    /// No comparison has a finite score, so no threshold separates anything.
    public static let noFiniteScore = "no-finite-score"
    /// Nothing is accepted, so there is no lowest accepted score.
    public static let nothingAccepted = "nothing-accepted"

    /// Intervals were not asked for.
    public static let notDrawn = "not-drawn"

    /// A reason in words; a code that this version does not know is its own words.
    static func words(for code: String) -> String {
        switch code {
        case noFiniteScore: "no comparison has a finite score"
        case nothingAccepted: "nothing is accepted"
        case notDrawn: "no intervals were drawn"
        default: UndefinedResult(rawValue: code)?.description ?? VisibleText.line(code)
        }
    }
}

extension Reported: Codable {
    private enum CodingKeys: String, CodingKey { case undefined }

    /// Reads a value, or `{"undefined": …}` in its place.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: CodingKeys.self), container.contains(.undefined) {
            self = .undefined(try container.decode(String.self, forKey: .undefined))
        } else {
            self = .value(try Value(from: decoder))
        }
    }

    /// Writes the value, or `{"undefined": …}` in its place.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .value(let value): try value.encode(to: encoder)
        case .undefined(let code):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(code, forKey: .undefined)
        }
    }
}

extension Reported {
    /// What a metric gave, turned into a report's form.
    init<Measured>(_ outcome: Outcome<Measured>, _ transform: (Measured) -> Value) {
        switch outcome {
        case .success(let measured): self = .value(transform(measured))
        case .failure(let reason): self = .undefined(reason.rawValue)
        }
    }
}
