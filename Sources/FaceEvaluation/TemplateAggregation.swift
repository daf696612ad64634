public import FaceProtocols
internal import Parallelism

/// The templates of a protocol: one unit vector each.
public struct TemplateEmbeddings: Sendable {
    /// Length of a vector.
    public let dimensions: Int
    /// `[templates, dimensions]`; zeros for a failure to enrol.
    public let values: [Float]
    /// Whether at least one image of the template was embedded.
    public let isEnrolled: [Bool]

    /// The number of templates.
    public var count: Int { isEnrolled.count }
    /// How many have no embedded image.
    public var failureCount: Int { isEnrolled.reduce(0) { $0 + ($1 ? 0 : 1) } }

    /// Brings image embeddings together.
    ///
    /// As InsightFace's `image2template_feature`: embeddings after flip fusion, norm policy and detector weight are
    /// averaged within each medium, summed over media and made a unit vector. Sums are in Double. A vector of zeros
    /// stays one.
    ///
    /// - Parameters:
    ///   - embeddings: The images' embeddings, in the protocol's order.
    ///   - protocolValue: Which image belongs to which template and medium.
    ///   - policy: The choices.
    ///   - threads: Threads to use; the result does not depend on them.
    public init(
        _ embeddings: ImageEmbeddings,
        of protocolValue: VerificationProtocol,
        policy: EvaluationPolicy,
        threads: Int = 1
    ) {
        precondition(embeddings.imageCount == protocolValue.images.count)
        precondition(policy.flip == .off || embeddings.viewCount == 2, "flip needs the mirrored faces' embeddings")
        let count = protocolValue.templates.count
        let dimensions = policy.flip == .concat ? 2 * embeddings.dimensions : embeddings.dimensions
        self.dimensions = dimensions
        var isEnrolled = [Bool](repeating: false, count: count)
        values = [Float](unsafeUninitializedCapacity: count * dimensions) { values, initialized in
            values.initialize(repeating: 0)
            isEnrolled.withUnsafeMutableBufferPointer { enrolled in
                let target = Target(values: values, isEnrolled: enrolled)
                // A few parts per thread even out templates of different sizes.
                let parts = max(1, min(count, 8 * threads))
                ThreadPool(threads)
                    .run(parts) { part in
                        var worker = Aggregator(embeddings, protocolValue, policy, dimensions)
                        for template in part * count / parts..<(part + 1) * count / parts {
                            target.store(worker.aggregate(template), template, dimensions)
                        }
                    }
            }
            initialized = count * dimensions
        }
        self.isEnrolled = isEnrolled
    }

    /// Memory that threads write disjoint parts of.
    ///
    /// `@unchecked Sendable`: every template is written by exactly one thread, and the memory outlives them all.
    private struct Target: @unchecked Sendable {
        let values: UnsafeMutableBufferPointer<Float>
        let isEnrolled: UnsafeMutableBufferPointer<Bool>

        func store(_ vector: [Double]?, _ template: Int, _ dimensions: Int) {
            guard let vector else { return }
            isEnrolled[template] = true
            for index in 0..<dimensions { values[template * dimensions + index] = Float(vector[index]) }
        }
    }
}

/// One thread's sums.
private struct Aggregator {
    private let embeddings: ImageEmbeddings
    private let images: FaceImages
    private let templates: Templates
    private let policy: EvaluationPolicy
    private var image: [Double]
    private var medium: [Double]
    private var template: [Double]

    init(
        _ embeddings: ImageEmbeddings,
        _ protocolValue: VerificationProtocol,
        _ policy: EvaluationPolicy,
        _ dimensions: Int
    ) {
        self.embeddings = embeddings
        images = protocolValue.images
        templates = protocolValue.templates
        self.policy = policy
        image = [Double](repeating: 0, count: dimensions)
        medium = image
        template = image
    }

    /// The template's unit vector, or nil when no image was embedded.
    mutating func aggregate(_ index: Int) -> [Double]? {
        for axis in template.indices { template[axis] = 0 }
        var isEnrolled = false
        // A template's images come ordered by medium.
        let members = templates.images(of: index)
        var position = members.startIndex
        while position < members.endIndex {
            let medium = images.media[Int(members[position])]
            var end = position
            var embedded = 0
            clearMedium()
            while end < members.endIndex && images.media[Int(members[end])] == medium {
                let image = Int(members[end])
                if embeddings.isEmbedded[image] {
                    add(image)
                    embedded += 1
                }
                end += 1
            }
            position = end
            guard embedded > 0 else { continue }
            isEnrolled = true
            let weight = policy.aggregate == .mediaMean ? 1 / Double(embedded) : 1
            for axis in template.indices { template[axis] += self.medium[axis] * weight }
        }
        guard isEnrolled else { return nil }
        let norm = template.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if norm > 0 { for axis in template.indices { template[axis] /= norm } }
        return template
    }

    private mutating func clearMedium() { for axis in medium.indices { medium[axis] = 0 } }

    private mutating func add(_ index: Int) {
        let size = embeddings.dimensions
        let start = index * embeddings.imageSize
        let weight = policy.detectorScore == .on ? Double(images.detectorScores[index]) : 1
        embeddings.values.withUnsafeBufferPointer { values in
            for axis in 0..<size { image[axis] = Double(values[start + axis]) }
            if policy.flip == .sum {
                for axis in 0..<size { image[axis] += Double(values[start + size + axis]) }
            } else if policy.flip == .concat {
                for axis in 0..<size { image[size + axis] = Double(values[start + size + axis]) }
            }
        }
        var factor = weight
        if policy.norm == .unit {
            let norm = image.reduce(0) { $0 + $1 * $1 }.squareRoot()
            factor = norm > 0 ? weight / norm : 0
        }
        for axis in medium.indices { medium[axis] += image[axis] * factor }
    }
}
