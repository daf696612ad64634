/// Which subjects each comparison compares: what the bootstrap resamples.
public struct ComparisonSubjects: Sendable {
    /// The first template of each comparison.
    public let firstTemplate: [UInt32]
    /// The second template of each comparison.
    public let secondTemplate: [UInt32]
    /// The subject of each template.
    public let subjectOfTemplate: [UInt32]

    /// Subjects by way of templates.
    ///
    /// - Parameters:
    ///   - firstTemplate: The index of the first template, one per comparison.
    ///   - secondTemplate: The index of the second template, one per comparison.
    ///   - subjectOfTemplate: A subject number for each template; any numbers.
    /// - Throws: ``MetricsError`` (`countMismatch`, `indexOutOfRange`).
    public init(
        firstTemplate: [UInt32],
        secondTemplate: [UInt32],
        subjectOfTemplate: [UInt32]
    ) throws(MetricsError) {
        guard firstTemplate.count == secondTemplate.count else {
            throw MetricsError(
                .countMismatch,
                "\(firstTemplate.count) first templates but \(secondTemplate.count) second templates"
            )
        }
        for templates in [firstTemplate, secondTemplate] {
            guard let largest = templates.max(), Int(largest) >= subjectOfTemplate.count else { continue }
            throw MetricsError(
                .indexOutOfRange,
                "template index \(largest), but there are \(subjectOfTemplate.count) templates",
                index: templates.firstIndex(of: largest)
            )
        }
        self.firstTemplate = firstTemplate
        self.secondTemplate = secondTemplate
        self.subjectOfTemplate = subjectOfTemplate
    }

    /// How many comparisons there are.
    public var count: Int { firstTemplate.count }

    /// How many subjects occur in some comparison.
    public var subjectCount: Int { SubjectNumbering(self).count }

    /// How many distinct pairs of subjects the impostor comparisons compare.
    ///
    /// - Parameter labels: 1 for genuine, 0 for impostor.
    public func impostorPairCount(labels: [UInt8]) -> Int {
        guard labels.count == count else { return 0 }
        return PairCounts(subjects: self, labels: labels, numbering: SubjectNumbering(self)).counts.count
    }

    /// The two subjects of a comparison.
    public func subjects(of comparison: Int) -> (first: UInt32, second: UInt32) {
        (
            subjectOfTemplate[Int(firstTemplate[comparison])],
            subjectOfTemplate[Int(secondTemplate[comparison])]
        )
    }

    /// How many comparisons contradict their label: a genuine one of two subjects, an impostor one of a single subject.
    ///
    /// - Parameter labels: 1 for genuine, 0 for impostor, one per comparison.
    public func contradictions(labels: [UInt8]) -> (genuine: Int, impostor: Int) {
        precondition(labels.count == count, "there must be one label per comparison")
        var genuine = 0
        var impostor = 0
        for index in labels.indices {
            let subjects = subjects(of: index)
            let isOne = subjects.first == subjects.second
            if labels[index] == 1 && !isOne { genuine += 1 }
            if labels[index] == 0 && isOne { impostor += 1 }
        }
        return (genuine, impostor)
    }

    /// Subjects found from the comparisons themselves: templates joined by genuine comparisons are one subject's.
    ///
    /// A template without a genuine comparison is a subject of its own. Where an impostor comparison joins two
    /// templates of one such subject, ``contradictions(labels:)`` counts it.
    ///
    /// - Parameters:
    ///   - firstTemplate: The index of the first template, one per comparison.
    ///   - secondTemplate: The index of the second template, one per comparison.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - templateCount: How many templates there are.
    /// - Throws: ``MetricsError`` (`countMismatch`, `indexOutOfRange`).
    public init(
        firstTemplate: [UInt32],
        secondTemplate: [UInt32],
        labels: [UInt8],
        templateCount: Int
    ) throws(MetricsError) {
        guard labels.count == firstTemplate.count else {
            throw MetricsError(.countMismatch, "\(firstTemplate.count) comparisons but \(labels.count) labels")
        }
        // Checks the indices with a placeholder for the subjects.
        try self.init(
            firstTemplate: firstTemplate,
            secondTemplate: secondTemplate,
            subjectOfTemplate: [UInt32](repeating: 0, count: templateCount)
        )
        var forest = DisjointSets(count: templateCount)
        for (index, label) in labels.enumerated() where label == 1 {
            forest.join(firstTemplate[index], secondTemplate[index])
        }
        self = try ComparisonSubjects(
            firstTemplate: firstTemplate,
            secondTemplate: secondTemplate,
            subjectOfTemplate: forest.numbered()
        )
    }
}

/// Union–find with path halving; the smaller index is the root, so that nothing depends on the order of joins.
private struct DisjointSets {
    private var parent: [UInt32]

    init(count: Int) { parent = (0..<UInt32(count)).map { $0 } }

    mutating func join(_ first: UInt32, _ second: UInt32) {
        let roots = (root(of: first), root(of: second))
        parent[Int(max(roots.0, roots.1))] = min(roots.0, roots.1)
    }

    /// The set of each element, numbered from 0 by their smallest elements.
    mutating func numbered() -> [UInt32] {
        var numbers = [UInt32](repeating: 0, count: parent.count)
        var next: UInt32 = 0
        for element in parent.indices {
            let root = Int(root(of: UInt32(element)))
            if root == element {
                numbers[element] = next
                next += 1
            } else {
                numbers[element] = numbers[root]
            }
        }
        return numbers
    }

    private mutating func root(of element: UInt32) -> UInt32 {
        var current = element
        while parent[Int(current)] != current {
            parent[Int(current)] = parent[Int(parent[Int(current)])]
            current = parent[Int(current)]
        }
        return current
    }
}

/// The subjects that occur in some comparison, numbered densely in ascending order of their numbers.
///
/// So neither the order of the comparisons nor a subject without any changes what a seed draws.
struct SubjectNumbering {
    /// The dense number of each template's subject.
    private let numberOfTemplate: [UInt32]
    /// How many subjects occur.
    let count: Int

    init(_ subjects: ComparisonSubjects) {
        var occurs = [Bool](repeating: false, count: subjects.subjectOfTemplate.count)
        for templates in [subjects.firstTemplate, subjects.secondTemplate] {
            for template in templates { occurs[Int(template)] = true }
        }
        let occurring = Set(zip(subjects.subjectOfTemplate, occurs).lazy.filter(\.1).map(\.0)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: zip(occurring, 0..<UInt32(occurring.count)))
        numberOfTemplate = subjects.subjectOfTemplate.map { numbers[$0] ?? 0 }
        count = occurring.count
    }

    /// The rows of ``ReplicateWeights`` whose product is a comparison's weight, the smaller first.
    ///
    /// w_a·w_b between two subjects; w_a alone within one.
    @inline(__always)
    func rows(_ firstTemplate: UInt32, _ secondTemplate: UInt32) -> (first: UInt32, second: UInt32) {
        let first = numberOfTemplate[Int(firstTemplate)]
        let second = numberOfTemplate[Int(secondTemplate)]
        if first == second { return (first, UInt32(truncatingIfNeeded: count)) }
        return first < second ? (first, second) : (second, first)
    }
}
