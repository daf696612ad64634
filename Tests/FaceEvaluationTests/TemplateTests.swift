import FaceEvaluation
import FaceProtocols
import SeededRandom
import Testing

/// Aggregation and comparison against a plain transcription of their definitions.
@Suite struct TemplateTests {
    /// A random protocol with repeated media, and random embeddings for it.
    struct RandomCase {
        var value: VerificationProtocol
        var embeddings: ImageEmbeddings
        var templateOf: [Int]
        var mediumOf: [Int]
        var scores: [Float]

        init(seed: UInt64, images: Int, templates: Int, dimensions: Int, comparisons: Int) throws {
            var random = SeededGenerator(seed: seed)
            var builder = ProtocolBuilder(name: "random")
            templateOf = []
            mediumOf = []
            scores = []
            for image in 0..<images {
                // Ids with gaps, out of order; every template gets an image.
                let template = 3 * (image < templates ? image : random.index(below: templates)) + 1
                let medium = 100 * template + random.index(below: 3)
                let score = Float(random.uniform(0.2, 1))
                builder.addImage(
                    "\(image).jpg",
                    template: template,
                    medium: medium,
                    landmarks: [Float](repeating: 1, count: 10),
                    detectorScore: score
                )
                templateOf.append(template)
                mediumOf.append(medium)
                scores.append(score)
            }
            for _ in 0..<comparisons {
                let first = 3 * random.index(below: templates) + 1
                let second = 3 * random.index(below: templates) + 1
                builder.addComparison(first, second, isGenuine: random.index(below: 5) == 0)
            }
            value = try builder.build()
            embeddings = ImageEmbeddings(
                values: (0..<images * 2 * dimensions).map { _ in Float(random.normal()) },
                viewCount: 2,
                dimensions: dimensions
            )
        }

        /// InsightFace's `image2template_feature` and what precedes it, in Double.
        func template(_ id: Int, _ policy: EvaluationPolicy) -> [Double] {
            let size = embeddings.dimensions
            var media: [Int: [[Double]]] = [:]
            for image in templateOf.indices where templateOf[image] == id {
                let start = image * 2 * size
                let upright = embeddings.values[start..<start + size].map(Double.init)
                let mirrored = embeddings.values[start + size..<start + 2 * size].map(Double.init)
                var vector: [Double] =
                    switch policy.flip {
                    case .sum: zip(upright, mirrored).map(+)
                    case .concat: upright + mirrored
                    case .off: upright
                    }
                if policy.norm == .unit { vector = Self.unit(vector) }
                if policy.detectorScore == .on { vector = vector.map { $0 * Double(scores[image]) } }
                media[mediumOf[image], default: []].append(vector)
            }
            var sum = [Double](repeating: 0, count: policy.flip == .concat ? 2 * size : size)
            for vectors in media.values {
                let divisor = policy.aggregate == .mediaMean ? Double(vectors.count) : 1
                for vector in vectors { for axis in sum.indices { sum[axis] += vector[axis] / divisor } }
            }
            return Self.unit(sum)
        }

        private static func unit(_ vector: [Double]) -> [Double] {
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return vector.map { $0 / norm }
        }
    }

    static let policies: [EvaluationPolicy] =
        EvaluationPolicy.commonModes + [
            EvaluationPolicy(flip: .concat), EvaluationPolicy(aggregate: .imageSum),
        ]

    @Test(arguments: policies) func aggregationFollowsItsDefinition(_ policy: EvaluationPolicy) throws {
        let random = try RandomCase(seed: 5, images: 90, templates: 17, dimensions: 24, comparisons: 10)
        for threads in [1, 3] {
            let templates = TemplateEmbeddings(random.embeddings, of: random.value, policy: policy, threads: threads)
            #expect(templates.failureCount == 0)
            for (row, id) in random.value.templates.ids.enumerated() {
                let expected = random.template(id, policy)
                #expect(expected.count == templates.dimensions)
                for axis in expected.indices {
                    let found = Double(templates.values[row * templates.dimensions + axis])
                    #expect(abs(found - expected[axis]) < 1e-6)
                }
            }
        }
    }

    /// A long list is read out of a matrix product, a short one computed pair by pair.
    @Test(arguments: [5, 40, 3_000]) func scoresAreCosines(_ count: Int) throws {
        let random = try RandomCase(seed: 8, images: 400, templates: 130, dimensions: 37, comparisons: count)
        let policy = EvaluationPolicy()
        let templates = TemplateEmbeddings(random.embeddings, of: random.value, policy: policy)
        let comparisons = random.value.comparisons
        let scores = TemplateComparison.scores(of: comparisons, templates: templates, threads: 2)
        #expect(scores == TemplateComparison.scores(of: comparisons, templates: templates, threads: 1))
        for index in 0..<count {
            let first = random.template(random.value.templates.ids[Int(comparisons.first[index])], policy)
            let second = random.template(random.value.templates.ids[Int(comparisons.second[index])], policy)
            let cosine = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(Double(scores[index]) - cosine) < 1e-6)
        }
    }

    @Test func theCommonSettingComesFirst() {
        #expect(EvaluationPolicy.commonModes.first == EvaluationPolicy())
        #expect(Set(EvaluationPolicy.commonModes).count == 8)
    }

    @Test func failedImagesAndTemplatesCount() throws {
        var builder = ProtocolBuilder(name: "failures")
        for image in 0..<4 {
            builder.addImage(
                "\(image).jpg",
                template: image / 2,
                medium: image,
                landmarks: [Float](repeating: 0, count: 10),
                detectorScore: 1
            )
        }
        builder.addComparison(0, 1, isGenuine: true)
        builder.addComparison(0, 0, isGenuine: true)
        let value = try builder.build()
        var embeddings = ImageEmbeddings(imageCount: 4, dimensions: 2, viewCount: 1)
        let policy = EvaluationPolicy(flip: .off)
        let none = TemplateEmbeddings(embeddings, of: value, policy: policy)
        #expect(none.failureCount == 2)
        #expect(!none.values.contains { $0.isNaN })
        embeddings.set([3, 4], image: 1)
        let one = TemplateEmbeddings(embeddings, of: value, policy: policy)
        #expect(one.isEnrolled == [true, false])
        #expect(one.values == [0.6, 0.8, 0, 0])
        let scores = TemplateComparison.scores(of: value.comparisons, templates: one)
        #expect(scores == [TemplateComparison.rejected, 1])
    }
}
