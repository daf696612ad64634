internal import FaceEvaluation

/// Whether the embeddings are numbers that differ from face to face.
package struct OutputCheck: DoctorCheck {
    package let name = "embeddings"
    package let question = "Are the embeddings finite, and do they use their dimensions?"

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard let embeddings = examination.embeddings(examination.user),
            let separation = try examination.separation(examination.user)
        else {
            let problem = examination.brokenOutput.map { "\($0)" } ?? "no embedding"
            return DoctorCheckResult(
                "no usable output",
                [
                    DoctorFinding(
                        .culprit,
                        check: name,
                        "The network's output is of no use with these settings.",
                        likelihood: 0.98,
                        evidence: [Words.visible(problem)],
                        remedy: "Look at the weights (`verifar checkpoint inspect`) and at the normalisation."
                    )
                ]
            )
        }
        let effective = Self.effectiveDimensions(embeddings.values, embeddings.isEmbedded)
        let summary =
            "\(Words.number(effective, 1)) effective of \(embeddings.dimensions) dimensions, "
            + "mean cosine of strangers \(Words.number(separation.impostorMean, 3))"
        return DoctorCheckResult(
            summary,
            findings(effective: effective, dimensions: embeddings.dimensions, strangers: separation.impostorMean)
        )
    }

    /// Judges how far the embeddings have collapsed.
    package func findings(effective: Double, dimensions: Int, strangers: Double) -> [DoctorFinding] {
        guard strangers > 0.9 || effective < 3 else { return [] }
        return [
            DoctorFinding(
                strangers > 0.999 || effective < 1.5 ? .culprit : .warning,
                check: name,
                "The embeddings have collapsed: every face gets nearly the same one.",
                likelihood: 0.7,
                evidence: [
                    "mean cosine of different people \(Words.number(strangers, 3))",
                    "\(Words.number(effective, 1)) effective dimensions of \(dimensions)",
                ],
                remedy: "That is how networks look that are not trained, or whose normalisation layers lost their "
                    + "statistics; a wrong normalisation of the pixels does it too."
            )
        ]
    }

    /// (Σλ)² / Σλ² of the covariance's eigenvalues: the dimensions that a cloud of points fills evenly.
    ///
    /// - Parameters:
    ///   - embeddings: `[faces, dimensions]`.
    ///   - isPresent: Faces that count.
    package static func effectiveDimensions(_ embeddings: [Float], _ isPresent: [Bool]) -> Double {
        let faces = isPresent.indices.filter { isPresent[$0] }
        guard faces.count >= 2, let dimensions = isPresent.isEmpty ? nil : embeddings.count / isPresent.count else {
            return 0
        }
        var mean = [Double](repeating: 0, count: dimensions)
        for face in faces {
            for axis in 0..<dimensions { mean[axis] += Double(embeddings[face * dimensions + axis]) }
        }
        for axis in 0..<dimensions { mean[axis] /= Double(faces.count) }
        var centred = [Double](repeating: 0, count: faces.count * dimensions)
        for (place, face) in faces.enumerated() {
            for axis in 0..<dimensions {
                centred[place * dimensions + axis] = Double(embeddings[face * dimensions + axis]) - mean[axis]
            }
        }
        var (trace, squares) = (0.0, 0.0)
        centred.withUnsafeBufferPointer { centred in
            for first in faces.indices {
                for second in faces.indices {
                    var product = 0.0
                    for axis in 0..<dimensions {
                        product += centred[first * dimensions + axis] * centred[second * dimensions + axis]
                    }
                    squares += product * product
                    if first == second { trace += product }
                }
            }
        }
        return squares > 0 ? trace * trace / squares : 0
    }
}
