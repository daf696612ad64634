internal import FaceEvaluation
internal import FaceImaging
internal import NeuralCompute
internal import NeuralGraph

/// Whether a face's embedding depends on the faces that it is computed with.
package struct BatchCheck: DoctorCheck {
    package let name = "batch"
    package let question = "Is a face's embedding the same alone and in a batch?"
    private static let faceCount = 7

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        let inputs = NetworkInputs(examination, count: Self.faceCount)
        guard inputs.count >= 2 else { return DoctorCheckResult("not applicable: too few crops") }
        let alone = (0..<inputs.count).flatMap { inputs.run(examination.network.plan, faces: $0..<$0 + 1) }
        let together = inputs.run(examination.network.plan, faces: 0..<inputs.count)
        let isSame = alone.map(\.bitPattern) == together.map(\.bitPattern)
        let summary = isSame ? "the same bytes alone and \(inputs.count) at a time" : "differs"
        guard !isSame else { return DoctorCheckResult(summary) }
        let largest = zip(alone, together).map { abs($0 - $1) }.max() ?? 0
        return DoctorCheckResult(
            summary,
            [
                DoctorFinding(
                    .culprit,
                    check: name,
                    "A face's embedding depends on the batch that it is in.",
                    likelihood: 0.9,
                    evidence: ["largest difference \(largest)"],
                    remedy: "Compute one face at a time, and report this: no plan may do that.",
                    options: "--batch 1"
                )
            ]
        )
    }
}

/// A few preprocessed faces of the sample.
struct NetworkInputs {
    let count: Int
    private let values: [Float]
    private let faceSize: Int

    init(_ examination: Examination, count most: Int) {
        let crops = examination.aligned(examination.user)
        let faces = crops.isPresent.indices.filter { crops.isPresent[$0] }.prefix(most)
        count = faces.count
        faceSize = crops.faceByteCount
        let bytes = faces.flatMap { crops.crop($0) }
        var values = [Float](repeating: 0, count: bytes.count)
        bytes.withUnsafeBufferPointer { bytes in
            values.withUnsafeMutableBufferPointer { values in
                examination.user.preprocessing.normalise(bytes, into: values)
            }
        }
        self.values = values
    }

    /// `[faces, dimensions]`.
    func run(_ plan: any InferencePlan, faces: Range<Int>) -> [Float] {
        var output = [Float](repeating: 0, count: faces.count * plan.outputShape.count)
        let worker = plan.makeWorker()
        values.withUnsafeBufferPointer { values in
            output.withUnsafeMutableBufferPointer { output in
                let part = values[faces.lowerBound * faceSize..<faces.upperBound * faceSize]
                worker.run(UnsafeBufferPointer(rebasing: part), count: faces.count, output: output)
            }
        }
        return output
    }

    /// The lowest cosine of corresponding rows.
    static func lowestCosine(_ left: [Float], _ right: [Float], dimensions: Int) -> Double {
        guard dimensions > 0, left.count == right.count, !left.isEmpty else { return .nan }
        return stride(from: 0, to: left.count, by: dimensions)
            .map { start in
                var (product, first, second) = (0.0, 0.0, 0.0)
                for place in start..<start + dimensions {
                    product += Double(left[place]) * Double(right[place])
                    first += Double(left[place]) * Double(left[place])
                    second += Double(right[place]) * Double(right[place])
                }
                return first > 0 && second > 0 ? product / (first * second).squareRoot() : 0
            }
            .min() ?? .nan
    }
}
