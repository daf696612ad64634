import ArtifactFiles
import FaceImaging
import Foundation
import SyntheticFaces
import Testing

@Suite("Synthetic photographs")
struct PhotographTests {
    @Test("a photograph depends on seed, frame and strength alone")
    func reproducible() {
        let one = SyntheticPhotograph(seed: 9, frame: 2, strength: .standard)
        #expect(one == SyntheticPhotograph(seed: 9, frame: 2, strength: .standard))
        #expect(one != SyntheticPhotograph(seed: 9, frame: 1, strength: .standard))
        #expect(one != SyntheticPhotograph(seed: 10, frame: 2, strength: .standard))
        #expect(one != SyntheticPhotograph(seed: 9, frame: 2, strength: .hard))
    }

    @Test("draws keep to the stated bounds", arguments: ["easy", "standard", "hard"])
    func bounds(name: String) throws {
        let strength = try NuisanceStrength.named(name)
        var occluded = 0
        var turned = 0
        let count = 3000
        for seed in 0..<count {
            let photograph = SyntheticPhotograph(seed: UInt64(seed), frame: seed % 4, strength: strength)
            let checks = [
                abs(photograph.yawDegrees) <= strength.yawDegrees + 1e-3,
                abs(photograph.pitchDegrees) <= strength.pitchDegrees + 12,
                (20...95).contains(photograph.jpegQuality),
                photograph.expression.closure.min() > -0.2 && photograph.expression.closure.max() < 1.2,
                (0...2).contains(photograph.expression.mouthOpen),
                photograph.finish.reduction >= 1 && photograph.finish.noise >= 0,
                photograph.light.key.min() > 0 && photograph.light.sky.min() > 0 && photograph.light.ground.min() > 0,
            ]
            if checks.contains(false) { Issue.record("photograph \(seed): \(checks)") }
            if photograph.isOccluded { occluded += 1 }
            if abs(photograph.yawDegrees) > strength.yawDegrees * 0.6 { turned += 1 }
        }
        let share = Double(occluded) / Double(count)
        #expect(abs(share - strength.occlusion) < 0.025)
        #expect(Double(turned) / Double(count) > 0.15)
    }

    @Test("frames of a video are more alike than photographs, and share clothes and light")
    func videos() throws {
        let renderer = try Faces.renderer(64)
        let person = SyntheticIdentity(seed: 1, index: 3)
        var within = 0.0
        var between = 0.0
        for seed in 0..<12 {
            let still = SyntheticPhotograph(seed: UInt64(seed), strength: .hard)
            let frame = SyntheticPhotograph(seed: UInt64(seed), frame: 1, strength: .hard)
            let other = SyntheticPhotograph(seed: UInt64(seed + 100), strength: .hard)
            #expect(frame.appearance == still.appearance)
            #expect(frame.light == still.light)
            #expect(frame.view != still.view)
            let image = renderer.render(person, still).image
            within += Faces.difference(image, renderer.render(person, frame).image).reduce(0, +)
            between += Faces.difference(image, renderer.render(person, other).image).reduce(0, +)
        }
        #expect(within < 0.6 * between)
        #expect(within > 0)
    }

    @Test("detectors are surer of frontal, sharp, bare faces")
    func scores() throws {
        let renderer = try Faces.renderer(48)
        let person = SyntheticIdentity(seed: 1, index: 0)
        func score(_ change: (inout SyntheticPhotograph) -> Void) -> Double {
            renderer.render(person, Faces.neutral(change)).score
        }
        let plain = score { _ in }
        #expect(plain > 0.98)
        #expect(score { $0.view.yaw = 1 } < plain - 0.03)
        #expect(score { $0.finish.defocus = 2.5 } < plain - 0.03)
        #expect(score { $0.appearance.covering = .mask } < plain - 0.03)
        #expect(score { $0.finish.reduction = 3 } < plain - 0.03)
        for seed in 0..<300 {
            let score = renderer.render(person, SyntheticPhotograph(seed: UInt64(seed), strength: .hard)).score
            #expect(score >= 0.3 && score < 1)
        }
    }

    @Test("every covering, glasses and hats change the picture, and no landmark", arguments: Covering.allCases)
    func coverings(covering: Covering) throws {
        let renderer = try Faces.renderer(64)
        let person = SyntheticIdentity(seed: 1, index: 8)
        let plain = renderer.render(person, Faces.neutral())
        let changed = renderer.render(
            person,
            Faces.neutral {
                $0.appearance.covering = covering
                $0.appearance.glasses = covering == .none
                $0.appearance.hat = covering == .mask
            }
        )
        #expect(changed.landmarks == plain.landmarks)
        #expect(Faces.difference(plain.image, changed.image).count { $0 > 30 } > 40)
    }

    @Test("no pose, light or strength leaves an empty or uniform picture")
    func neverEmpty() throws {
        let renderer = try Faces.renderer(48)
        for seed in 0..<150 {
            let photograph = SyntheticPhotograph(seed: UInt64(seed), strength: .hard)
            let face = renderer.render(SyntheticIdentity(seed: 2, index: seed), photograph)
            let values = face.image.pixels.map(Double.init)
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            #expect(mean > 12 && mean < 235, "photograph \(seed)")
            #expect(variance.squareRoot() > 8, "photograph \(seed)")
        }
    }

    @Test("strengths are found by name, and an unknown name lists the known ones")
    func names() throws {
        #expect(try NuisanceStrength.named("hard") == .hard)
        let error = #expect(throws: InputError.self) { try NuisanceStrength.named("brutal") }
        #expect(error?.description.contains("easy, standard, hard") == true)
    }

    @Test("own sine, cosine, exponential and cube root agree with the C library")
    func portableMath() {
        for step in -2000...2000 {
            let x = Double(step) * 0.013
            #expect(abs(PortableMath.sine(x) - sin(x)) < 1e-13)
            #expect(abs(PortableMath.cosine(x) - cos(x)) < 1e-13)
            #expect(abs(PortableMath.exponential(x) / exp(x) - 1) < 1e-13)
            #expect(abs(PortableMath.cubeRoot(abs(x) * 0.3) - cbrt(abs(x) * 0.3)) < 1e-13)
        }
    }
}
