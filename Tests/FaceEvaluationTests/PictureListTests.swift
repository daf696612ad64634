import ArtifactFiles
import FaceEvaluation
import FaceImaging
import Foundation
import Testing

/// What `verifar embed` is told to embed.
@Suite struct PictureListTests {
    private static let points = "30 30 60 30 45 45 33 60 57 60"

    private func list(_ paths: String, _ landmarks: String? = nil) throws -> PictureList {
        let folder = NSTemporaryDirectory() + "/" + UUID().uuidString
        try FileSystem.createFolder(folder)
        defer { FileSystem.remove(folder) }
        try AtomicFile.write(paths, to: folder + "/list.txt")
        if let landmarks { try AtomicFile.write(landmarks, to: folder + "/points.txt") }
        return try PictureList(images: folder + "/list.txt", landmarks: landmarks.map { _ in folder + "/points.txt" })
    }

    @Test func blankLinesAndCarriageReturnsAreNoPaths() throws {
        let list = try list("\u{feff}a b.png\r\n\r\n  \nc/d.jpg\n")
        #expect(list.paths == ["a b.png", "c/d.jpg"] && list.landmarks == nil)
    }

    @Test func landmarksAreFoundByPathOrName() throws {
        let list = try list(
            "x/a.png\ny/b.png\n",
            "\u{feff}b.png \(Self.points) 0.9\n\nx/a.png 1 \(Self.points.dropFirst(3))\n"
        )
        #expect(list.landmarks?.map(\.leftEye.x) == [1, 30])
    }

    /// What a protocol reads of the same lines.
    @Test func coordinatesAreInSinglePrecisionAsInProtocols() throws {
        let text = (0..<10).map { "\(30 + $0).123456789" }.joined(separator: " ")
        let face = try #require(try list("a.png\n", "a.png \(text)\n").landmarks?.first)
        let expected = (0..<10).map { Double(Float("\(30 + $0).123456789") ?? 0) }
        #expect(face.points.flatMap { [$0.x, $0.y] } == expected)
        #expect(throws: InputError.self) { try list("a.png\n", "a.png 1e39 \(Self.points.dropFirst(3))\n") }
    }

    @Test(arguments: [
        ("a.png \(Self.points)\n\na.png \(Self.points)\n", "line 3"), ("a.png 1 2 3\n", "line 1"),
        ("a.png nan \(Self.points.dropFirst(3))\n", "not a finite number"), ("b.png \(Self.points)\n", "'a.png'"),
        ("a.png \(Self.points) junk\n", "'junk'"),
        ("a.png \(Self.points)\0\n", "not a finite number"),
    ])
    func otherLandmarksAreRefused(_ text: String, _ expected: String) {
        let error = #expect(throws: InputError.self) { try list("a.png\n", text) }
        #expect(error?.description.contains(expected) == true, "\(error as Any)")
    }

    @Test func aListOfNothingIsRefused() {
        let error = #expect(throws: InputError.self) { try list("\n \n") }
        #expect(error?.code == .missing)
    }
}
