/// The lights of a photograph, ready to shade a vertex.
struct LightRig {
    let keyDirection: Vector
    private let key: Vector
    private let fillDirection: Vector
    private let fill: Vector
    private let ambientMean: Vector
    private let ambientSlope: Vector
    private let halfway: Vector
    /// Skin scatters light past the terminator, red most.
    private let wrap = Vector(0.22, 0.1, 0.06, 0)

    /// - Parameters:
    ///   - parameters: The lights.
    ///   - gain: A factor on all of them.
    init(_ parameters: LightParameters, gain: Float) {
        keyDirection = normalized(parameters.keyDirection.padded)
        key = parameters.key.padded * gain
        fillDirection = normalized(parameters.fillDirection.padded)
        fill = parameters.fill.padded * gain
        ambientMean = (parameters.sky + parameters.ground).padded * (0.5 * gain)
        ambientSlope = (parameters.sky - parameters.ground).padded * (0.5 * gain)
        halfway = normalized(keyDirection + Vector(0, 0, 1, 0))
    }

    /// Light that a matt surface sends back per unit of albedo.
    @inline(__always)
    func irradiance(normal: Vector, openness: Float, shadow: Float) -> Vector {
        let upness = normal.y * 0.85 + normal.z * 0.3
        var sum = (ambientMean + ambientSlope * upness) * openness
        let facing = dot(normal, keyDirection)
        var wrapped = (Vector(repeating: facing) + wrap) / (Vector(repeating: 1) + wrap)
        wrapped.replace(with: 0, where: wrapped .< 0)
        sum += key * wrapped * (shadow * (0.55 + 0.45 * openness))
        let filled = dot(normal, fillDirection)
        if filled > 0 { sum += fill * (filled * openness) }
        return sum
    }

    /// Mirror-like share of the key light.
    @inline(__always)
    func highlight(normal: Vector, shadow: Float) -> Float {
        let aligned = dot(normal, halfway)
        guard aligned > 0 else { return 0 }
        let square = aligned * aligned
        let fourth = square * square
        let eighth = fourth * fourth
        let grazing = 1 - clamp(normal.z)
        return (eighth * eighth * 0.8 + eighth * 0.2 + 0.15 * grazing * grazing * grazing) * shadow * key.y
    }
}
