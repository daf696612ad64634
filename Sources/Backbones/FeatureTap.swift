/// A place inside of a backbone whose values methods on intermediate features compare.
public struct FeatureTap: Hashable, Sendable {
    /// The node that makes the feature, after its non-linearity where one follows.
    public var output: String
    /// The node before that non-linearity (RepDistiller's `preact`); the same node where none follows.
    public var preactivation: String

    /// A tap whose feature no non-linearity follows.
    init(_ output: String) { self.init(output, preactivation: output) }

    init(_ output: String, preactivation: String) {
        self.output = output
        self.preactivation = preactivation
    }
}
