import ArtifactFiles
import FaceImaging
import Foundation
import Synchronization
import SyntheticFaces
import Testing

@Suite("Synthetic faces are the same bytes everywhere")
struct DeterminismTests {
    private static let fixture: URL = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return URL(fileURLWithPath: "/" + parts.joined(separator: "/") + "/Fixtures/SyntheticFaces/digests.txt")
    }()

    /// Renders that between them use every model: frames, occluders, hats, beards, long hair, every strength.
    private static func digests() throws -> [String] {
        var lines: [String] = []
        for (size, strength) in [(64, "easy"), (112, "standard"), (160, "hard")] {
            let renderer = try Faces.renderer(size)
            for index in 0..<12 {
                let person = SyntheticIdentity(seed: 2026, index: index)
                let photograph = SyntheticPhotograph(
                    seed: UInt64(index) &* 977,
                    frame: index % 3,
                    strength: try .named(strength)
                )
                let face = renderer.render(person, photograph)
                let digest = ContentDigest(of: face.image.pixels)
                let corners = face.landmarks.points.flatMap { [$0.x.bitPattern, $0.y.bitPattern] }
                let folded = corners.reduce(face.score.bitPattern) { ($0 &* 31) ^ $1 }
                lines.append("\(size) \(strength) \(index) \(digest) \(String(folded, radix: 16))")
            }
        }
        let jpeg = try Faces.renderer(112).render(SyntheticIdentity(seed: 1, index: 2), Faces.neutral())
            .image.jpegData(quality: 85)
        return lines + ["112 jpeg 2 \(ContentDigest(of: jpeg))"]
    }

    @Test("renders, and a JPEG of one, have the recorded digests")
    func goldenDigests() throws {
        let lines = try Self.digests()
        if ProcessInfo.processInfo.environment["VERIFAR_RECORD_GOLDENS"] != nil {
            try (lines.joined(separator: "\n") + "\n").write(to: Self.fixture, atomically: true, encoding: .utf8)
            Issue.record("recorded new digests; run again without VERIFAR_RECORD_GOLDENS")
            return
        }
        let recorded = try String(contentsOf: Self.fixture, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines == recorded)
    }

    @Test("a picture does not depend on what was rendered before")
    func noMemory() throws {
        let used = try Faces.renderer()
        for index in 0..<6 {
            let person = SyntheticIdentity(seed: 8, index: index / 2)
            let photograph = SyntheticPhotograph(seed: UInt64(index), strength: .hard)
            let fresh = try Faces.renderer().render(person, photograph)
            #expect(used.render(person, photograph) == fresh)
        }
        let first = SyntheticPhotograph(seed: 0, strength: .hard)
        let again = used.render(SyntheticIdentity(seed: 8, index: 0), first)
        #expect(try again == Faces.renderer().render(SyntheticIdentity(seed: 8, index: 0), first))
    }

    @Test("several workers give what one gives")
    func parallelEqualsSerial() throws {
        let population = try Faces.population()
        let plan = try SyntheticTrainingPlan(population: population, identities: [4, 1, 9, 12], imagesPerIdentity: 18)
        let shots = plan.items.map { $0.shot }
        let faces = population.render(shots, workers: 3) { _, face in face }
        let renderer = SyntheticFaceRenderer(settings: population.settings)
        #expect(faces.count == shots.count)
        for (index, shot) in shots.enumerated() {
            #expect(faces[index] == population.render(shot, with: renderer), "shot \(index)")
        }
    }

    @Test("an error of the receiver stops the rendering")
    func receiverThrows() throws {
        struct Full: Error {}
        let population = try Faces.population()
        let shots = (0..<200).map { SyntheticShot(identity: 0, photographSeed: UInt64($0)) }
        let rendered = Mutex(0)
        #expect(throws: Full.self) {
            _ = try population.render(shots, workers: 2) { index, _ in
                rendered.withLock { $0 += 1 }
                if index == 5 { throw Full() }
            }
        }
        #expect(rendered.withLock { $0 } < shots.count)
    }
}
