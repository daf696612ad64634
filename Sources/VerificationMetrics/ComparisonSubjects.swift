public import LargeArrays

/// Which subjects each comparison compares: what the bootstrap resamples.
public struct ComparisonSubjects: Sendable {
    /// The first template of each comparison.
    public let firstTemplate: LargeArray<UInt32>
    /// The second template of each comparison.
    public let secondTemplate: LargeArray<UInt32>
    /// The subject of each template.
    public let subjectOfTemplate: [UInt32]

    /// Subjects by way of templates.
    ///
    /// Large arrays are shared, not copied.
    ///
    /// - Parameters:
    ///   - firstTemplate: The index of the first template, one per comparison.
    ///   - secondTemplate: The index of the second template, one per comparison.
    ///   - subjectOfTemplate: A subject number for each template; any numbers.
    /// - Throws: ``MetricsError`` (`countMismatch`, `indexOutOfRange`).
    public init(
        firstTemplate: some Collection<UInt32>,
        secondTemplate: some Collection<UInt32>,
        subjectOfTemplate: [UInt32]
    ) throws(MetricsError) {
        guard firstTemplate.count == secondTemplate.count else {
            throw MetricsError(
                .countMismatch,
                "\(firstTemplate.count) first templates but \(secondTemplate.count) second templates"
            )
        }
        let columns = (LargeArray(firstTemplate), LargeArray(secondTemplate))
        for templates in [columns.0, columns.1] {
            var largest: UInt32 = 0
            templates.forEachBlock { _, block in largest = max(largest, block.max() ?? 0) }
            guard !templates.isEmpty, Int(largest) >= subjectOfTemplate.count else { continue }
            throw MetricsError(
                .indexOutOfRange,
                "template index \(largest), but there are \(subjectOfTemplate.count) templates",
                index: templates.firstIndex(of: largest)
            )
        }
        self.firstTemplate = columns.0
        self.secondTemplate = columns.1
        self.subjectOfTemplate = subjectOfTemplate
    }

    /// How many comparisons there are.
    public var count: Int { firstTemplate.count }

    /// How many subjects occur in some comparison.
    public var subjectCount: Int { SubjectNumbering(self).count }

    /// How many distinct pairs of subjects the impostor comparisons compare.
    ///
    /// - Parameter labels: 1 for genuine, 0 for impostor.
    public func impostorPairCount(labels: LargeArray<UInt8>) -> Int {
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
    public func contradictions(labels: some Collection<UInt8>) -> (genuine: Int, impostor: Int) {
        precondition(labels.count == count, "there must be one label per comparison")
        var genuine = 0
        var impostor = 0
        // A block at a time: element by element IJB-C's 15.7 million comparisons would take five seconds.
        firstTemplate.forEachBlock(with: secondTemplate, LargeArray(labels)) { _, first, second, labels in
            for index in labels.indices {
                let isOne = subjectOfTemplate[Int(first[index])] == subjectOfTemplate[Int(second[index])]
                if labels[index] == 1 && !isOne { genuine += 1 }
                if labels[index] == 0 && isOne { impostor += 1 }
            }
        }
        return (genuine, impostor)
    }

    /// Lets the system have the memory of templates that lie in a file.
    func giveBack() {
        firstTemplate.giveBack(0..<count)
        secondTemplate.giveBack(0..<count)
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
        firstTemplate: some Collection<UInt32>,
        secondTemplate: some Collection<UInt32>,
        labels: some Collection<UInt8>,
        templateCount: Int
    ) throws(MetricsError) {
        guard labels.count == firstTemplate.count else {
            throw MetricsError(.countMismatch, "\(firstTemplate.count) comparisons but \(labels.count) labels")
        }
        let columns = (LargeArray(firstTemplate), LargeArray(secondTemplate))
        // Checks the indices with a placeholder for the subjects.
        try self.init(
            firstTemplate: columns.0,
            secondTemplate: columns.1,
            subjectOfTemplate: [UInt32](repeating: 0, count: templateCount)
        )
        var forest = DisjointSets(count: templateCount)
        for (index, label) in labels.enumerated() where label == 1 {
            forest.join(columns.0[index], columns.1[index])
        }
        self = try ComparisonSubjects(
            firstTemplate: columns.0,
            secondTemplate: columns.1,
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
