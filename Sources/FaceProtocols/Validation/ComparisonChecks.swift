/// Checks of the comparisons among themselves and against the subjects.
struct ComparisonChecks {
    let value: VerificationProtocol
    let origins: ProtocolOrigins
    let workers: Int

    private var comparisons: Comparisons { value.comparisons }

    func run(_ findings: inout FindingList) {
        guard comparisons.count > 0 else {
            if value.searches.isEmpty {
                findings.add(.noComparisons, at: .init(origins.comparisons), "the file lists no comparison")
            }
            return
        }
        if comparisons.genuineCount == 0 || comparisons.impostorCount == 0 {
            findings.add(
                .singleLabel,
                at: .init(origins.comparisons),
                "all comparisons are \(comparisons.genuineCount == 0 ? "impostor" : "genuine") ones; no rate is defined"
            )
        }
        checkUse(&findings)
        RepeatedComparison.forEach(in: comparisons, templateCount: value.templates.count) { report($0, &findings) }
        if let subjects = value.subjects {
            checkSubjects(subjects, &findings)
        } else if let implied = value.subjectsOrImplied() {
            checkImplied(implied, &findings)
        }
    }

    private func id(_ template: UInt32) -> Int { value.templates.ids[Int(template)] }

    private func checkUse(_ findings: inout FindingList) {
        var isUsed = [Bool](repeating: false, count: value.templates.count)
        for template in comparisons.first { isUsed[Int(template)] = true }
        for template in comparisons.second { isUsed[Int(template)] = true }
        let unused = isUsed.count { !$0 }
        if unused > 0, value.searches.isEmpty {
            findings.add(
                .unusedTemplate,
                at: .init(origins.comparisons),
                "templates that are in no comparison: \(unused)"
            )
        }
        guard let subjects = value.subjects else { return }
        for template in isUsed.indices where isUsed[template] && subjects.indices[template] == TemplateSubjects.none {
            findings.add(
                .missingSubject,
                at: .init(origins.subjects),
                "template \(value.templates.ids[template]) is compared and has no subject"
            )
        }
    }

    private func report(_ repeated: RepeatedComparison, _ findings: inout FindingList) {
        let comparison = repeated.comparison
        let first = comparisons.first[comparison]
        let label = comparisons.labels[comparison]
        guard let earlier = repeated.earlier else {
            let kind: ProtocolFinding.Kind = label == 1 ? .selfComparison : .contradictoryLabel
            findings.add(
                kind,
                at: origins.place(ofComparison: comparison),
                "template \(id(first)) is compared with itself\(label == 1 ? "" : " as an impostor")"
            )
            return
        }
        let pair = "templates \(id(first)) and \(id(comparisons.second[comparison]))"
        if comparisons.labels[earlier] != label {
            findings.add(
                .contradictoryLabel,
                at: origins.place(ofComparison: comparison),
                "\(pair) are labelled \(label) here and \(comparisons.labels[earlier]) in line \(origins.firstComparisonLine + earlier)"
            )
        } else {
            let order = comparisons.first[earlier] == first ? "" : ", in the other order"
            findings.add(
                .duplicateComparison,
                at: origins.place(ofComparison: comparison),
                "\(pair) are already compared in line \(origins.firstComparisonLine + earlier)\(order); both count"
            )
        }
    }

    private func checkSubjects(_ subjects: TemplateSubjects, _ findings: inout FindingList) {
        forEachComparison(group: subjects.indices) { comparison, isOneSubject, isGenuine in
            guard isOneSubject != isGenuine else { return }
            let (first, second) = (comparisons.first[comparison], comparisons.second[comparison])
            let (left, right) = (subjects.indices[Int(first)], subjects.indices[Int(second)])
            // A template without a subject has a finding of its own.
            guard left != TemplateSubjects.none, right != TemplateSubjects.none else { return }
            let names =
                isOneSubject
                ? "'\(subjects.names[Int(left)])'"
                : "'\(subjects.names[Int(left)])' and '\(subjects.names[Int(right)])'"
            findings.add(
                .subjectDisagreement,
                at: origins.place(ofComparison: comparison),
                "the label disagrees with \(origins.subjects ?? "the subjects")",
                expected: "\(isOneSubject ? 1 : 0), templates \(id(first)) and \(id(second)) being of \(names)",
                found: "\(isGenuine ? 1 : 0)"
            )
        }
    }

    private func checkImplied(_ subjects: TemplateSubjects, _ findings: inout FindingList) {
        forEachComparison(group: subjects.indices) { comparison, isOneSubject, isGenuine in
            // Genuine comparisons lie within a component by construction; self comparisons are reported as such.
            guard isOneSubject, !isGenuine, comparisons.first[comparison] != comparisons.second[comparison] else {
                return
            }
            let (first, second) = (id(comparisons.first[comparison]), id(comparisons.second[comparison]))
            findings.add(
                .impliedContradiction,
                at: origins.place(ofComparison: comparison),
                "templates \(first) and \(second) are labelled 0, yet genuine comparisons connect them"
            )
        }
    }

    /// Visits all comparisons: whether the two templates are of one group, and whether the label says so.
    private func forEachComparison(group: [UInt32], _ body: (Int, Bool, Bool) -> Void) {
        for index in comparisons.labels.indices {
            let isOne = group[Int(comparisons.first[index])] == group[Int(comparisons.second[index])]
            let isGenuine = comparisons.labels[index] == 1
            if isOne || isGenuine { body(index, isOne, isGenuine) }
        }
    }
}

/// A comparison that occurs twice, in either order, or one of a template with itself.
package struct RepeatedComparison {
    package let comparison: Int
    /// The first comparison of the same two templates; nil for a template with itself.
    package let earlier: Int?

    /// Up to here a bit for each pair of templates takes 64 MiB; IJB-C needs 32.
    private static let bitmapTemplateLimit = 32_768

    /// Visits all of them, grouped by the smaller template and in file order within a group.
    ///
    /// In each group the larger template is stamped with the comparison that first named it. Near linear time for any
    /// number of templates.
    package static func forEach(
        in comparisons: Comparisons,
        templateCount: Int,
        _ body: (RepeatedComparison) -> Void
    ) {
        guard mayExist(in: comparisons, templateCount: templateCount) else { return }
        let (first, second) = (comparisons.first, comparisons.second)
        let groups = ComparisonGroups(count: comparisons.count, groupCount: templateCount) { comparison in
            Int(min(first[comparison], second[comparison]))
        }
        var earliest = [Int](repeating: -1, count: templateCount)
        for smaller in 0..<templateCount {
            groups.forEach(in: smaller) { comparison in
                let larger = Int(max(first[comparison], second[comparison]))
                if larger == smaller { body(RepeatedComparison(comparison: comparison, earlier: nil)) }
                // A stamp is of this group when its comparison has this smaller template.
                let stamp = earliest[larger]
                if stamp >= 0, Int(min(first[stamp], second[stamp])) == smaller {
                    if larger != smaller { body(RepeatedComparison(comparison: comparison, earlier: stamp)) }
                } else {
                    earliest[larger] = comparison
                }
            }
        }
    }

    /// Whether there may be any: exact where there are few enough templates for a bit per pair, else true.
    private static func mayExist(in comparisons: Comparisons, templateCount: Int) -> Bool {
        guard templateCount <= bitmapTemplateLimit else { return true }
        let pairCount = templateCount * (templateCount + 1) / 2
        var words = [UInt64](repeating: 0, count: pairCount / 64 + 1)
        return words.withUnsafeMutableBufferPointer { words in
            var found = false
            for (first, second) in zip(comparisons.first, comparisons.second) {
                let larger = Int(max(first, second))
                let bit = larger &* (larger &+ 1) / 2 &+ Int(min(first, second))
                let mask: UInt64 = 1 << UInt64(bit & 63)
                let word = words[bit >> 6]
                found = found || word & mask != 0 || first == second
                words[bit >> 6] = word | mask
            }
            return found
        }
    }
}
