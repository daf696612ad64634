public import ArtifactFiles
import SeededRandom

/// Persons for training, for choosing settings, and for the final evaluation: three sets without a common member.
public struct SyntheticIdentitySplit: Hashable, Sendable {
    /// Persons to train on, in ascending order.
    public let training: [Int]
    /// Persons on which settings may be chosen, in ascending order.
    public let validation: [Int]
    /// Persons of the final evaluation, in ascending order.
    public let evaluation: [Int]

    /// Divides the persons 0 ..< count at random.
    ///
    /// - Parameters:
    ///   - count: At least 2.
    ///   - trainingShare: Above 0, below 1.
    ///   - validationShare: At least 0.
    ///   - seed: Names the division.
    /// - Throws: `InputError` when a share is out of range, or training or evaluation would be empty.
    public init(
        count: Int,
        trainingShare: Double = 0.6,
        validationShare: Double = 0,
        seed: UInt64
    ) throws(InputError) {
        guard trainingShare > 0, validationShare >= 0, trainingShare + validationShare < 1 else {
            throw InputError(
                .usage,
                "shares of the identities out of range",
                expected: "training above 0, validation at least 0, their sum below 1",
                found: "\(trainingShare) and \(validationShare)"
            )
        }
        let trained = Int((Double(count) * trainingShare).rounded())
        let validated = Int((Double(count) * validationShare).rounded())
        guard count >= 2, trained >= 1, trained + validated < count else {
            throw InputError(
                .usage,
                "too few identities to divide",
                expected: "at least one for training and one for evaluation",
                found: "\(count)"
            )
        }
        var generator = SeededGenerator(seed: seed, stream: 0x5b117)
        let order = generator.permutation(of: count)
        training = order[..<trained].sorted()
        validation = order[trained..<(trained + validated)].sorted()
        evaluation = order[(trained + validated)...].sorted()
    }
}
