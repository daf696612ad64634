package import FaceEvaluation
package import FaceProtocols
package import Reporting
internal import VerificationMetrics

/// The templates and scores that a policy makes of a protocol's embeddings.
package struct PolicyScores {
    package let policy: EvaluationPolicy
    package let templates: TemplateEmbeddings
    /// One for each comparison.
    package let scores: [Float]

    package init(
        _ policy: EvaluationPolicy,
        _ embeddings: ImageEmbeddings,
        of protocolValue: VerificationProtocol,
        threads: Int
    ) {
        self.policy = policy
        templates = TemplateEmbeddings(embeddings, of: protocolValue, policy: policy, threads: threads)
        scores = TemplateComparison.scores(of: protocolValue.comparisons, templates: templates, threads: threads)
    }
}

/// A policy's scores and what they come to.
struct PolicyRun {
    let scored: PolicyScores
    let measurement: VerificationMeasurement

    init(
        _ scored: PolicyScores,
        labels: [UInt8],
        subjects: ComparisonSubjects?,
        options: VerificationMeasurement.Options
    ) throws {
        self.scored = scored
        let scores = scored.scores
        guard scored.policy.failures == .exclude, scored.templates.failureCount > 0 else {
            measurement = try VerificationMeasurement(
                scores: .single(scores),
                labels: labels,
                subjects: subjects,
                options: options
            )
            return
        }
        func kept<Element>(_ column: [Element]) -> [Element] {
            zip(column, scores).compactMap { $1 == TemplateComparison.rejected ? nil : $0 }
        }
        measurement = try VerificationMeasurement(
            scores: .single(kept(scores)),
            labels: kept(labels),
            subjects: try subjects.map { subjects in
                try ComparisonSubjects(
                    firstTemplate: kept(subjects.firstTemplate),
                    secondTemplate: kept(subjects.secondTemplate),
                    subjectOfTemplate: subjects.subjectOfTemplate
                )
            },
            options: options
        )
    }
}

extension VerificationProtocol {
    /// Whom each comparison compares.
    func comparisonSubjects(_ subjects: TemplateSubjects) throws(MetricsError) -> ComparisonSubjects {
        // A template without a stated subject is a subject of its own.
        var next = UInt32(subjects.count)
        let indices = subjects.indices.map { index in
            guard index == TemplateSubjects.none else { return index }
            defer { next += 1 }
            return next
        }
        return try ComparisonSubjects(
            firstTemplate: comparisons.first,
            secondTemplate: comparisons.second,
            subjectOfTemplate: indices
        )
    }
}

extension FoldedSummary {
    /// The accuracy of a set of pairs over its folds: with and without flip, by exact thresholds and by InsightFace's grid.
    ///
    /// Nil for a protocol without folds.
    package init?(
        _ embeddings: ImageEmbeddings,
        of protocolValue: VerificationProtocol,
        policy: EvaluationPolicy,
        threads: Int
    ) throws {
        let comparisons = protocolValue.comparisons
        guard comparisons.folds.count > 1 else { return nil }
        var foldOfPair = [Int](repeating: 0, count: comparisons.count)
        for (fold, range) in comparisons.folds.enumerated() {
            for pair in range { foldOfPair[pair] = fold }
        }
        let folds = try Folds(foldOfPair: foldOfPair)
        let target = try FARTarget("1e-3")
        var rows: [FoldedSummary.Row] = []
        for flip in [EvaluationPolicy.Flip.sum, .off] {
            var policy = policy
            policy.flip = flip
            let scores = PolicyScores(policy, embeddings, of: protocolValue, threads: threads).scores.map(Double.init)
            for (rule, candidates) in [
                (FoldedSummary.Row.grid, FoldedVerification.squaredDistanceGrid), (FoldedSummary.Row.exact, nil),
            ] {
                let measured = try FoldedVerification(
                    scores: scores,
                    labels: Array(comparisons.labels),
                    folds: folds,
                    farTarget: target,
                    candidates: candidates
                )
                rows.append(FoldedSummary.Row(flip: flip.rawValue, rule: rule, measured: measured))
            }
        }
        self.init(folds: folds.count, pairs: comparisons.count, farTarget: target.value, rows: rows)
    }
}

extension IdentificationSummary {
    /// Rates of a protocol's searches; nil when it has none.
    init?(
        _ protocolValue: VerificationProtocol,
        _ templates: TemplateEmbeddings,
        bootstrap: SubjectBootstrap?,
        threads: Int
    ) throws {
        guard !protocolValue.searches.isEmpty, let subjects = protocolValue.subjects else { return nil }
        let results = try protocolValue.searches.map { search in
            let result = try IdentificationRun.result(
                of: search,
                templates: templates,
                subjects: subjects.indices,
                threads: threads
            )
            let people = Set(search.gallery.map { subjects.indices[Int($0)] }).count
            return (name: search.name, templates: search.gallery.count, subjects: people, result: result)
        }
        self.init(results, targets: try ["0.01", "0.1"].map { try FARTarget($0) }, bootstrap: bootstrap)
    }
}
