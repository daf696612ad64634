package import ArtifactFiles
package import FaceProtocols
internal import Foundation
internal import SeededRandom

/// Faces whose people are known: a protocol's, or a folder per identity.
package struct LabelledFaces: Sendable {
    /// One face.
    package struct Face: Hashable, Sendable {
        /// Its place in the list: the line of a protocol's image list, from 0.
        package var row: Int
        /// The picture's file.
        package var path: String
        /// The picture itself where it is part of a larger file.
        package var bytes: [UInt8]?
        /// What messages call it.
        package var name: String
        /// Coordinates of 5 or 68 points; nil for a face that is aligned already.
        package var landmarks: [Double]?
        /// The dense index of its subject.
        package var subject: Int
        /// The dense index of its template.
        package var template: Int
        /// The detector's confidence; 1 where there is none.
        package var detectorScore: Double
    }

    /// Each face's dense subject index; negative where no subject is known.
    package let subjects: [Int]
    /// Each face's dense template index.
    package let templates: [Int]
    /// The subjects' names.
    package let subjectNames: [String]
    /// Whether the pictures are aligned faces without landmarks.
    package let areAligned: Bool
    /// What a folder of faces holds besides.
    package private(set) var leftOut = ImageFileNames()
    private let locate: @Sendable (Int) -> Place

    private struct Place {
        var path: String
        var name: String
        var bytes: [UInt8]?
        var landmarks: [Double]?
        var score = 1.0
    }

    /// The number of faces.
    package var count: Int { subjects.count }

    /// A face by its row.
    package func face(_ row: Int) -> Face {
        let place = locate(row)
        return Face(
            row: row,
            path: place.path,
            bytes: place.bytes,
            name: place.name,
            landmarks: place.landmarks,
            subject: subjects[row],
            template: templates[row],
            detectorScore: place.score
        )
    }

    /// The faces of a protocol.
    ///
    /// - Parameters:
    ///   - protocolValue: The protocol.
    ///   - dataFolder: Where its images lie.
    /// - Throws: `InputError` when neither subjects nor genuine comparisons say who is who, or when the file that holds
    ///   all images cannot be opened.
    package init(_ protocolValue: VerificationProtocol, dataFolder: String) throws(InputError) {
        guard let known = protocolValue.subjectsOrImplied() else {
            throw InputError(
                .missing,
                "nothing says which faces are of one person",
                expected: "stated subjects or genuine comparisons"
            )
        }
        let images = protocolValue.images
        templates = images.templates.map { Int($0) }
        subjects = images.templates.map { template in
            let subject = known.indices[Int(template)]
            return subject == TemplateSubjects.none ? -1 : Int(subject)
        }
        subjectNames = known.names
        areAligned = images.landmarksPerFace == 0
        let container = try images.container?.open(dataFolder: dataFolder)
        locate = { row in
            Place(
                path: protocolValue.path(ofImage: row, dataFolder: dataFolder),
                name: images.paths[row],
                bytes: container.flatMap { try? $0.bytes(ofImage: row) },
                landmarks: images.landmarksPerFace > 0 ? images.landmarks(of: row).map(Double.init) : nil,
                score: Double(images.detectorScores[row])
            )
        }
    }

    /// The aligned faces of a folder that holds a folder per identity.
    ///
    /// - Throws: `InputError` (`missing`) without folder or pictures.
    package init(identityFolder root: String) throws(InputError) {
        guard FileSystem.isFolder(root) else { throw InputError(.missing, "no such folder", file: root) }
        var endings = ImageFileNames()
        var names: [String] = []
        var identities: [String] = []
        var subjects: [Int] = []
        for identity in try FileSystem.names(inFolder: root).sorted() {
            let folder = FileSystem.join(root, identity)
            guard FileSystem.isFolder(folder) else { continue }
            let pictures = try FileSystem.names(inFolder: folder).sorted()
                .filter { endings.takes($0, path: FileSystem.join(identity, $0)) }
            guard !pictures.isEmpty else { continue }
            names += pictures.map { FileSystem.join(identity, $0) }
            subjects += pictures.map { _ in identities.count }
            identities.append(identity)
        }
        guard !names.isEmpty else {
            throw InputError(
                .missing,
                "no pictures",
                file: root,
                expected: "a folder for each identity with .jpg or .png files",
                found: endings.summary
            )
        }
        self.init(root: root, names: names, subjects: subjects, subjectNames: identities)
        leftOut = endings
    }

    private init(root: String, names: [String], subjects: [Int], subjectNames: [String]) {
        self.subjects = subjects
        self.subjectNames = subjectNames
        templates = Array(subjects.indices)
        areAligned = true
        locate = { row in Place(path: FileSystem.join(root, names[row]), name: names[row]) }
    }
}

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
