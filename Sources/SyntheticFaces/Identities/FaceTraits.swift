/// What a face is, apart from any photograph of it: lengths in centimetres, angles in radians, the rest without unit.
///
/// x grows to the viewer's right, y upwards, z towards the viewer; the origin lies on the axis through the ears, at the
/// height of the pupils. Means and spreads follow published adult anthropometry (Farkas, *Anthropometry of the Head and
/// Face*, 1994), the spreads somewhat enlarged.
package struct FaceTraits: Hashable, Sendable {
    package var head = HeadTraits()
    package var eyes = EyeTraits()
    package var brows = BrowTraits()
    package var nose = NoseTraits()
    package var mouth = MouthTraits()
    package var ears = EarTraits()
    package var skin = SkinTraits()
    package var hair = HairTraits()
    package var beard = BeardTraits()
    /// Seeds the identity's fixed patterns: skin mottling, freckles, strands of hair.
    package var patternSeed: UInt64 = 0
}

/// The skull and the soft tissue over it; offsets from an average head.
package struct HeadTraits: Hashable, Sendable {
    package var width: Float = 0
    package var templeWidth: Float = 0
    package var jawWidth: Float = 0
    package var chinWidth: Float = 0
    package var chinLength: Float = 0
    package var chinProtrusion: Float = 0
    package var chinCleft: Float = 0
    package var jawAngle: Float = 0
    package var midfaceProtrusion: Float = 0
    package var foreheadSlope: Float = 0
    package var foreheadBulge: Float = 0
    package var crownHeight: Float = 0
    package var cheekbone: Float = 0
    package var cheekFullness: Float = 0
    package var jowl: Float = 0
    package var doubleChin: Float = 0
    package var templeHollow: Float = 0
    package var neckWidth: Float = 0
    /// Sideways bend of the lower face.
    package var asymmetry: Float = 0
}

/// The eyes; distances from the midline or the pupil line.
package struct EyeTraits: Hashable, Sendable {
    package var halfDistance: Float = 3.15
    package var halfLength: Float = 1.5
    package var upperLid: Float = 0.56
    package var lowerLid: Float = 0.42
    package var tilt: Float = 0
    /// −1 peaks near the nose, 1 near the temple.
    package var lidSkew: Float = 0
    package var socketDepth: Float = 0.5
    package var bulge: Float = 0.5
    package var creaseHeight: Float = 0.35
    package var creaseStrength: Float = 0.6
    package var hood: Float = 0
    package var lash: Float = 0.5
    package var irisRadius: Float = 0.59
    /// Linear light.
    package var iris = SIMD3<Float>(0.1, 0.06, 0.03)
    package var bag: Float = 0.2
    package var darkCircle: Float = 0.2
    /// How much higher the right eye sits.
    package var asymmetry: Float = 0
}

/// The eyebrows.
package struct BrowTraits: Hashable, Sendable {
    package var height: Float = 2.1
    package var inner: Float = 1.5
    package var outer: Float = 5.2
    package var slope: Float = 0
    package var arch: Float = 0.4
    /// Where the arch peaks, from the inner end (0) to the outer (1).
    package var peak: Float = 0.62
    package var thickness: Float = 0.36
    package var taper: Float = 0.6
    package var density: Float = 0.8
    package var bridge: Float = 0
    package var ridge: Float = 0.3
    package var asymmetry: Float = 0
    /// Lighter (positive) or darker than the hair.
    package var lightness: Float = 0
}

/// The nose.
package struct NoseTraits: Hashable, Sendable {
    package var tipY: Float = -2.9
    package var nasionDepth: Float = 0
    package var bridgeHeight: Float = 0.35
    package var bridgeWidth: Float = 0.8
    package var profileHump: Float = 0
    package var tipHeight: Float = 2.0
    package var tipRadius: Float = 0.85
    package var tipFullness: Float = 0.3
    package var upturn: Float = 0
    package var wingHalfWidth: Float = 1.7
    package var wingFullness: Float = 0.6
    package var wingY: Float = 0
    package var nostril: Float = 0.6
    package var deviation: Float = 0
    package var columella: Float = 0.2
}

/// The mouth.
package struct MouthTraits: Hashable, Sendable {
    package var y: Float = -6.2
    package var halfWidth: Float = 2.5
    package var upperLip: Float = 0.7
    package var lowerLip: Float = 0.9
    package var bow: Float = 0.15
    package var cornerLift: Float = 0
    package var protrusion: Float = 0.45
    package var philtrum: Float = 0.3
    package var redness: Float = 0
    package var darkness: Float = 0
    package var asymmetry: Float = 0
}

/// The ears.
package struct EarTraits: Hashable, Sendable {
    package var length: Float = 6.2
    package var width: Float = 3.4
    package var protrusion: Float = 0.5
    package var y: Float = -0.6
    package var lobe: Float = 0.5
}

/// One fixed mark of the skin.
package struct SkinMark: Hashable, Sendable {
    package var x: Float
    package var y: Float
    package var radius: Float
    package var darkness: Float

    /// A mark at a place of the face's plane.
    package init(x: Float, y: Float, radius: Float, darkness: Float) {
        self.x = x
        self.y = y
        self.radius = radius
        self.darkness = darkness
    }
}

/// Colour and relief of the skin.
package struct SkinTraits: Hashable, Sendable {
    /// 0 fair … 1 dark.
    package var melanin: Float = 0.3
    package var redness: Float = 0
    package var yellowness: Float = 0
    package var mottling: Float = 0.3
    package var gloss: Float = 0.4
    package var blush: Float = 0.3
    package var freckles: Float = 0
    package var marks: [SkinMark] = []
    /// How much make-up the person wears when wearing any, 0 … 1.
    package var makeUpHabit: Float = 0
    /// Age lines, each 0 … 1.
    package var nasolabial: Float = 0.2
    package var foreheadLines: Float = 0
    package var foreheadLineY: Float = 4.6
    package var crowsFeet: Float = 0
    package var frownLines: Float = 0
    package var marionette: Float = 0
}

/// Scalp hair: the hair line is identity, the cut can change from photograph to photograph.
package struct HairTraits: Hashable, Sendable {
    /// Linear light.
    package var color = SIMD3<Float>(0.05, 0.03, 0.02)
    package var hairlineY: Float = 7.0
    package var recession: Float = 0.3
    package var peak: Float = 0
    package var coverage: Float = 1
    package var curl: Float = 0.2
    package var gloss: Float = 0.4
    package var cut = HairCut()
}

/// How the hair is worn.
package struct HairCut: Hashable, Sendable {
    /// Length below the ears in centimetres; 0 is short.
    package var length: Float = 0
    package var topVolume: Float = 1.0
    package var sideVolume: Float = 0.5
    /// Fall over the forehead.
    package var fringe: Float = 0
    /// Side of the parting, −1 … 1.
    package var parting: Float = 0
    package var sideburn: Float = 0
    /// Swept back, so that the ears are free.
    package var tiedBack = false
}

/// Facial hair, each density 0 … 1.
package struct BeardTraits: Hashable, Sendable {
    package var moustache: Float = 0
    package var chin: Float = 0
    package var cheeks: Float = 0
    package var stubble: Float = 0

    /// Densities, 0 … 1.
    package init(moustache: Float = 0, chin: Float = 0, cheeks: Float = 0, stubble: Float = 0) {
        self.moustache = moustache
        self.chin = chin
        self.cheeks = cheeks
        self.stubble = stubble
    }
}
