import ArtifactFiles
import FaceImaging
import Foundation
import SyntheticFaces
import Testing

@Suite("Landmarks of synthetic faces")
struct LandmarkTests {
    @Test("frontal faces have all five points inside and in order")
    func order() throws {
        let renderer = try Faces.renderer(64)
        for index in 0..<60 {
            let face = renderer.render(SyntheticIdentity(seed: 3, index: index), Faces.neutral())
            let marks = face.landmarks
            for point in marks.points {
                #expect(point.x > 6 && point.x < 57 && point.y > 6 && point.y < 57, "identity \(index)")
            }
            #expect(marks.leftEye.x + 8 < marks.rightEye.x)
            #expect(marks.leftMouth.x + 5 < marks.rightMouth.x)
            #expect(marks.leftEye.x < marks.nose.x && marks.nose.x < marks.rightEye.x)
            #expect(max(marks.leftEye.y, marks.rightEye.y) + 2 < marks.nose.y)
            #expect(marks.nose.y + 2 < min(marks.leftMouth.y, marks.rightMouth.y))
        }
    }

    @Test("points keep their order and stay in the picture at the strongest poses")
    func orderWhenTurned() throws {
        let renderer = try Faces.renderer(64)
        for seed in 0..<120 {
            let photograph = SyntheticPhotograph(seed: UInt64(seed), strength: .hard)
            let marks = renderer.render(SyntheticIdentity(seed: 3, index: seed % 7), photograph).landmarks
            #expect(marks.leftEye.x < marks.rightEye.x, "photograph \(seed)")
            for point in marks.points { #expect(point.x > 0 && point.x < 63 && point.y > 0 && point.y < 63) }
        }
    }

    @Test("landmarks scale with the picture")
    func scaling() throws {
        let person = SyntheticIdentity(seed: 4, index: 4)
        let photograph = SyntheticPhotograph(seed: 12, strength: .hard)
        let small = try Faces.renderer(64).render(person, photograph).landmarks.points
        let large = try Faces.renderer(256).render(person, photograph).landmarks.points
        for (one, other) in zip(small, large) {
            #expect(distance((one + SIMD2(0.5, 0.5)) * 4, other + SIMD2(0.5, 0.5)) < 0.01)
        }
    }

    /// Poses under which a painted mark must appear where the landmark says: yaw, pitch, roll.
    static let poses: [SIMD3<Float>] = [
        [0, 0, 0], [0.5, 0, 0], [-0.8, 0.1, 0.2], [0.2, -0.35, -0.3], [0.1, 0.35, 0],
    ]

    @Test("the nose tip's landmark lies on a spot painted on the nose tip", arguments: poses)
    func noseIsExact(pose: SIMD3<Float>) throws {
        // A turned spot is seen aslant, and its far side is hidden behind the nose tip.
        try expectMark(pose: pose, within: pose == .zero ? 0.5 : 1.4) { traits in
            let nose = traits.nose
            traits.skin.marks = [SkinMark(x: nose.deviation, y: nose.tipY, radius: 0.22, darkness: 1)]
        } at: {
            $0.nose
        }
    }

    @Test("an eye's landmark lies on the iris", arguments: poses, [false, true])
    func eyesAreExact(pose: SIMD3<Float>, right: Bool) throws {
        // Both irises change, so the other half of the picture is left out.
        let renderer = try Faces.renderer(320)
        let photograph = Self.turned(pose)
        for index in 0..<4 {
            var traits = SyntheticIdentity(seed: 6, index: index).traits
            traits.eyes.upperLid = 0.62
            traits.eyes.lowerLid = 0.5
            traits.eyes.iris = SIMD3(0, 0, 0)
            let dark = renderer.render(SyntheticIdentity(seed: 6, index: index, traits: traits), photograph)
            traits.eyes.iris = SIMD3(0.6, 0.6, 0.6)
            let light = renderer.render(SyntheticIdentity(seed: 6, index: index, traits: traits), photograph)
            let target = right ? dark.landmarks.rightEye : dark.landmarks.leftEye
            var plane = Faces.difference(dark.image, light.image)
            for place in plane.indices {
                let point = SIMD2(Double(place % 320), Double(place / 320))
                if distance(point, target) > 14 { plane[place] = 0 }
            }
            guard plane.reduce(0, +) > 500 else { continue }
            // The lids cut the iris unevenly, and it sits 0.06 cm (0.8 pixels) above the centre of the eye.
            #expect(distance(Faces.centroid(plane, width: 320), target) < 2.2, "identity \(index)")
        }
    }

    @Test("the mouth's landmarks are where the lips end")
    func mouthCornersAreExact() throws {
        let renderer = try Faces.renderer(320)
        for index in 0..<6 {
            var traits = SyntheticIdentity(seed: 7, index: index).traits
            traits.beard = BeardTraits()
            traits.skin.marks = []
            traits.mouth.asymmetry = 0
            traits.mouth.redness = -3
            let pale = renderer.render(SyntheticIdentity(seed: 7, index: index, traits: traits), Faces.neutral())
            traits.mouth.redness = 3
            let red = renderer.render(SyntheticIdentity(seed: 7, index: index, traits: traits), Faces.neutral())
            let plane = Faces.difference(pale.image, red.image)
            let columns = plane.indices.filter { plane[$0] > 12 }.map { Double($0 % 320) }
            let first = try #require(columns.min())
            let last = try #require(columns.max())
            #expect(abs(first - red.landmarks.leftMouth.x) < 3.5, "identity \(index)")
            #expect(abs(last - red.landmarks.rightMouth.x) < 3.5, "identity \(index)")
        }
    }

    @Test("a smile pulls the corners of the mouth apart and up, a turned head moves the nose first")
    func landmarksFollowTheFace() throws {
        let renderer = try Faces.renderer(160)
        let person = SyntheticIdentity(seed: 9, index: 1)
        let rest = renderer.render(person, Faces.neutral()).landmarks
        let smile = renderer.render(person, Faces.neutral { $0.expression.smile = 1 }).landmarks
        let width = rest.rightMouth.x - rest.leftMouth.x
        #expect(smile.rightMouth.x - smile.leftMouth.x > width + 1)
        #expect(smile.leftMouth.y - smile.nose.y < rest.leftMouth.y - rest.nose.y - 1)
        let turned = renderer.render(person, Faces.neutral { $0.view.yaw = 0.5 }).landmarks
        let middle = (turned.leftEye.x + turned.rightEye.x) / 2
        #expect(turned.nose.x > middle + 5)
        let nodding = renderer.render(person, Faces.neutral { $0.view.pitch = 0.3 }).landmarks
        #expect(nodding.nose.y - nodding.leftEye.y > rest.nose.y - rest.leftEye.y + 1)
        let tilted = renderer.render(person, Faces.neutral { $0.view.roll = 0.3 }).landmarks
        #expect(tilted.rightEye.y > tilted.leftEye.y + 5)
    }

    private static func turned(_ pose: SIMD3<Float>) -> SyntheticPhotograph {
        Faces.neutral {
            $0.view.yaw = pose.x
            $0.view.pitch = pose.y
            $0.view.roll = pose.z
        }
    }

    /// Compares renders with and without a mark.
    private func expectMark(
        pose: SIMD3<Float>,
        within tolerance: Double,
        mark: (inout FaceTraits) -> Void,
        at landmark: (FaceLandmarks) -> SIMD2<Double>
    ) throws {
        let renderer = try Faces.renderer(320)
        let photograph = Self.turned(pose)
        for index in 0..<5 {
            var traits = SyntheticIdentity(seed: 6, index: index).traits
            traits.skin.marks = []
            let plain = renderer.render(SyntheticIdentity(seed: 6, index: index, traits: traits), photograph)
            mark(&traits)
            let marked = renderer.render(SyntheticIdentity(seed: 6, index: index, traits: traits), photograph)
            let plane = Faces.difference(plain.image, marked.image)
            #expect(plane.reduce(0, +) > 300, "the mark is visible")
            let centre = Faces.centroid(plane, width: 320)
            #expect(distance(centre, landmark(marked.landmarks)) < tolerance, "identity \(index)")
        }
    }
}
