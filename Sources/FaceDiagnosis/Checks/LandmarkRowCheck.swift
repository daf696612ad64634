internal import FaceImaging
internal import Foundation
internal import SeededRandom

/// Whether each picture's landmarks are its own, and not those of another row.
///
/// Crops are compared with their mean (``CropCoherence``): with landmarks of their own they fit it better than with
/// another row's. Neither labels nor a network take part.
package struct LandmarkRowCheck: DoctorCheck {
    package let name = "landmark-rows"
    package let question = "Do the landmark rows belong to the image rows?"

    /// What was measured.
    package struct Evidence: Hashable, Sendable {
        /// The coherence of crops by their own landmarks.
        package var own: Double
        /// The coherence by landmarks of random other rows.
        package var random: Double
        /// The share of faces that another row's landmarks fit at least as well; 0.5 by chance.
        package var beatenShare: Double
        /// The coherence by the landmarks of the row so many rows further on.
        package var shifted: [Int: Double]

        /// Creates evidence.
        package init(own: Double, random: Double, beatenShare: Double, shifted: [Int: Double]) {
            self.own = own
            self.random = random
            self.beatenShare = beatenShare
            self.shifted = shifted
        }
    }

    private static let offsets = [-3, -2, -1, 1, 2, 3]
    private static let permutations = 3
    /// Landmarks of another row that lie closer than this, in pixels of the crop, tell nothing.
    private static let smallestSpread = 8.0

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard !examination.population.areAligned else { return DoctorCheckResult("not applicable: no landmarks") }
        let spread = Self.spread(examination)
        guard spread > Self.smallestSpread else {
            return DoctorCheckResult("not applicable: all pictures have nearly the same landmarks")
        }
        let evidence = measure(examination)
        let summary =
            "fit to the mean face: \(Words.number(evidence.own)) with their own landmarks, "
            + "\(Words.number(evidence.random)) with another row's, which fits as well for "
            + Words.percent(evidence.beatenShare)
        return DoctorCheckResult(summary, findings(evidence))
    }

    /// Judges the evidence.
    package func findings(_ evidence: Evidence) -> [DoctorFinding] {
        let numbers =
            "crops fit their mean with a correlation of \(Words.number(evidence.own)); with landmarks of random other rows "
            + "\(Words.number(evidence.random))"
        let contrast = max(0.02, evidence.own - evidence.random)
        if let best = evidence.shifted.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
            best.value - evidence.own > max(0.05, contrast)
        {
            let direction = best.key > 0 ? "later" : "earlier"
            return [
                DoctorFinding(
                    .culprit,
                    check: name,
                    "The landmark rows are shifted: an image's landmarks stand \(Words.count(abs(best.key), "row")) "
                        + "\(direction) than the image.",
                    likelihood: 0.99,
                    evidence: [
                        numbers, "with those of the row \(abs(best.key)) \(direction): \(Words.number(best.value))",
                    ],
                    remedy:
                        "A line is missing or too many in the image list or the landmark file: bring them into step."
                )
            ]
        }
        guard evidence.beatenShare > 0.08 else { return [] }
        let isAll = evidence.beatenShare > 0.4
        return [
            DoctorFinding(
                .culprit,
                check: name,
                isAll
                    ? "The landmark rows do not belong to the image rows: another image's landmarks fit as well."
                    : "Some landmark rows do not belong to their image rows (about "
                        + Words.percent(min(1, 2 * evidence.beatenShare)) + " of them).",
                likelihood: isAll ? 0.98 : 0.9,
                evidence: [
                    numbers,
                    "for \(Words.percent(evidence.beatenShare)) of the faces another row's landmarks fit at least as well "
                        + "(50 % if the rows are shuffled)",
                ],
                remedy: "Write the landmark file again, one line for each line of the image list and in its order; the "
                    + "coordinates must have been found in that very image."
            )
        ]
    }

    private func measure(_ examination: Examination) -> Evidence {
        let own = CropCoherence(examination.aligned(examination.user))
        let fits = own.correlations(of: own)
        var generator = SeededGenerator(seed: 1, stream: 0x726f77)
        var (sum, beaten, compared) = (0.0, 0, 0)
        for _ in 0..<Self.permutations {
            let order = generator.permutation(of: examination.faces.count)
            let other = Self.coherence(examination) { examination.faces[order[$0]].landmarks }
            let otherFits = own.correlations(of: other)
            for face in order.indices {
                guard let fit = fits[face], Self.distance(examination, face, order[face]) > Self.smallestSpread else {
                    continue
                }
                // A face that the other landmarks lead out of its picture fits badly.
                compared += 1
                sum += otherFits[face] ?? 0
                if otherFits[face] ?? -1 >= fit { beaten += 1 }
            }
        }
        var shifted: [Int: Double] = [:]
        for offset in Self.offsets {
            let rows = examination.population.count
            shifted[offset] =
                Self.coherence(examination) { index in
                    let row = examination.faces[index].row + offset
                    return (0..<rows).contains(row) ? examination.population.face(row).landmarks : nil
                }
                .mean
        }
        return Evidence(
            own: own.mean,
            random: compared > 0 ? sum / Double(compared) : .nan,
            beatenShare: compared > 0 ? Double(beaten) / Double(compared) : 0,
            shifted: shifted.filter { !$0.value.isNaN }
        )
    }

    private static func coherence(_ examination: Examination, _ landmarks: (Int) -> [Double]?) -> CropCoherence {
        let faces = examination.faces.indices.map { index in
            var face = examination.faces[index]
            face.landmarks = landmarks(index) ?? face.landmarks
            return face
        }
        return CropCoherence(
            AlignedFaces(
                faces,
                preprocessing: examination.user.preprocessing,
                assumedTemplate: examination.user.preprocessing.template,
                extraction: examination.extraction,
                threads: examination.threads
            )
        )
    }

    /// The median of how far the landmarks of neighbours in the sample lie from a face's own.
    private static func spread(_ examination: Examination) -> Double {
        let distances = examination.faces.indices.dropFirst().map { distance(examination, $0, $0 - 1) }.sorted()
        return distances.isEmpty ? 0 : distances[distances.count / 2]
    }

    /// How far another face's nose lies from a face's own, in pixels of a crop 112 high.
    private static func distance(_ examination: Examination, _ face: Int, _ other: Int) -> Double {
        func landmarks(_ index: Int) -> FaceLandmarks? {
            examination.faces[index].landmarks.flatMap { try? FaceLandmarks(coordinates: $0) }
        }
        let template = FaceTemplate.arcface.points.points
        guard let own = landmarks(face), let other = landmarks(other),
            let alignment = SimilarityTransform.leastSquares(from: own.points, to: template)
        else { return 0 }
        let difference = alignment.apply(own.nose) - alignment.apply(other.nose)
        return hypot(difference.x, difference.y)
    }
}
