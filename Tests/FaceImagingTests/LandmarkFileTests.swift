import ArtifactFiles
import FaceImaging
import Foundation
import TestSupport
import Testing

@Suite("Landmarks from other programs")
struct LandmarkFileTests {
    /// What every fixture of `Scripts/oracles/landmark_files.py` says.
    static let points = [30.5, 40.25, 70.75, 42.5, 52, 61.5, 35.25, 80, 66.5, 82.75]
    static let line = points.map { "\($0)" }.joined(separator: " ")

    static func coordinates(_ face: FaceLandmarks) -> [Double] { face.points.flatMap { [$0.x, $0.y] } }

    static func file(_ text: String) throws -> LandmarkFile {
        let folder = try FaceExtractorTests.Folder()
        try AtomicFile.write(text, to: folder.path + "/landmarks")
        return try LandmarkFile(path: folder.path + "/landmarks")
    }

    static func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    static let fixtures = try? FileSystem.names(inFolder: Fixture.path("FaceImaging/landmarks"))

    @Test("Every form gives the same points, whatever its path is called", arguments: fixtures ?? [])
    func forms(name: String) throws {
        let file = try LandmarkFile(path: Fixture.path("FaceImaging/landmarks/" + name))
        let paths =
            name == "celeba.txt" ? ["a.jpg", "/data/a.jpg"] : ["faces/a b.jpg", "a b.jpg", "/data/faces/a b.jpg"]
        for path in paths {
            let found = try Self.coordinates(file.face(of: path))
            for (one, other) in zip(found, Self.points) { #expect(abs(one - other) < 1e-9, "\(path): \(found)") }
        }
        #expect(throws: InputError.self) { try file.face(of: "none.jpg") }
    }

    @Test("All forms are there")
    func count() { #expect(Self.fixtures?.count == 19) }

    @Test("Letters that are composed differently are the same path")
    func unicode() throws {
        let file = try LandmarkFile(path: Fixture.path("FaceImaging/landmarks/lines.txt"))
        #expect(try Self.coordinates(file.face(of: "u\u{308}/e\u{301}.png")) == Self.points)
    }

    @Test("Another person's image of the same name is not taken")
    func otherFolders() throws {
        let file = try Self.file("anna/1.jpg \(Self.line)\nben/2.jpg \(Self.line)\nben/1.jpg \(Self.line)\n")
        #expect(Self.message { _ = try file.face(of: "carl/1.jpg") }.contains("no landmarks for 'carl/1.jpg'"))
        #expect(Self.message { _ = try file.face(of: "1.jpg") }.contains("several landmarks fit '1.jpg'"))
        #expect(try Self.coordinates(file.face(of: "data/ben/2.jpg")) == Self.points)
        #expect(try Self.coordinates(file.face(of: "2.jpg")) == Self.points)
        #expect(Self.message { _ = try file.face(of: "2.png") }.contains("no landmarks"))
    }

    @Test("Named sides are those of the image, whichever a program means and however the faces are turned")
    func sides() throws {
        let names = ["left_eye", "right_eye", "nose", "mouth_left", "mouth_right"]
        for isPersonsOwn in [false, true] {
            for angle in [0.0, 1.2, 2.9, -2] {
                let face = FaceLandmarks.placed(x: 200, y: 200, scale: 1, angle: angle)
                let order = isPersonsOwn ? [1, 0, 2, 4, 3] : [0, 1, 2, 3, 4]
                let named = zip(names, order)
                    .map { "\"\($0)\": [\(face.points[$1].x), \(face.points[$1].y)]" }
                    .joined(separator: ", ")
                let file = try Self.file(
                    "{\"a.jpg\": {\"landmarks\": {\(named)}}, \"b.jpg\": {\"kps\": [[9,9],[3,3],[4,5],[9,9],[2,8]]}}"
                )
                let found = try Self.coordinates(file.face(of: "a.jpg"))
                // In single precision, as protocols hold landmarks.
                for (one, other) in zip(found, Self.coordinates(face)) { #expect(one == Double(Float(other))) }
                // An order is taken as it is.
                #expect(try file.face(of: "b.jpg").leftEye == SIMD2(9, 9))
            }
        }
    }

    @Test(
        "What is wrong is named, with its place",
        arguments: [
            ("deep.json", "not JSON"), ("deep-object.json", "nested too deeply"),
            ("several.json", "'a.jpg': several faces in one image"), ("infinite.json", "landmarks"),
            ("shares-without-size.json", "its size is not stated"), ("booleans.json", "landmarks"),
            ("open-quote.csv", "line 2: a quotation mark that is not closed"),
            ("twice.txt", "line 2: a second face for this image"),
            ("name-and-number.txt", "line 1: it is not clear where the path ends"),
        ]
    )
    func hostile(name: String, expected: String) {
        let text = Self.message { _ = try LandmarkFile(path: Fixture.path("Hostile/landmarks/" + name)) }
        #expect(text.contains(expected) && text.contains(name), "\(text)")
    }

    @Test("A file without faces is read, and says so when asked")
    func empty() throws {
        for name in ["header-alone.csv", "count-alone.txt"] {
            let file = try LandmarkFile(path: Fixture.path("Hostile/landmarks/" + name))
            #expect(Self.message { _ = try file.face(of: "a.jpg") }.contains("0 faces"))
        }
    }
}
