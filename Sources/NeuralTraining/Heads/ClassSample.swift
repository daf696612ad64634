internal import SeededRandom

/// What becomes of classes that a step of a sampled head leaves out.
///
/// Both versions of InsightFace's Partial FC minimise the same; they differ in what the optimiser sees.
public enum PartialFCVersion: Int, Codable, Hashable, Sendable, CaseIterable {
    /// They stay as they are, without decay and with their momentum: partial_fc.py, until 2022. A step costs what the sample
    /// costs.
    case untouched = 1
    /// Their gradient is 0, so that decay and momentum move them: partial_fc_v2.py. A step passes over all class weights.
    case dense = 2
}

/// The classes that take part in one step of a sampled head: those of the batch and a random part of the others.
///
/// An et al., *Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition CNNs by Partial FC*,
/// arXiv 2203.15565. Time and memory depend on the sample, not on the number of classes. The caller gathers the rows
/// ``classes`` of the class weights into a leaf `[classes.count, dimensions]`, gives the head ``labels``, and adds the
/// leaf's gradient to the rows it came from.
///
/// Divergence: the published code ranks a random number for every class; here as many negatives are drawn without
/// replacement from the same uniform distribution.
public struct ClassSample: Hashable, Sendable {
    /// The classes in ascending order, without repetition.
    public let classes: [Int]
    /// Where each face's class stands in ``classes``.
    public let labels: [Int]

    /// Draws the classes of a step.
    ///
    /// - Parameters:
    ///   - labels: The classes of the batch's faces.
    ///   - classCount: The number of classes in all.
    ///   - sampleCount: How many classes take part; all of the batch's do, even if they are more.
    ///   - seed: The run's seed.
    ///   - step: The step's number: the same seed and step give the same sample.
    public init(labels: [Int], classCount: Int, sampleCount: Int, seed: UInt64, step: Int) {
        precondition(labels.allSatisfy { $0 >= 0 && $0 < classCount }, "a label outside 0 ..< \(classCount)")
        let positives = Array(Set(labels)).sorted()
        let negativeCount = max(0, min(sampleCount, classCount) - positives.count)
        var generator = SeededGenerator(seed: seed, stream: 0x5061_7274_6961_6c00 &+ UInt64(truncatingIfNeeded: step))
        let negatives = Self.draw(negativeCount, below: classCount - positives.count, &generator)
        classes = Self.merge(positives, negatives: negatives)
        var places: [Int: Int] = [:]
        for (place, label) in classes.enumerated() { places[label] = place }
        self.labels = labels.map { places[$0] ?? 0 }
    }

    /// `count` different numbers below a bound in ascending order, by Floyd's method.
    private static func draw(_ count: Int, below bound: Int, _ generator: inout SeededGenerator) -> [Int] {
        var drawn = Set<Int>(minimumCapacity: count)
        for last in bound - count..<bound {
            let number = generator.index(below: last + 1)
            drawn.insert(drawn.contains(number) ? last : number)
        }
        return drawn.sorted()
    }

    /// Positives, and negatives that were numbered without counting positives.
    private static func merge(_ positives: [Int], negatives: [Int]) -> [Int] {
        var merged: [Int] = []
        merged.reserveCapacity(positives.count + negatives.count)
        var next = 0
        for negative in negatives {
            // The negative of this rank comes after every positive that lies at or below it.
            while next < positives.count && positives[next] <= negative + next {
                merged.append(positives[next])
                next += 1
            }
            merged.append(negative + next)
        }
        return merged + positives[next...]
    }
}
