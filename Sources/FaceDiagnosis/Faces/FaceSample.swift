internal import SeededRandom

/// A bounded, seeded choice of faces: a few of each of many people.
package enum FaceSample {
    private static let facesPerSubject = [4, 8, 16, 32, 64]

    /// Chooses rows.
    ///
    /// People with at least four pictures come first; of each person, pictures of different templates come first. Where
    /// there are too few people, more pictures of each are taken.
    ///
    /// - Parameters:
    ///   - faces: All faces.
    ///   - count: The most rows.
    ///   - seed: Of the choice.
    /// - Returns: Rows, those of one person together.
    package static func rows(of faces: LabelledFaces, count: Int, seed: UInt64) -> [Int] {
        var rowsBySubject = [[Int]](repeating: [], count: faces.subjectNames.count)
        for (row, subject) in faces.subjects.enumerated() where subject >= 0 { rowsBySubject[subject].append(row) }
        var generator = SeededGenerator(seed: seed, stream: 0x646f63)
        let order = generator.permutation(of: rowsBySubject.count).map { rowsBySubject[$0] }.filter { $0.count >= 2 }
        let choices = order.map { rows in
            let shuffled = generator.permutation(of: rows.count).map { rows[$0] }
            return distinctTemplatesFirst(shuffled, faces.templates)
        }
        var chosen: [Int] = []
        for limit in facesPerSubject {
            // Stable: the random order stays within each number of pictures.
            let ranked = choices.indices.sorted { left, right in
                let (most, least) = (min(limit, choices[left].count), min(limit, choices[right].count))
                return most == least ? left < right : most > least
            }
            chosen = []
            for place in ranked {
                let room = count - chosen.count
                guard room >= 2 else { break }
                chosen += choices[place].prefix(min(limit, room))
            }
            if count - chosen.count < 2 { break }
        }
        return chosen
    }

    private static func distinctTemplatesFirst(_ rows: [Int], _ templates: [Int]) -> [Int] {
        var seen: Set<Int> = []
        var later: [Int] = []
        let first = rows.filter { row in
            if seen.insert(templates[row]).inserted { return true }
            later.append(row)
            return false
        }
        return first + later
    }
}
