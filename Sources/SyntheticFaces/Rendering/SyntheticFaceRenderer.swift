public import ArtifactFiles
public import FaceImaging

/// Renders photographs of people who do not exist.
///
/// A photograph depends on identity, photograph and settings alone: neither on what was rendered before nor on the
/// machine. A renderer owns its buffers (about 10 MB) and serves one thread; use one per worker. It remembers the last
/// person, so that several photographs of one person in a row are faster.
public final class SyntheticFaceRenderer {
    /// The format of the pictures.
    public let settings: SyntheticFaceSettings

    let canvas: SampleCanvas
    let texture = FaceTexture()
    let shadow = ShadowMap()
    let head = GridMesh(
        rows: HeadSurface.rowHeights.count,
        columns: HeadSurface.columnDegrees.count,
        wraps: true
    )
    let hair = GridMesh(rows: HairModel.rows, columns: HairModel.columns, wraps: true)
    let ears = [
        GridMesh(rows: EarModel.rows, columns: EarModel.columns, wraps: true),
        GridMesh(rows: EarModel.rows, columns: EarModel.columns, wraps: true),
    ]
    let body = GridMesh(rows: BodyModel.rows, columns: BodyModel.columns, wraps: true)
    let mask = MaskModel.makeMesh()
    let glasses = GlassesModel.makeMeshes()
    private let finish: PhotographicFinish
    private var remembered: IdentityModel?

    /// A renderer.
    ///
    /// - Parameter settings: The format of the pictures.
    public init(settings: SyntheticFaceSettings) {
        self.settings = settings
        canvas = SampleCanvas(side: 2 * settings.imageSize)
        finish = PhotographicFinish(side: settings.imageSize)
    }

    /// Renders a photograph of a person.
    public func render(_ identity: SyntheticIdentity, _ photograph: SyntheticPhotograph) -> SyntheticFace {
        let scene = draw(identity, photograph)
        let side = settings.imageSize
        let pixels = finish.develop(canvas, photograph.finish)
        return SyntheticFace(
            image: RGBImage(width: side, height: side, pixels: pixels),
            landmarks: Self.pixels(scene.landmarks),
            score: photograph.detectorScore(imageSize: side),
            jpegQuality: photograph.finish.jpegQuality
        )
    }

    /// Samples to pixels: two samples make a pixel, and the centre of the first pixel is (0, 0).
    private static func pixels(_ points: [SIMD2<Float>]) -> FaceLandmarks {
        func pixel(_ index: Int) -> SIMD2<Double> {
            SIMD2(Double(points[index].x) * 0.5 - 0.5, Double(points[index].y) * 0.5 - 0.5)
        }
        return FaceLandmarks(
            leftEye: pixel(0),
            rightEye: pixel(1),
            nose: pixel(2),
            leftMouth: pixel(3),
            rightMouth: pixel(4)
        )
    }

    /// Draws the samples of a photograph, without its finish.
    func draw(_ identity: SyntheticIdentity, _ photograph: SyntheticPhotograph) -> Scene {
        let person = model(of: identity)
        var scene = Scene(person: person, photograph: photograph, samples: canvas.side)
        texture.texels.update(from: person.skin, count: FaceTexture.side * FaceTexture.side)
        scene.paint(texture)
        place(&scene)
        light(scene)
        compose(scene)
        return scene
    }

    private func model(of identity: SyntheticIdentity) -> IdentityModel {
        if let remembered, remembered.identity == identity { return remembered }
        let model = IdentityModel(identity: identity, texture: texture)
        remembered = model
        return model
    }
}

/// The format of rendered pictures.
public struct SyntheticFaceSettings: Hashable, Sendable {
    /// Width and height in pixels, 48 … 320; a face takes about 60 % of them.
    public let imageSize: Int

    /// Checked settings.
    ///
    /// - Parameter imageSize: Width and height in pixels, 48 … 320.
    /// - Throws: `InputError` outside of that range.
    public init(imageSize: Int = 160) throws(InputError) {
        guard (48...320).contains(imageSize) else {
            throw InputError(
                .usage,
                "image size out of range",
                place: "'imageSize'",
                expected: "48 … 320 pixels",
                found: "\(imageSize)"
            )
        }
        self.imageSize = imageSize
    }
}

/// A rendered photograph with what a perfect detector would say about it.
public struct SyntheticFace: Hashable, Sendable {
    /// The picture, before any file compression.
    public let image: RGBImage
    /// Centres of the eyes, tip of the nose, corners of the mouth.
    ///
    /// Projected from the head's surface, and so exact, also where the point is hidden. Left and right as the viewer
    /// sees them; the centre of the first pixel is (0, 0).
    public let landmarks: FaceLandmarks
    /// How sure a detector would be, 0 … 1: lower for turned, covered, blurred and dark faces.
    public let score: Double
    /// The JPEG quality at which the picture is meant to be stored.
    public let jpegQuality: Int
}
