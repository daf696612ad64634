internal import NeuralGraph
public import NeuralTraining
internal import SeededRandom

/// A trained linear map from the student's embeddings to the teacher's length, for recipes that ask for it.
///
/// It stands between the student and the methods only: classifier and evaluation see the embeddings as they are.
public struct EmbeddingProjector: Sendable {
    /// The parameter's name in run states.
    public static let parameterName = "projector.weight"
    /// `[teacher, student]`; uniform within ±√(1 / student), as PyTorch's `Linear`.
    public let parameter: ExtraParameter

    /// A projector for embeddings of two lengths.
    public init(studentDimensions: Int, teacherDimensions: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed, stream: 0x5072_6f6a)
        let shape = [teacherDimensions, studentDimensions]
        parameter = ExtraParameter(
            Self.parameterName,
            role: .linearWeight,
            initial: Tensor(uniform: shape, bound: 1 / Float(studentDimensions).squareRoot(), &generator)
        )
    }

    /// The projected embeddings, `[batch, teacher]`.
    ///
    /// - Parameters:
    ///   - embeddings: `[batch, student]`.
    ///   - weight: The parameter on the tape.
    public func project(_ embeddings: TapeValue, weight: TapeValue) -> TapeValue {
        embeddings.times(transposed: weight)
    }
}

extension Tensor {
    /// Numbers spread evenly over −bound … bound.
    init(uniform shape: [Int], bound: Float, _ generator: inout SeededGenerator) {
        let values = (0..<shape.reduce(1, *)).map { _ in bound * Float(generator.uniform(-1, 1)) }
        self.init(shape: shape, values: values)
    }
}
