import ArtifactFiles
import FaceDiagnosis
import FaceImaging
import FaceProtocols
import Foundation
import SeededRandom
import Testing

/// The sample and its crops.
@Suite struct SampleTests {
    private func protocolValue(people: Int) throws -> VerificationProtocol {
        var builder = ProtocolBuilder(name: "made")
        for person in 0..<people {
            for face in 0..<1 + person % 6 {
                let template = person * 10 + face / 2
                builder.addImage(
                    "\(person)-\(face).jpg",
                    template: template,
                    medium: template,
                    landmarks: [1, 1, 3, 1, 2, 2, 1, 3, 3, 3],
                    detectorScore: 1
                )
                builder.setSubject("p\(person)", ofTemplate: template)
            }
        }
        return try builder.build()
    }

    @Test func isBoundedSeededAndOfPairs() throws {
        let faces = try LabelledFaces(try protocolValue(people: 60), dataFolder: "data")
        for count in [20, 41, 100, 1000] {
            let rows = FaceSample.rows(of: faces, count: count, seed: 7)
            #expect(rows.count <= count)
            #expect(Set(rows).count == rows.count)
            #expect(rows == FaceSample.rows(of: faces, count: count, seed: 7))
            let groups = Dictionary(grouping: rows) { faces.subjects[$0] }
            #expect(groups.values.allSatisfy { $0.count >= 2 })
        }
        #expect(FaceSample.rows(of: faces, count: 40, seed: 1) != FaceSample.rows(of: faces, count: 40, seed: 2))
        // With room for everybody, everybody with two pictures is there.
        let all = FaceSample.rows(of: faces, count: 1000, seed: 1)
        #expect(all.count == faces.count - 10)
    }

    @Test func folderPerIdentity() throws {
        let folder = NSTemporaryDirectory() + "verifar-doctor-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        #expect(throws: InputError.self) { try LabelledFaces(identityFolder: folder) }
        for name in ["b/1.jpg", "b/2.PNG", "b/notes.txt", "a/x.jpeg"] {
            try FileSystem.createFolder(folder + "/" + name.prefix(1))
            try AtomicFile.write("", to: folder + "/" + name)
        }
        try FileSystem.createFolder(folder + "/empty")
        let faces = try LabelledFaces(identityFolder: folder)
        #expect(faces.subjectNames == ["a", "b"])
        #expect(faces.subjects == [0, 1, 1])
        #expect(faces.areAligned)
        #expect(faces.face(2).name == "b/2.PNG")
    }

    /// Moving the landmarks moves the crop by exactly what was asked, seen by its own content.
    @Test func adjustmentsMoveTheCrop() throws {
        let folder = NSTemporaryDirectory() + "verifar-doctor-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder(folder + "/a")
        var picture = RGBImage(width: 112, height: 112, pixels: Array(repeating: 0, count: 112 * 112 * 3))
        for y in 40..<60 {
            for x in 50..<62 { for channel in 0..<3 { picture.pixels[(y * 112 + x) * 3 + channel] = 255 } }
        }
        try AtomicFile.write(try picture.pngData(), to: folder + "/a/1.png")
        let faces = try LabelledFaces(identityFolder: folder)
        func crop(_ adjustment: FaceAdjustment) -> (x: Double, y: Double, mass: Double) {
            let made = AlignedFaces(
                [faces.face(0)],
                preprocessing: .insightface,
                adjustment: adjustment,
                assumedTemplate: "arcface",
                threads: 1
            )
            #expect(made.failures.isEmpty)
            var (x, y, mass) = (0.0, 0.0, 0.0)
            for (place, value) in made.crop(0).enumerated() where place % 3 == 0 {
                x += Double(value) * Double(place / 3 % 112)
                y += Double(value) * Double(place / 3 / 112)
                mass += Double(value)
            }
            return (x / mass, y / mass, mass)
        }
        let still = crop(.none)
        #expect(abs(still.x - 55.5) < 1e-9 && abs(still.y - 49.5) < 1e-9)
        let moved = crop(FaceAdjustment(right: 8, down: -5))
        #expect(abs(moved.x - 63.5) < 0.05 && abs(moved.y - 44.5) < 0.05)
        let grown = crop(FaceAdjustment(scale: 1.25))
        #expect(abs(grown.x - 55.5) < 0.05 && abs(grown.y - (55.5 - 6 * 1.25)) < 0.05)
        #expect(abs(grown.mass / still.mass - 1.5625) < 0.05)
        let both = FaceAdjustment(right: 8).followed(by: FaceAdjustment(down: 3, scale: 0.5))
        #expect(both == FaceAdjustment(right: 4, down: 3, scale: 0.5))
    }
}
