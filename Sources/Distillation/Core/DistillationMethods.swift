public import ArtifactFiles

/// All methods, one line each.
public enum DistillationMethods {
    /// The methods in the order of the documentation's table.
    public static let all: [any DistillationMethod.Type] = [
        KnowledgeDistillation.self,
        EmbeddingDistance.self,
        CosineDistance.self,
        TeacherHeadDistillation.self,
        StudentHeadDistillation.self,
        ArcDistillation.self,
        AdaptiveDistillation.self,
        MarginDistillation.self,
        RelationalDistillation.self,
        SimilarityPreserving.self,
        ProbabilisticTransfer.self,
        EvaluationOrientedDistillation.self,
        QueueDistillation.self,
        ContrastiveDistillation.self,
        HintDistillation.self,
        AttentionTransfer.self,
        DecoupledDistillation.self,
        CorrelationMatching.self,
        CorrelationCongruence.self,
        RankDistillation.self,
        GroupedDistillation.self,
        AngularDistillation.self,
        ReusedClassifier.self,
    ]

    /// The method of a name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known names.
    public static func named(_ name: String) throws(InputError) -> any DistillationMethod.Type {
        guard let method = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "distillation method", known: all.map { $0.name })
        }
        return method
    }

    /// A method by its name with a recipe's settings, after a check that the problem has what it needs.
    ///
    /// - Throws: ``InputError`` for an unknown name or key, a setting out of range, or a need that is not met.
    public static func make(
        _ name: String,
        settings: some DistillationSettingsSource,
        problem: DistillationProblem
    ) throws(InputError) -> any DistillationMethod {
        try named(name).make(settings, problem: problem)
    }
}
