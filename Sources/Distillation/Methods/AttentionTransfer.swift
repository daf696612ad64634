public import ArtifactFiles
internal import NeuralGraph
public import NeuralTraining

/// `at`: where feature maps are strong.
///
/// Zagoruyko and Komodakis, *Paying More Attention to Attention*, arXiv 1612.03928, as RepDistiller's `Attention`: the mean
/// over channels of squares, normalised over positions; the mean squared difference of student's and teacher's, a term for
/// every pair of taps. The larger map is first averaged down to the smaller one's extent (`adaptive_avg_pool2d`).
public final class AttentionTransfer: DistillationMethod {
    /// Nothing.
    public struct Settings: SettingsSection {
        /// None.
        public enum CodingKeys: SettingsKey {
            /// There is none.
            public var about: KeyDescription { switch self {} }
        }

        /// Nothing to set.
        public init() {}

        /// Refuses every key, where the decoder does.
        public init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: CodingKeys.self) }
    }

    /// The name in recipes.
    public static let name = "at"

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        for (index, pair) in zip(problem.studentTaps, problem.teacherTaps).enumerated() {
            let (s, t) = (pair.0.extent, pair.1.extent)
            let isOrdered = (s.height >= t.height && s.width >= t.width) || (s.height <= t.height && s.width <= t.width)
            try Self.require(
                isOrdered,
                "taps",
                expected: "one map of pair \(index) no larger than the other",
                found: "\(pair.0) and \(pair.1)"
            )
        }
    }

    /// Feature maps.
    public var needs: DistillationNeeds { .featureTaps }

    /// `at.0`, `at.1` and so on.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        zip(context.studentTaps, context.teacherTaps).enumerated()
            .map { index, pair in
                let (student, teacher) = pair
                let (s, t) = (student.shape.extent, teacher.shape.extent)
                let extent = (height: min(s.height, t.height), width: min(s.width, t.width))
                let difference = Self.attention(student, extent) - Self.attention(teacher, extent)
                return LossTerm("at.\(index)", difference.squared.mean)
            }
    }

    /// `[batch, positions]`, rows of norm 1.
    private static func attention(_ maps: FeatureMaps, _ extent: (height: Int, width: Int)) -> TapeValue {
        let channels = maps.shape.channels
        let pooled = maps.averaged(to: extent)
        let positions = extent.height * extent.width
        let squares = pooled.squared.reshaped(rows: pooled.rows * positions, columns: channels).rowSums
        return (squares / Float(channels)).reshaped(rows: pooled.rows, columns: positions).normalizedRows()
    }
}
