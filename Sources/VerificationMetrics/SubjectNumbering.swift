internal import LargeArrays

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
            templates.forEachBlock { _, block in
                for template in block { occurs[Int(template)] = true }
            }
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
