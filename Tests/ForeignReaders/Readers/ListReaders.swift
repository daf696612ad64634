internal import ArtifactFiles
internal import FaceEvaluation
internal import FaceImaging
internal import Reporting
internal import VerificationMetrics

/// What `verifar metrics` reads: scores and labels as text, template ids as an array, subjects.
struct ScoreListsReader: ForeignReader {
    var name: String { "score-lists" }
    var dictionary: [[UInt8]] {
        [Parcel.separator]
            + [
                "\r\n", "\n\n", "\u{feff}", "nan", "-inf", "inf", "1e309", "0x1p-3", "-0", "template,subject\n", "\"",
                "4294967296", "'<u4'", "'<i8'", "(3, 2)",
            ]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        let folder = try ScratchFolder()
        let path = FileSystem.join(folder.path, "pairs.npy")
        try NPYFile.write([1, 2, 1, 3, 2, 3] as [UInt32], shape: [3, 2], to: path)
        let pairs = try Seeds.bytes(of: path)
        let text = [
            ("0.9\n-inf\n0.125\n", "1\n0\n0\n", "template,subject\n1,ann\n2,ann\n3,\"bo, b\"\n"),
            ("  1e-3\r\n2\r\n3", "0\r\n1\r\n1\r\n\r\n", "1,a\n2,a\n"),
        ]
        return text.map { Parcel.join([Array($0.0.utf8), Array($0.1.utf8), pairs, Array($0.2.utf8)]) }
            + [Parcel.join(["0.5\n0.25".utf8, "1\n0".utf8].map { Array($0) })]
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let names = ["scores.txt", "labels.txt", "pairs.npy", "subjects.csv"]
        let contents = Parcel.split(bytes, into: names.count)
        let files = try zip(names, contents).map { try folder.write($1, $0) }
        let scores = try ComparisonScores(
            scores: files[0],
            labels: files[1],
            comparisons: contents[2].isEmpty ? nil : files[2],
            subjects: contents[3].isEmpty ? nil : files[3]
        )
        precondition(scores.values.count == scores.labels.count, "a label for each score")
        precondition(scores.labels.allSatisfy { $0 <= 1 }, "a label is 0 or 1")
        precondition(scores.values.count <= bytes.count, "no more scores than bytes")
        let subjects = try scores.comparisonSubjects()
        precondition(subjects.map { $0.count == scores.values.count } ?? true, "two subjects for each comparison")
        // What is written says the same.
        try scores.write(to: folder.path)
        let copy = try ComparisonScores(
            scores: "\(folder.path)/scores.npy",
            labels: "\(folder.path)/labels.npy",
            comparisons: scores.templates.map { _ in "\(folder.path)/comparisons.npy" },
            subjects: scores.subjectNames.map { _ in "\(folder.path)/subjects.csv" }
        )
        precondition(copy.values == scores.values && copy.labels == scores.labels, "scores survive being written")
        precondition(copy.templates == scores.templates, "template ids survive being written")
        precondition(copy.subjectNames == scores.subjectNames, "subjects survive being written")
    }
}

/// What `verifar embed` reads: a list of paths, and landmarks.
struct PictureListReader: ForeignReader {
    var name: String { "picture-list" }
    var dictionary: [[UInt8]] {
        [Parcel.separator]
            + ["a.png", "b/a.png", "\r\n", "\u{feff}", "nan", "1e309", " ", "\t", "\u{2028}"].map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        let points = (0..<10).map { "\($0 * 3 + 20).5" }.joined(separator: " ")
        let many = (0..<136).map { "\($0)" }.joined(separator: " ")
        return ["b/a.png\nc.png\n\0|next|\0a.png \(points)\nc.png \(many) 0.9\n", "a.png\r\n\r\nb.png"]
            .map { Array($0.utf8) }
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let contents = Parcel.split(bytes, into: 2)
        let list = try PictureList(
            images: folder.write(contents[0], "list.txt"),
            landmarks: contents[1].isEmpty ? nil : folder.write(contents[1], "landmarks.txt")
        )
        precondition(!list.paths.isEmpty && list.paths.allSatisfy { !$0.isEmpty }, "a path for each picture")
        precondition(list.landmarks.map { $0.count == list.paths.count } ?? true, "landmarks for each picture")
        precondition(list.landmarks?.allSatisfy(\.areFinite) ?? true, "landmarks are finite")
    }
}

/// Landmarks as other programs write them: lines, CSV, JSON.
struct LandmarkFileReader: ForeignReader {
    var name: String { "landmark-file" }
    var dictionary: [[UInt8]] {
        [
            "path", "left_eye_x", "mouth_right_y", "x1", "y5", "P1X", "keypoints", "landmarks", "kps", "face_1",
            "left_eye", "nose", "width", "height", "\"", "[[", "]]", "{\"", "null", "1e309", "-0", "\\u0000", ";", "\t",
        ]
        .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("FaceImaging/landmarks", endingIn: "") + Seeds.files("Hostile/landmarks", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let file = try LandmarkFile(path: folder.write(bytes, "landmarks"))
        for path in ["a.jpg", "faces/a b.jpg", "ü/é.png", ""] {
            guard let face = try? file.face(of: path) else { continue }
            precondition(face.areFinite, "landmarks are finite")
        }
    }
}
