public import ArtifactFiles
internal import NeuralCompute
public import NeuralTraining

/// `rkd`: distances and angles among the embeddings of a batch.
///
/// Park, Kim, Lu and Cho, *Relational Knowledge Distillation*, arXiv 1904.05068, as RepDistiller's `RKDLoss`: Huber's
/// function of the difference of distances, each divided by the mean of the positive ones, and of the difference of
/// angles' cosines at every anchor; means over B² and B³ entries, weighted 25 and 50.
///
/// Embeddings are taken as they are; `normalized: true` compares unit vectors. Lengths may differ. The angles are gone
/// through anchor by anchor: memory grows with B², not with B³.
public final class RelationalDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// The factor of distances.
        public var distanceWeight: Float
        /// The factor of angles.
        public var angleWeight: Float
        /// Whether embeddings are normalised first.
        public var normalized: Bool

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case distanceWeight = "distance-weight"
            case angleWeight = "angle-weight"
            case normalized

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .distanceWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().distanceWeight),
                        "The factor of distances.",
                        example: "1"
                    )
                case .angleWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().angleWeight),
                        "The factor of angles.",
                        example: "2"
                    )
                case .normalized:
                    .init(
                        .flag,
                        .standard(Settings().normalized),
                        "Whether embeddings are normalised first.",
                        example: "true"
                    )
                }
            }
        }

        /// RepDistiller's weights, 25 and 50.
        public init(distanceWeight: Float = 25, angleWeight: Float = 50, normalized: Bool = false) {
            self.distanceWeight = distanceWeight
            self.angleWeight = angleWeight
            self.normalized = normalized
        }
    }

    /// The name in recipes.
    public static let name = "rkd"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) { self.settings = settings }

    /// The teacher's embeddings, of any length.
    public var needs: DistillationNeeds { .teacherEmbeddings }

    /// `rkd.distance` and `rkd.angle`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let isNormalized = settings.normalized
        let student = isNormalized ? context.embeddings.normalizedRows() : context.embeddings
        let teacher = isNormalized ? context.teacherEmbeddings.normalizedRows() : context.teacherEmbeddings
        let difference = Self.relativeDistances(student) - Self.relativeDistances(teacher)
        return [
            LossTerm("rkd.distance", difference.smoothAbsolute.mean, weight: settings.distanceWeight),
            LossTerm("rkd.angle", Self.angles(student, teacher), weight: settings.angleWeight),
        ]
    }

    /// Distances divided by the mean of those of different faces, `[batch, batch]`.
    private static func relativeDistances(_ embeddings: TapeValue) -> TapeValue {
        let count = embeddings.rows
        let squares = embeddings.squared.rowSums
        let gram = embeddings.times(transposed: embeddings)
        let squared = (squares + squares.transposed - 2 * gram).clamped(to: 1e-12...Float.greatestFiniteMagnitude)
        var mask = Matrix(rows: count, columns: count, repeating: 1)
        for index in 0..<count { mask[index, index] = 0 }
        let distances = squared.squareRoot * embeddings.tape.constant(mask)
        // Off the diagonal every distance is at least 1e-6, so that all of them are positive.
        return distances / (distances.sum / Float(max(1, count * (count - 1))))
    }

    /// The mean over all triples of Huber's function of the difference of cosines, `[1, 1]`.
    ///
    /// The gradient is computed on the way: what an anchor needs is forgotten after it.
    private static func angles(_ student: TapeValue, _ teacher: TapeValue) -> TapeValue {
        let (device, count) = (student.tape.device, student.rows)
        let scale = 1 / Float(count * count * count)
        var total = 0.0
        let gradient = device.zeros(rows: count, columns: student.columns)
        for anchor in 0..<count {
            let tape = Tape(device: device)
            let leaf = student.isDifferentiated ? tape.leaf(student.tensor) : tape.constant(student.tensor)
            let difference = cosines(leaf, anchor) - cosines(tape.constant(teacher.tensor), anchor)
            let loss = scale * difference.smoothAbsolute.sum
            total += Double(loss.scalar)
            guard student.isDifferentiated else { continue }
            tape.backward(from: loss)
            if let part = tape.gradientTensor(of: leaf) { device.add(part, to: gradient) }
        }
        return student.tape.differentiated(student, value: Float(total), gradient: gradient)
    }

    /// Cosines of the angles at one face between all pairs of others, `[batch, batch]`.
    private static func cosines(_ embeddings: TapeValue, _ anchor: Int) -> TapeValue {
        let directions = (embeddings - embeddings.rows([anchor])).normalizedRows()
        return directions.times(transposed: directions)
    }
}
