import ArtifactFiles
import FaceImaging
import SyntheticFaces

/// What several suites need.
enum Faces {
    static func renderer(_ size: Int = 96) throws(InputError) -> SyntheticFaceRenderer {
        SyntheticFaceRenderer(settings: try SyntheticFaceSettings(imageSize: size))
    }

    static func population(
        seed: UInt64 = 5,
        size: Int = 64,
        strength: NuisanceStrength = .standard
    ) throws(InputError) -> SyntheticPopulation {
        try SyntheticPopulation(seed: seed, strength: strength, settings: SyntheticFaceSettings(imageSize: size))
    }

    /// A frontal photograph that is then changed.
    static func neutral(_ change: (inout SyntheticPhotograph) -> Void = { _ in }) -> SyntheticPhotograph {
        var photograph = SyntheticPhotograph(neutral: 3)
        change(&photograph)
        return photograph
    }

    /// Absolute differences of two pictures, summed over channels.
    static func difference(_ one: RGBImage, _ other: RGBImage) -> [Double] {
        (0..<one.width * one.height)
            .map { index in
                (0..<3)
                    .reduce(0.0) { $0 + abs(Double(one.pixels[index * 3 + $1]) - Double(other.pixels[index * 3 + $1])) }
            }
    }

    /// Centre of mass of a plane.
    static func centroid(_ plane: [Double], width: Int) -> SIMD2<Double> {
        var sum = 0.0
        var moment = SIMD2(0.0, 0.0)
        for (index, value) in plane.enumerated() {
            sum += value
            moment += SIMD2(Double(index % width), Double(index / width)) * value
        }
        return moment / max(sum, 1e-9)
    }
}

func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
    let d = a - b
    return (d.x * d.x + d.y * d.y).squareRoot()
}
