internal import FaceEvaluation

/// Whether pictures of one person, as the labels have it, are pictures of one person, as the network has it.
///
/// A trained network leaves a tail in the cosines of all pairs, far above the bulk: pairs of the same person. Where that
/// tail is there and the labels call its pairs strangers, the labels are wrong, not the network.
package struct LabelCheck: DoctorCheck {
    package let name = "labels"
    package let question = "Do the labels (image rows, templates, subjects) belong to the pictures?"

    /// What was measured.
    package struct Evidence: Hashable, Sendable {
        /// AUC by the labels.
        package var auc: Double
        /// Pairs far above the bulk of all pairs.
        package var tailCount: Int
        /// The share of these that the labels call one person.
        package var agreement: Double
        /// The cosine above which they lie.
        package var threshold: Double
        /// AUC of pairs within a template against pairs of different subjects; nil with too few.
        package var withinTemplateAUC: Double?
        /// The share of the pairs that the labels call one person which lie in the tail.
        package var genuineInTail: Double
        /// The share of them below the median of strangers' pairs: half of those that are strangers.
        package var genuineBelowStrangers: Double
        /// Effective dimensions of the embeddings.
        package var effectiveDimensions: Double

        /// Creates evidence.
        package init(
            auc: Double,
            tailCount: Int,
            agreement: Double,
            threshold: Double,
            withinTemplateAUC: Double? = nil,
            genuineInTail: Double,
            genuineBelowStrangers: Double,
            effectiveDimensions: Double
        ) {
            self.auc = auc
            self.tailCount = tailCount
            self.agreement = agreement
            self.threshold = threshold
            self.withinTemplateAUC = withinTemplateAUC
            self.genuineInTail = genuineInTail
            self.genuineBelowStrangers = genuineBelowStrangers
            self.effectiveDimensions = effectiveDimensions
        }

        /// The share of the labels' pairs that are of strangers, if the network is sound.
        package var wrongShare: Double { min(1, 2 * genuineBelowStrangers) }

        /// Whether the labels' pairs fall apart in two: such as the network knows well, and such as are like strangers.
        ///
        /// A weak network or hard pictures leave most of them in between.
        var fallsApart: Bool {
            wrongShare >= 0.15 && genuineInTail >= 0.2 && genuineInTail + wrongShare >= 0.7
        }
    }

    /// Robust standard deviations above the median where the tail begins.
    private static let tailStart = 5.0
    private static let smallestTail = 12

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard let embeddings = examination.embeddings(examination.search.best),
            let separation = try examination.separation(examination.search.best)
        else { return DoctorCheckResult("not applicable: no usable output") }
        let matrix = SimilarityMatrix(
            embeddings.values,
            isPresent: embeddings.isEmbedded,
            subjects: examination.subjects,
            isCentred: true
        )
        let evidence = Self.evidence(
            matrix,
            templates: examination.faces.map(\.template),
            auc: separation.auc,
            effectiveDimensions: OutputCheck.effectiveDimensions(embeddings.values, embeddings.isEmbedded)
        )
        let summary =
            evidence.tailCount == 0
            ? "no pair stands out from the bulk"
            : "\(Words.count(evidence.tailCount, "pair")) far more alike than the rest; the labels call "
                + "\(Words.percent(evidence.agreement)) of them one person"
        let hasWrongCrops = examination.findings.contains { $0.kind == .culprit && $0.check.hasPrefix("landmark") }
        return DoctorCheckResult(summary, hasWrongCrops ? [] : findings(evidence))
    }

    /// Judges the evidence.
    package func findings(_ evidence: Evidence) -> [DoctorFinding] {
        // Faces that fill few dimensions are alike for reasons other than the person.
        guard evidence.tailCount >= Self.smallestTail, evidence.effectiveDimensions >= 8 else { return [] }
        let areShuffled = evidence.agreement < 0.8 && evidence.auc < 0.8
        guard areShuffled || evidence.fallsApart || evidence.agreement < 0.8 else { return [] }
        let numbers = [
            "\(evidence.tailCount) pairs have a cosine above \(Words.number(evidence.threshold)), far from the rest, as two "
                + "pictures of one person have; the labels call \(Words.percent(evidence.agreement)) of them one person",
            "of the pairs that the labels call one person \(Words.percent(evidence.genuineInTail)) are among them, about "
                + "\(Words.percent(evidence.wrongShare)) are like strangers",
            "AUC by the labels \(Words.number(evidence.auc, 3)) (0.5 is chance)",
        ]
        guard areShuffled || evidence.fallsApart else {
            return [
                DoctorFinding(
                    .warning,
                    check: name,
                    "Some labels look wrong: pictures of one person carry different identities.",
                    likelihood: 0.5,
                    evidence: numbers,
                    remedy: "Look at the double identities and at the hardest impostor pairs of `verifar evaluate`."
                )
            ]
        }
        return [culprit(evidence, numbers, areAll: areShuffled && evidence.auc < 0.65)]
    }

    private func culprit(_ evidence: Evidence, _ numbers: [String], areAll: Bool) -> DoctorFinding {
        let templatesHold = (evidence.withinTemplateAUC ?? 0) > 0.9
        let title =
            switch (templatesHold, areAll) {
            case (true, _):
                "The templates are right, but the subjects or pair labels do not belong to them."
            case (false, true):
                "The labels do not belong to the pictures: the rows of the image list (template ids) are shuffled against "
                    + "the images."
            case (false, false):
                "Many labels do not belong to their pictures: part of the image list (template ids), the pairs or the "
                    + "subjects is shuffled."
            }
        var evidenceLines = numbers
        if let auc = evidence.withinTemplateAUC {
            evidenceLines.append("AUC of pairs within a template \(Words.number(auc, 3))")
        }
        return DoctorFinding(
            .culprit,
            check: name,
            title,
            likelihood: areAll ? 0.97 : 0.88,
            evidence: evidenceLines,
            remedy: templatesHold
                ? "Check the file of pairs and subjects.csv against the image list: the same template ids, the same release."
                : "Write the image list again from its source: name, template and medium of each line belong together; then "
                    + "check the pairs and subjects."
        )
    }

    /// Measures the tail.
    ///
    /// - Parameters:
    ///   - matrix: Cosines of centred embeddings.
    ///   - templates: Each face's template.
    ///   - auc: By the labels.
    ///   - effectiveDimensions: Of the embeddings.
    package static func evidence(
        _ matrix: SimilarityMatrix,
        templates: [Int],
        auc: Double,
        effectiveDimensions: Double
    ) -> Evidence {
        var pairs: [(cosine: Float, isGenuine: Bool)] = []
        var (within, impostor): ([Float], [Float]) = ([], [])
        for first in 0..<matrix.count where matrix.subjects[first] >= 0 {
            for second in first + 1..<max(first + 1, matrix.count) where matrix.subjects[second] >= 0 {
                let cosine = matrix.cosine(first, second)
                let isGenuine = matrix.subjects[first] == matrix.subjects[second]
                pairs.append((cosine, isGenuine))
                if !isGenuine { impostor.append(cosine) }
                if templates[first] == templates[second] { within.append(cosine) }
            }
        }
        impostor.sort()
        let sorted = pairs.map(\.cosine).sorted()
        guard let median = sorted.isEmpty ? nil : sorted[sorted.count / 2] else {
            return Evidence(
                auc: auc,
                tailCount: 0,
                agreement: 0,
                threshold: 0,
                genuineInTail: 0,
                genuineBelowStrangers: 0,
                effectiveDimensions: 0
            )
        }
        let deviations = sorted.map { abs($0 - median) }.sorted()
        let spread = max(1e-6, 1.4826 * Double(deviations[deviations.count / 2]))
        let threshold = Double(median) + tailStart * spread
        let tail = pairs.filter { Double($0.cosine) > threshold }
        let genuine = pairs.filter(\.isGenuine)
        let strangers = impostor.isEmpty ? median : impostor[impostor.count / 2]
        func share(_ count: Int) -> Double { genuine.isEmpty ? 0 : Double(count) / Double(genuine.count) }
        return Evidence(
            auc: auc,
            tailCount: tail.count,
            agreement: tail.isEmpty ? 0 : Double(tail.count { $0.isGenuine }) / Double(tail.count),
            threshold: threshold,
            withinTemplateAUC: within.count >= 15 ? Separation(genuine: within, impostor: impostor)?.auc : nil,
            genuineInTail: share(tail.count { $0.isGenuine }),
            genuineBelowStrangers: share(genuine.count { $0.cosine < strangers }),
            effectiveDimensions: effectiveDimensions
        )
    }
}
