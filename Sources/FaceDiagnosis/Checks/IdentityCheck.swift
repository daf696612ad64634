/// Two identities that look like one person, and one that looks like several.
package struct IdentityCheck: DoctorCheck {
    package let name = "identities"
    package let question = "Do any two identities look like one person, or one like several?"
    /// With less, faces that look alike say nothing about who they are.
    private static let soundAUC = 0.97

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard let matrix = try examination.matrix(examination.search.best), let separation = Separation(matrix),
            separation.auc >= Self.soundAUC
        else { return DoctorCheckResult("not applicable: the network does not separate well enough to say") }
        let pairs = Self.duplicates(matrix)
        let strays = Self.strays(matrix)
        func subject(_ index: Int) -> String { Words.visible(examination.population.subjectNames[index]) }
        var findings: [DoctorFinding] = []
        if !pairs.isEmpty {
            findings.append(
                DoctorFinding(
                    .warning,
                    check: name,
                    "\(Words.count(pairs.count, "pair")) of identities in the sample look\(pairs.count == 1 ? "s" : "") "
                        + "like one person.",
                    likelihood: 0.5,
                    evidence: pairs.prefix(5)
                        .map {
                            "\(subject($0.first)) and \(subject($0.second)): mean cosine \(Words.number($0.cosine))"
                        },
                    remedy:
                        "Look at their pictures; the same person under two names makes impostor pairs that must fail."
                )
            )
        }
        if !strays.isEmpty {
            findings.append(
                DoctorFinding(
                    .warning,
                    check: name,
                    "\(Words.count(strays.count, "picture")) in the sample look\(strays.count == 1 ? "s" : "") like "
                        + "somebody else than the other pictures of that identity.",
                    likelihood: 0.4,
                    evidence: strays.prefix(5)
                        .map {
                            "\(Words.visible(examination.faces[$0.face].name)) of \(subject(matrix.subjects[$0.face])): mean "
                                + "cosine with the others \(Words.number($0.cosine))"
                        },
                    remedy: "Look at them: a wrong label, another face in the picture, or a very hard photograph."
                )
            )
        }
        let summary =
            "\(Words.count(pairs.count, "pair")) of identities alike, \(Words.count(strays.count, "picture")) unlike their "
            + "identity"
        return DoctorCheckResult(summary, findings)
    }

    /// Pairs of subjects whose pictures are as alike as one person's, the most alike first.
    package static func duplicates(_ matrix: SimilarityMatrix) -> [(first: Int, second: Int, cosine: Double)] {
        let scores = matrix.scores()
        let genuine = scores.genuine.sorted()
        guard let usual = genuine.isEmpty ? nil : genuine[genuine.count / 4] else { return [] }
        let impostor = Moments(scores.impostor)
        let limit = max(Double(usual), impostor.mean + 4 * impostor.variance.squareRoot())
        let groups = Dictionary(grouping: matrix.subjects.indices.filter { matrix.subjects[$0] >= 0 }) {
            matrix.subjects[$0]
        }
        let subjects = groups.keys.sorted()
        var found: [(first: Int, second: Int, cosine: Double)] = []
        for (place, first) in subjects.enumerated() {
            for second in subjects[(place + 1)...] {
                let (left, right) = (groups[first] ?? [], groups[second] ?? [])
                let sum = left.reduce(0.0) { sum, face in
                    right.reduce(sum) { $0 + Double(matrix.cosine(face, $1)) }
                }
                let mean = sum / Double(left.count * right.count)
                if mean >= limit { found.append((first, second, mean)) }
            }
        }
        return found.sorted { $0.cosine > $1.cosine }
    }

    /// Faces that are as far from the others of their subject as strangers are, the farthest first.
    package static func strays(_ matrix: SimilarityMatrix) -> [(face: Int, cosine: Double)] {
        let impostor = Moments(matrix.scores().impostor)
        let limit = impostor.mean + 1.5 * impostor.variance.squareRoot()
        var found: [(face: Int, cosine: Double)] = []
        for face in 0..<matrix.count where matrix.subjects[face] >= 0 {
            let others = (0..<matrix.count).filter { $0 != face && matrix.subjects[$0] == matrix.subjects[face] }
            guard others.count >= 2 else { continue }
            let mean = others.reduce(0.0) { $0 + Double(matrix.cosine(face, $1)) } / Double(others.count)
            if mean < limit { found.append((face, mean)) }
        }
        return found.sorted { $0.cosine < $1.cosine }
    }
}
