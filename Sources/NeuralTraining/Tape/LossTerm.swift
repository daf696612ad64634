/// A named scalar on the tape and its weight in the loss.
public struct LossTerm {
    /// `kd`, `th-kd.teacher-head`: the name in the run's table.
    public var name: String
    /// Its value before weighting, `[1, 1]`.
    public var value: TapeValue
    /// The factor on it.
    public var weight: Float

    /// Creates a term.
    public init(name: String, value: TapeValue, weight: Float) {
        self.name = name
        self.value = value
        self.weight = weight
    }

    /// Creates a term of weight 1, or of another.
    public init(_ name: String, _ value: TapeValue, weight: Float = 1) {
        self.init(name: name, value: value, weight: weight)
    }
}

extension Sequence<LossTerm> {
    /// The weighted sum, `[1, 1]`; nil if there are no terms.
    public var weightedSum: TapeValue? {
        var sum: TapeValue?
        for term in self {
            let part = term.weight == 1 ? term.value : term.weight * term.value
            sum = sum.map { $0 + part } ?? part
        }
        return sum
    }
}
