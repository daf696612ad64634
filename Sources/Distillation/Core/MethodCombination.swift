public import ArtifactFiles
public import NeuralGraph
public import NeuralTraining

/// Several methods with weights, added up.
public final class MethodCombination {
    /// A method and its factor.
    public struct Part {
        /// The method.
        public let method: any DistillationMethod
        /// The factor on all its terms.
        public let weight: Float

        /// A part.
        public init(_ method: any DistillationMethod, weight: Float = 1) {
            self.method = method
            self.weight = weight
        }
    }

    /// The methods in order.
    public let parts: [Part]

    /// A combination.
    ///
    /// - Throws: ``InputError`` (`usage`) if a method comes twice: the names of its terms, parameters and state would.
    public init(_ parts: [Part]) throws(InputError) {
        let names = parts.map(\.method.name)
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw InputError(.usage, "a distillation method comes twice", place: "method '\(name)'")
        }
        self.parts = parts
    }

    /// What any of the methods needs.
    public var needs: DistillationNeeds { parts.reduce([]) { $0.union($1.method.needs) } }
    /// Whether one of them stands in place of the student's own classification loss.
    public var replacesClassificationLoss: Bool { parts.contains { $0.method.replacesClassificationLoss } }
    /// Whether one of them makes the teacher's classifier the student's.
    public var reusesTeacherClassifier: Bool { parts.contains { $0.method.reusesTeacherClassifier } }
    /// All extra parameters.
    public var parameters: [ExtraParameter] { parts.flatMap(\.method.parameters) }

    /// All state.
    public var state: [String: Tensor] {
        parts.reduce(into: [:]) { $0.merge($1.method.state) { first, _ in first } }
    }

    /// Puts back what ``state`` gave.
    ///
    /// - Throws: ``InputError`` that names what is missing or misshapen.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        for part in parts { try part.method.restore(state) }
    }

    /// The terms of all methods in order, their weights multiplied by the methods'.
    public func terms(_ context: DistillationContext) throws(InputError) -> [LossTerm] {
        var terms: [LossTerm] = []
        for part in parts {
            for term in try part.method.terms(context) {
                terms.append(LossTerm(term.name, term.value, weight: term.weight * part.weight))
            }
        }
        return terms
    }

    /// Tells all methods that the step was sound.
    public func finishStep(_ context: DistillationContext) {
        for part in parts { part.method.finishStep(context) }
    }
}
