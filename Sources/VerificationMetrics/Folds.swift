/// Which fold each pair belongs to.
public struct Folds: Hashable, Sendable {
    /// The fold of each pair, from 0.
    public let foldOfPair: [Int]
    /// How many folds there are.
    public let count: Int

    /// Consecutive folds of equal size, the first ones one pair larger where it does not divide: the layout of
    /// LFW's list, and what scikit-learn's `KFold` without shuffling makes of the others.
    ///
    /// - Throws: ``MetricsError`` (`invalidOption`) for fewer than two folds or fewer pairs than folds.
    public init(pairs: Int, folds: Int = 10) throws(MetricsError) {
        guard folds >= 2, pairs >= folds else {
            throw MetricsError(.invalidOption, "cannot make \(folds) folds of \(pairs) pairs")
        }
        count = folds
        let (size, larger) = (pairs / folds, pairs % folds)
        foldOfPair = (0..<folds).flatMap { [Int](repeating: $0, count: $0 < larger ? size + 1 : size) }
    }

    /// Folds given pair by pair.
    ///
    /// - Parameter foldOfPair: Numbers from 0; each up to the largest must occur.
    /// - Throws: ``MetricsError`` (`invalidOption`) for fewer than two folds or an empty one.
    public init(foldOfPair: [Int]) throws(MetricsError) {
        let numbers = Set(foldOfPair)
        guard numbers.count >= 2, numbers.min() == 0, numbers.max() == numbers.count - 1 else {
            throw MetricsError(.invalidOption, "folds must be numbered from 0 without a gap, and be two or more")
        }
        self.foldOfPair = foldOfPair
        count = numbers.count
    }
}
