internal import FaceImaging
internal import Foundation

/// Whether each face's landmarks look like a face.
package struct LandmarkShapeCheck: DoctorCheck {
    package let name = "landmark-shape"
    package let question = "Do the landmarks look like eyes, nose and mouth, inside the picture?"

    /// What landmarks look like under one reading of the file.
    package struct Fit: Hashable, Sendable {
        /// The reading, in words; empty for the one in use.
        package var reading: String
        /// The median distance of aligned landmarks from the template, in pixels of a crop 112 high.
        package var residual: Double
        /// The share of faces that the alignment turns by more than 90°.
        package var turnedShare: Double

        package init(reading: String, residual: Double, turnedShare: Double) {
            self.reading = reading
            self.residual = residual
            self.turnedShare = turnedShare
        }

        /// Lower is more like faces.
        var badness: Double { residual + 10 * turnedShare }
    }

    private static let readings: [(name: String, change: @Sendable (FaceLandmarks) -> FaceLandmarks)] = [
        ("", { $0 }),
        ("left and right exchanged", exchanged),
        ("y before x", { moved($0) { SIMD2($0.y, $0.x) } }),
        ("y counted from the bottom of the picture", { moved($0) { SIMD2($0.x, -$0.y) } }),
    ]

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard !examination.population.areAligned else { return DoctorCheckResult("not applicable: no landmarks") }
        let landmarks = examination.faces.map { face in
            face.landmarks.flatMap { try? FaceLandmarks(coordinates: $0) }
        }
        let fits = Self.readings.map { reading in
            Self.fit(landmarks.compactMap { $0 }.map(reading.change), reading: reading.name)
        }
        let outside = Self.outsideShare(landmarks, examination.aligned(examination.user).pictureSizes)
        let residual = "median distance from the template \(Words.number(fits[0].residual, 1)) px"
        let summary = "\(residual), \(Words.percent(outside)) of the points outside their pictures"
        return DoctorCheckResult(summary, findings(fits, outsideShare: outside))
    }

    /// Judges the readings of a landmark file.
    ///
    /// - Parameters:
    ///   - fits: The first is the reading in use.
    ///   - outsideShare: The share of points outside their pictures.
    package func findings(_ fits: [Fit], outsideShare: Double) -> [DoctorFinding] {
        guard let used = fits.first, let best = fits.min(by: { $0.badness < $1.badness }) else { return [] }
        if !best.reading.isEmpty, used.badness > 4, best.badness < 0.6 * used.badness {
            return [
                DoctorFinding(
                    .culprit,
                    check: name,
                    "The landmark columns are not in the order that is read: they look like faces with \(best.reading).",
                    likelihood: 0.97,
                    evidence: [
                        "median distance from the template after alignment: \(Words.number(used.residual, 1)) px as read, "
                            + "\(Words.number(best.residual, 1)) px with \(best.reading)"
                    ],
                    remedy:
                        "Write the points as x1 y1 … x5 y5: left eye, right eye, nose, left and right corner of the "
                        + "mouth as seen in the picture, from its top left corner."
                )
            ]
        }
        guard used.residual > 9 || outsideShare > 0.1 else { return [] }
        return [
            DoctorFinding(
                .warning,
                check: name,
                "The landmarks are implausible: they hardly look like faces, or lie outside their pictures.",
                likelihood: 0.5,
                evidence: [
                    "median distance from the template \(Words.number(used.residual, 1)) px",
                    "\(Words.percent(outsideShare)) of the points outside their pictures",
                ],
                remedy: "Look at the contact sheet; check that the landmarks are those of these very pictures."
            )
        ]
    }

    private static func fit(_ faces: [FaceLandmarks], reading: String) -> Fit {
        let template = FaceTemplate.arcface.points.points
        var residuals: [Double] = []
        var turned = 0
        for face in faces where face.areFinite {
            guard let alignment = SimilarityTransform.leastSquares(from: face.points, to: template) else { continue }
            let distances = zip(face.points, template)
                .map { point, goal in
                    let difference = alignment.apply(point) - goal
                    return hypot(difference.x, difference.y)
                }
            residuals.append(distances.reduce(0, +) / Double(distances.count))
            if abs(alignment.rotationRadians) > .pi / 2 { turned += 1 }
        }
        residuals.sort()
        return Fit(
            reading: reading,
            residual: residuals.isEmpty ? .infinity : residuals[residuals.count / 2],
            turnedShare: residuals.isEmpty ? 0 : Double(turned) / Double(residuals.count)
        )
    }

    private static func outsideShare(_ faces: [FaceLandmarks?], _ sizes: [SIMD2<Int>]) -> Double {
        var (outside, count) = (0, 0)
        for (face, size) in zip(faces, sizes) {
            guard let face, size.x > 0 else { continue }
            count += 5
            outside += face.points.count {
                $0.x < -1 || $0.y < -1 || $0.x > Double(size.x) || $0.y > Double(size.y)
            }
        }
        return count > 0 ? Double(outside) / Double(count) : 0
    }

    private static func exchanged(_ face: FaceLandmarks) -> FaceLandmarks {
        FaceLandmarks(
            leftEye: face.rightEye,
            rightEye: face.leftEye,
            nose: face.nose,
            leftMouth: face.rightMouth,
            rightMouth: face.leftMouth
        )
    }

    private static func moved(
        _ face: FaceLandmarks,
        _ move: (SIMD2<Double>) -> SIMD2<Double>
    ) -> FaceLandmarks {
        FaceLandmarks(
            leftEye: move(face.leftEye),
            rightEye: move(face.rightEye),
            nose: move(face.nose),
            leftMouth: move(face.leftMouth),
            rightMouth: move(face.rightMouth)
        )
    }
}
