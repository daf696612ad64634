internal import ArtifactFiles

/// Which part of a decoded picture a face needs, and where in it each of the face's pixels looks.
struct FaceSampling {
    /// The scale at which the picture is decoded.
    let scale: DecodingScale
    /// In the decoded picture's pixels.
    let region: PixelRegion
    /// From the face's pixels to positions in the region, as `PixelCanvas.sample` takes it.
    let map: [Double]

    /// Positions are kept in 32-bit integers with room to spare.
    private static let furthest = 0x1p28

    /// Works out the sampling.
    ///
    /// - Parameters:
    ///   - alignment: From the whole picture's pixels to the face's.
    ///   - pictureWidth: Of the whole picture.
    ///   - pictureHeight: Of the whole picture.
    ///   - scale: The scale at which it is decoded.
    /// - Throws: ``FaceFailure`` when the face would lie beyond the picture, or impossibly far away.
    init(
        alignment: SimilarityTransform,
        faceWidth: Int,
        faceHeight: Int,
        pictureWidth: Int,
        pictureHeight: Int,
        scale: DecodingScale
    ) throws(FaceFailure) {
        self.scale = scale
        let toDecoded = Self.reduced(alignment.inverse, by: Double(scale.reduction))
        let corners = Self.corners(0, 0, Double(faceWidth - 1), Double(faceHeight - 1)).map(toDecoded.apply)
        let (low, high) = Self.bounds(corners)
        guard max(-low.min(), high.max()) < Self.furthest else {
            throw FaceFailure(
                .degenerateLandmarks,
                InputError(.malformed, "the landmarks determine a face that is out of all proportion")
            )
        }
        let (width, height) = (scale.scaled(pictureWidth), scale.scaled(pictureHeight))
        // A position between two pixels reads both; one more on each side leaves rounding no chance.
        let x = max(Int(low.x.rounded(.down)) - 1, 0)
        let y = max(Int(low.y.rounded(.down)) - 1, 0)
        let endX = min(Int(high.x.rounded(.down)) + 3, width)
        let endY = min(Int(high.y.rounded(.down)) + 3, height)
        guard endX > x, endY > y, Self.meets(toDecoded, faceWidth, faceHeight, width, height) else {
            throw FaceFailure(
                .outsidePicture,
                InputError(
                    .malformed,
                    "the landmarks put the face outside the picture",
                    found: "\(pictureWidth)x\(pictureHeight) picture"
                )
            )
        }
        region = PixelRegion(x: x, y: y, width: endX - x, height: endY - y)
        map = [
            toDecoded.a, -toDecoded.b, toDecoded.tx - Double(x), toDecoded.b, toDecoded.a, toDecoded.ty - Double(y),
        ]
    }

    /// A transform into a picture that has been reduced: its pixel i covers pixels k·i … k·i + k − 1, so that centre x
    /// becomes (x + 1/2) / k − 1/2.
    private static func reduced(_ transform: SimilarityTransform, by k: Double) -> SimilarityTransform {
        SimilarityTransform(
            a: transform.a / k,
            b: transform.b / k,
            tx: (transform.tx + 0.5) / k - 0.5,
            ty: (transform.ty + 0.5) / k - 0.5
        )
    }

    /// Whether any pixel of the face sees the picture, given that their bounding boxes meet in the picture's axes:
    /// two rectangles are apart only if they are so along a side of one of them.
    private static func meets(
        _ toDecoded: SimilarityTransform,
        _ faceWidth: Int,
        _ faceHeight: Int,
        _ width: Int,
        _ height: Int
    ) -> Bool {
        let toFace = toDecoded.inverse
        // The picture's influence ends one pixel beyond its last centres.
        let (low, high) = bounds(corners(-1, -1, Double(width), Double(height)).map(toFace.apply))
        return high.x > 0 && high.y > 0 && low.x < Double(faceWidth - 1) && low.y < Double(faceHeight - 1)
    }

    private static func corners(_ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double) -> [SIMD2<Double>] {
        [SIMD2(x0, y0), SIMD2(x1, y0), SIMD2(x0, y1), SIMD2(x1, y1)]
    }

    private static func bounds(_ points: [SIMD2<Double>]) -> (low: SIMD2<Double>, high: SIMD2<Double>) {
        points.dropFirst()
            .reduce((points[0], points[0])) { bounds, point in
                (pointwiseMin(bounds.0, point), pointwiseMax(bounds.1, point))
            }
    }
}
