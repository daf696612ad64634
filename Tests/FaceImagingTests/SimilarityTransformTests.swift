import ArtifactFiles
import FaceImaging
import SeededRandom
import Testing

@Suite("Least-squares similarity")
struct SimilarityTransformTests {
    static let template = FaceTemplate.arcface.points.points

    @Test("Equals scikit-image's estimate, for points on a line and mirrored ones too")
    func equalsScikitImage() throws {
        let cases = try ImagingFixture.alignment().similarities
        #expect(cases.count == 60)
        for golden in cases {
            let points = try FaceLandmarks(coordinates: golden.landmarks).points
            let found = try #require(SimilarityTransform.leastSquares(from: points, to: Self.template))
            // Rounding: coefficients up to 10, shifts up to 5,000, in Double.
            for (ours, theirs) in zip([found.a, found.b, found.tx, found.ty], golden.parameters) {
                #expect(abs(ours - theirs) <= 1e-9 * max(1, abs(theirs)))
            }
        }
    }

    @Test("Recovers a known similarity and its inverse undoes it")
    func recoversExactly() throws {
        var random = SeededGenerator(seed: 41)
        for _ in 0..<100 {
            let known = SimilarityTransform(
                a: .random(in: -3...3, using: &random),
                b: .random(in: -3...3, using: &random),
                tx: .random(in: -900...900, using: &random),
                ty: .random(in: -900...900, using: &random)
            )
            let moved = Self.template.map(known.apply)
            let found = try #require(SimilarityTransform.leastSquares(from: Self.template, to: moved))
            #expect(abs(found.a - known.a) < 1e-10 && abs(found.b - known.b) < 1e-10)
            for point in Self.template {
                let back = known.inverse.apply(known.apply(point))
                #expect(abs(back.x - point.x) < 1e-9 && abs(back.y - point.y) < 1e-9)
            }
        }
    }

    @Test("No other similarity fits better: brute force around the solution")
    func isLeastSquares() throws {
        let golden = try ImagingFixture.alignment().similarities[4]
        let points = try FaceLandmarks(coordinates: golden.landmarks).points
        let best = try #require(SimilarityTransform.leastSquares(from: points, to: Self.template))
        func error(_ t: SimilarityTransform) -> Double {
            zip(points, Self.template)
                .reduce(0) { sum, pair in
                    let miss = t.apply(pair.0) - pair.1
                    return sum + miss.x * miss.x + miss.y * miss.y
                }
        }
        for (da, db, dx, dy) in [(1e-3, 0, 0, 0), (0, 1e-3, 0, 0), (0, 0, 0.1, 0), (0, 0, 0, 0.1)]
            as [(Double, Double, Double, Double)]
        {
            for sign in [-1.0, 1.0] {
                let other = SimilarityTransform(
                    a: best.a + sign * da,
                    b: best.b + sign * db,
                    tx: best.tx + sign * dx,
                    ty: best.ty + sign * dy
                )
                #expect(error(other) > error(best))
            }
        }
    }

    @Test("There is none for coinciding, overflowing or non-finite points, but there is one for a line")
    func degenerate() {
        func fit(_ points: [SIMD2<Double>]) -> SimilarityTransform? {
            .leastSquares(from: points, to: Self.template)
        }
        #expect(fit(Array(repeating: SIMD2(40, 50), count: 5)) == nil)
        #expect(fit(Array(repeating: SIMD2(1e12, -1e12), count: 5)) == nil)
        #expect(fit((0..<5).map { SIMD2(1e6 + Double($0) * 1e-4, 0) }) == nil)
        #expect(fit((0..<5).map { SIMD2(Double($0) * 1e200, 0) }) == nil)
        #expect(fit([SIMD2(.nan, 0)] + Array(Self.template.dropFirst())) == nil)
        #expect(fit([SIMD2(.infinity, 0)] + Array(Self.template.dropFirst())) == nil)
        #expect(fit((0..<5).map { SIMD2(Double($0) * 10, Double($0) * 5) }) != nil)
    }

    @Test("68 points are reduced to five as the field does")
    func reducesLandmarks() throws {
        var coordinates = (0..<136).map { Double($0 * $0 % 97) }
        coordinates[72] = 10  // x of point 36
        coordinates[78] = 20  // x of point 39
        let landmarks = try FaceLandmarks(coordinates: coordinates)
        #expect(landmarks.leftEye.x == 15)
        #expect(landmarks.rightEye.y == (coordinates[85] + coordinates[91]) / 2)
        #expect(landmarks.nose == SIMD2(coordinates[60], coordinates[61]))
        #expect(landmarks.leftMouth == SIMD2(coordinates[96], coordinates[97]))
        #expect(landmarks.rightMouth == SIMD2(coordinates[108], coordinates[109]))
        let error = #expect(throws: InputError.self) { _ = try FaceLandmarks(coordinates: [1, 2, 3]) }
        #expect(error?.code == .malformed)
    }
}
