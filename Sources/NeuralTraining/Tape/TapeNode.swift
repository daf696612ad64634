/// A value on the tape, and how a gradient goes on from it.
///
/// Nodes know the nodes they came from (through their pullbacks) and never the tape, so a tape is freed when its user
/// lets go of it.
final class TapeNode {
    /// The value.
    let value: TapeStorage
    /// Whether a gradient is wanted here or further back.
    let tracksGradient: Bool
    /// Memory that a caller lent for the gradient.
    let gradientMemory: TapeStorage?
    /// The gradient of the last backward pass so far; nil until something is added to it.
    private(set) var gradient: TapeStorage?
    /// Hands the gradient of this value on to what it was computed from; nil for leaves and constants.
    let pullback: ((_ upstream: TapeStorage) -> Void)?

    init(
        value: TapeStorage,
        tracksGradient: Bool,
        gradientMemory: TapeStorage? = nil,
        pullback: ((TapeStorage) -> Void)? = nil
    ) {
        self.value = value
        self.tracksGradient = tracksGradient
        self.gradientMemory = gradientMemory
        self.pullback = pullback
    }

    func clearGradient() { gradient = nil }

    /// Adds to the gradient, if one is wanted.
    ///
    /// - Parameter body: Receives the gradient's memory and whether it holds something to add to; where it does not,
    ///   every element has to be written.
    func accumulate(_ body: (_ gradient: UnsafeMutablePointer<Float>, _ holdsSum: Bool) -> Void) {
        guard tracksGradient else { return }
        if let gradient {
            body(gradient.base, true)
        } else {
            let fresh = gradientMemory ?? TapeStorage(rows: value.rows, columns: value.columns)
            body(fresh.base, false)
            gradient = fresh
        }
    }

    /// Adds `term(index)` to every element of the gradient.
    @inline(__always)
    func accumulate(threads: Int, _ term: (Int) -> Float) {
        accumulate { gradient, holdsSum in
            inChunks(of: value.count, threads: threads) { range in
                if holdsSum {
                    for index in range { gradient[index] += term(index) }
                } else {
                    for index in range { gradient[index] = term(index) }
                }
            }
        }
    }

    /// Adds a matrix to the gradient.
    func accumulate(_ term: UnsafePointer<Float>, threads: Int) { accumulate(threads: threads) { term[$0] } }
}
