public import ArtifactFiles

/// How far photographs of one person differ: the difficulty of a synthetic set.
///
/// Every field is a bound or a probability; the draws are described in ``SyntheticPhotograph``.
public struct NuisanceStrength: Hashable, Sendable {
    /// Largest turn of the head to either side, 0 … 75; small turns are more frequent.
    public var yawDegrees: Double
    /// Largest nod up or down, 0 … 40.
    public var pitchDegrees: Double
    /// Largest tilt towards a shoulder, 0 … 45.
    public var rollDegrees: Double
    /// Uneven, coloured and weak light, 0 (a studio) … 1.
    public var lighting: Double
    /// Size of smiles, open mouths, closed eyes and moved brows, 0 … 1.
    public var expression: Double
    /// Probability of spectacles with clear lenses, 0 … 1.
    public var glasses: Double
    /// Probability of sunglasses, a mask, a hand or an object before the face, 0 … 1.
    public var occlusion: Double
    /// Probability of a changed hair cut, beard, hat or make-up, 0 … 1.
    public var appearance: Double
    /// Defocus and motion blur, 0 … 1.
    public var blur: Double
    /// Sensor noise, 0 … 1.
    public var noise: Double
    /// Probability of a low-resolution source, and how low, 0 … 1.
    public var lowResolution: Double
    /// Exposure, contrast and colour cast, 0 … 1.
    public var color: Double
    /// JPEG compression, 0 (quality 95) … 1 (down to quality 20).
    public var compression: Double

    /// Passport-like photographs.
    public static let easy = NuisanceStrength(
        yawDegrees: 15,
        pitchDegrees: 6,
        rollDegrees: 6,
        lighting: 0.3,
        expression: 0.4,
        glasses: 0.05,
        occlusion: 0,
        appearance: 0.1,
        blur: 0.1,
        noise: 0.15,
        lowResolution: 0.05,
        color: 0.25,
        compression: 0.2
    )
    /// Photographs of public persons, as in LFW.
    public static let standard = NuisanceStrength(
        yawDegrees: 40,
        pitchDegrees: 14,
        rollDegrees: 14,
        lighting: 0.65,
        expression: 0.8,
        glasses: 0.12,
        occlusion: 0.06,
        appearance: 0.35,
        blur: 0.35,
        noise: 0.4,
        lowResolution: 0.2,
        color: 0.55,
        compression: 0.5
    )
    /// Surveillance and video frames, as in the harder part of IJB-C.
    public static let hard = NuisanceStrength(
        yawDegrees: 60,
        pitchDegrees: 22,
        rollDegrees: 22,
        lighting: 1,
        expression: 1,
        glasses: 0.18,
        occlusion: 0.15,
        appearance: 0.55,
        blur: 0.7,
        noise: 0.75,
        lowResolution: 0.45,
        color: 0.9,
        compression: 0.9
    )

    /// The named strengths, for options and messages.
    public static let named: [(name: String, strength: NuisanceStrength)] = [
        ("easy", .easy), ("standard", .standard), ("hard", .hard),
    ]

    /// The strength with a name.
    ///
    /// - Throws: `InputError` that lists the names.
    public static func named(_ name: String) throws(InputError) -> NuisanceStrength {
        for (known, strength) in named where known == name { return strength }
        throw .unknownName(name, kind: "nuisance strength", known: named.map { $0.name })
    }

    /// A strength of one's own.
    public init(
        yawDegrees: Double,
        pitchDegrees: Double,
        rollDegrees: Double,
        lighting: Double,
        expression: Double,
        glasses: Double,
        occlusion: Double,
        appearance: Double,
        blur: Double,
        noise: Double,
        lowResolution: Double,
        color: Double,
        compression: Double
    ) {
        self.yawDegrees = yawDegrees
        self.pitchDegrees = pitchDegrees
        self.rollDegrees = rollDegrees
        self.lighting = lighting
        self.expression = expression
        self.glasses = glasses
        self.occlusion = occlusion
        self.appearance = appearance
        self.blur = blur
        self.noise = noise
        self.lowResolution = lowResolution
        self.color = color
        self.compression = compression
    }

    /// Checks every field against its range.
    ///
    /// - Throws: `InputError` that names the field.
    public func validate() throws(InputError) {
        let angles = [
            ("yawDegrees", yawDegrees, 75.0), ("pitchDegrees", pitchDegrees, 40), ("rollDegrees", rollDegrees, 45),
        ]
        let shares = [
            ("lighting", lighting), ("expression", expression), ("glasses", glasses), ("occlusion", occlusion),
            ("appearance", appearance), ("blur", blur), ("noise", noise), ("lowResolution", lowResolution),
            ("color", color), ("compression", compression),
        ]
        for (name, value, bound) in angles + shares.map({ ($0.0, $0.1, 1.0) }) where !(value >= 0 && value <= bound) {
            throw InputError(
                .usage,
                "nuisance strength out of range",
                place: "'\(name)'",
                expected: "0 … \(bound)",
                found: "\(value)"
            )
        }
    }
}
