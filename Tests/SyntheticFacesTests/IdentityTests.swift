import ArtifactFiles
import FaceImaging
import Foundation
import SyntheticFaces
import Testing

@Suite("Synthetic identities")
struct IdentityTests {
    @Test("an identity depends on seed and index alone, and no two are alike")
    func distinct() {
        let people = (0..<400).map { SyntheticIdentity(seed: 1, index: $0) }
        #expect(Set(people.map { $0.traits }).count == people.count)
        #expect(people[17] == SyntheticIdentity(seed: 1, index: 17))
        #expect(people[17].traits != SyntheticIdentity(seed: 2, index: 17).traits)
        #expect(SyntheticIdentity(seed: 1, index: -3) != SyntheticIdentity(seed: 1, index: 3))
    }

    @Test("traits stay in the range of the living")
    func ranges() {
        for index in 0..<1500 {
            let traits = SyntheticIdentity(seed: 4, index: index, diversity: index % 2 == 0 ? 1 : 1.5).traits
            let checks = [
                (2.3...4.1).contains(traits.eyes.halfDistance),
                traits.eyes.upperLid > 0.25 && traits.eyes.lowerLid > 0.1 && traits.eyes.halfLength > 0.9,
                traits.eyes.halfDistance - traits.eyes.halfLength > 0.4,
                traits.nose.tipY < -1.2 && traits.nose.wingHalfWidth > 1.1 && traits.nose.tipHeight > 0.6,
                traits.nose.tipRadius > 0.3 && traits.nose.bridgeWidth >= 0.5,
                traits.mouth.y < traits.nose.tipY - 1.9,
                traits.mouth.halfWidth > 1.3 && traits.mouth.upperLip >= 0.22 && traits.mouth.lowerLip >= 0.35,
                (0...1).contains(traits.skin.melanin),
                traits.hair.color.min() >= 0 && traits.hair.color.max() <= 1,
                traits.brows.thickness > 0 && traits.brows.inner < traits.brows.outer,
            ]
            if checks.contains(false) { Issue.record("identity \(index): \(checks)") }
        }
    }

    @Test("less diversity brings people closer together")
    func diversity() {
        func spread(_ diversity: Double) -> Float {
            let values = (0..<200)
                .map {
                    SyntheticIdentity(seed: 1, index: $0, diversity: diversity).traits.eyes.halfDistance
                }
            let mean = values.reduce(0, +) / 200
            return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
        #expect(spread(0.5) < 0.4 * spread(1))
        #expect(spread(1) < 0.7 * spread(1.5))
    }

    @Test("rendering under any nuisance leaves the identity as it was")
    func nuisanceLeavesIdentity() throws {
        let person = SyntheticIdentity(seed: 1, index: 5)
        let traits = person.traits
        let renderer = try Faces.renderer(48)
        for seed in 0..<40 {
            _ = renderer.render(person, SyntheticPhotograph(seed: UInt64(seed), strength: .hard))
        }
        #expect(person.traits == traits)
        #expect(person == SyntheticIdentity(seed: 1, index: 5))
    }

    @Test("two pictures of one person are more alike than pictures of two, and not alike at once")
    func identityIsVisible() throws {
        let easy = try separation(.easy)
        let hard = try separation(.hard)
        #expect(easy > 0.7, "area under the curve \(easy)")
        #expect(hard > 0.52 && hard < 0.9, "area under the curve \(hard)")
        #expect(easy > hard + 0.05)
    }

    /// How often pictures of one person are nearer than pictures of two, by plain aligned pixels.
    private func separation(_ strength: NuisanceStrength) throws -> Double {
        let renderer = try Faces.renderer(64)
        var features: [[Double]] = []
        for person in 0..<24 {
            for shot in 0..<3 {
                let photograph = SyntheticPhotograph(seed: UInt64(person * 100 + shot), strength: strength)
                let face = renderer.render(SyntheticIdentity(seed: 11, index: person), photograph)
                features.append(Self.descriptor(face))
            }
        }
        var genuine: [Double] = []
        var impostor: [Double] = []
        for one in features.indices {
            for other in features.indices where one < other {
                let score = zip(features[one], features[other]).reduce(0) { $0 + $1.0 * $1.1 }
                if one / 3 == other / 3 { genuine.append(score) } else { impostor.append(score) }
            }
        }
        let wins = genuine.reduce(0.0) { sum, score in sum + Double(impostor.count { $0 < score }) }
        return wins / Double(genuine.count * impostor.count)
    }

    /// Colours on a grid that follows the eyes and the mouth, centred and scaled to unit length.
    private static func descriptor(_ face: SyntheticFace) -> [Double] {
        let marks = face.landmarks
        let eyes = (marks.leftEye + marks.rightEye) / 2
        let mouth = (marks.leftMouth + marks.rightMouth) / 2
        let down = mouth - eyes
        let across = SIMD2(down.y, -down.x)
        var values: [Double] = []
        for row in 0..<12 {
            for column in 0..<10 {
                let place = eyes + down * (Double(row) / 6 - 0.6) + across * ((Double(column) - 4.5) / 5.5)
                let x = min(63, max(0, Int(place.x.rounded())))
                let y = min(63, max(0, Int(place.y.rounded())))
                for channel in 0..<3 { values.append(Double(face.image.pixels[(y * 64 + x) * 3 + channel])) }
            }
        }
        let mean = values.reduce(0, +) / Double(values.count)
        let centred = values.map { $0 - mean }
        let norm = centred.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return centred.map { $0 / max(norm, 1e-9) }
    }
}
