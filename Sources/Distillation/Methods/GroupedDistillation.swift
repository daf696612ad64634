public import ArtifactFiles
internal import NeuralCompute
public import NeuralTraining

/// `gkd`: divergence among the classes that hold most of the student's probability, and of the share that they hold.
///
/// Zhao et al., *Grouped Knowledge Distillation for Deep Face Recognition*, arXiv 2304.04462, as `gkd_loss_student_base` in
/// gkd_adaptive.py of WisonZ/GKD. The n classes with the student's highest logits, the label always among them, are the
/// primary group; n is the least of 1, 101, 201 … for which the batch's mean probabilities (temperature 1), sorted, sum to
/// `share`. Primary-KD, the divergence within the group (`gkd.primary`, 8), and Binary-KD, that of the two groups' shares
/// (`gkd.binary`, 1), each times T²/B; the divergence among the rest is left out. Both are weighted min(epoch / warm-up, 1).
/// The paper's share is 0.93, its weights 8 and 1, T = 4, warm-up 10 epochs; `classes` fixes n, as distillation/gkd.py there
/// (10,000).
///
/// Divergences: logits are s·cosθ without the margins that the published code keeps in them; the epoch is the number of
/// epochs done, with its fraction, instead of one counted from 1; where no n reaches the share the group is all classes (an
/// error there), and then there is no binary divergence; of equal logits the earlier class is in the group.
public final class GroupedDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// The weight of Primary-KD.
        public var primaryWeight: Float
        /// The weight of Binary-KD.
        public var binaryWeight: Float
        /// The probability that the primary group holds.
        public var share: Float
        /// By how many classes the group grows until it does.
        public var growth: Int
        /// A number of classes in place of ``share``.
        public var classes: Int?
        /// T.
        public var temperature: Float
        /// Epochs until the full weight; 0 for none.
        public var warmUpEpochs: Float
        /// Replaces the scale of both cosine classifiers.
        public var scale: Float?

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case primaryWeight = "primary-weight"
            case binaryWeight = "binary-weight"
            case share
            case growth
            case classes
            case temperature
            case warmUpEpochs = "warm-up-epochs"
            case scale

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .primaryWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().primaryWeight),
                        "The weight of Primary-KD.",
                        example: "4"
                    )
                case .binaryWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().binaryWeight),
                        "The weight of Binary-KD.",
                        example: "2"
                    )
                case .share:
                    .init(
                        .number(.above(0, upTo: 1)),
                        .standard(Settings().share),
                        "The probability that the primary group holds.",
                        example: "0.9"
                    )
                case .growth:
                    .init(
                        .integer(.atLeast(1)),
                        .standard(Settings().growth),
                        "By how many classes the group grows until it does.",
                        example: "10"
                    )
                case .classes:
                    .init(
                        .integer(.atLeast(1)),
                        .without("`share` decides"),
                        "A number of classes in place of `share`.",
                        example: "100"
                    )
                case .temperature:
                    .init(
                        .number(.above(0)),
                        .standard(Settings().temperature),
                        "T: softens both sides' class probabilities.",
                        example: "2"
                    )
                case .warmUpEpochs:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().warmUpEpochs),
                        "Epochs until the full weight; 0 for none.",
                        example: "5"
                    )
                case .scale:
                    .init(
                        .number(.above(0)),
                        .without("each classifier's own"),
                        "Replaces the scale s of both cosine classifiers.",
                        example: "32"
                    )
                }
            }
        }

        /// The paper's.
        public init(
            primaryWeight: Float = 8,
            binaryWeight: Float = 1,
            share: Float = 0.93,
            growth: Int = 100,
            classes: Int? = nil,
            temperature: Float = 4,
            warmUpEpochs: Float = 10,
            scale: Float? = nil
        ) {
            self.primaryWeight = primaryWeight
            self.binaryWeight = binaryWeight
            self.share = share
            self.growth = growth
            self.classes = classes
            self.temperature = temperature
            self.warmUpEpochs = warmUpEpochs
            self.scale = scale
        }
    }

    /// The name in recipes.
    public static let name = "gkd"
    /// What takes a class out of a softmax.
    private static let removal: Float = 1000
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((settings.scale ?? 1) > 0, "scale", expected: "above 0", found: settings.scale ?? 0)
        try Self.require(
            settings.share > 0 && settings.share <= 1,
            "share",
            expected: "above 0, at most 1",
            found: settings.share
        )
        try Self.require(settings.growth > 0, "growth", expected: "above 0", found: settings.growth)
        try Self.require((settings.classes ?? 1) > 0, "classes", expected: "above 0", found: settings.classes ?? 0)
        try Self.require(
            settings.warmUpEpochs >= 0,
            "warm-up-epochs",
            expected: "0 or more",
            found: settings.warmUpEpochs
        )
        self.settings = settings
    }

    /// Both classifiers.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .teacherLogits, .studentClassifier] }

    /// `gkd.primary` and `gkd.binary`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let temperature = settings.temperature
        let student = try context.studentLogits(scale: settings.scale)
        let teacher = try context.teacherLogits(scale: settings.scale)
        let groups = groups(student.detached, context.headLabels)
        let warmUp = settings.warmUpEpochs > 0 ? min(Float(context.epoch) / settings.warmUpEpochs, 1) : 1
        func terms(_ primary: TapeValue, _ binary: TapeValue) -> [LossTerm] {
            [
                LossTerm("gkd.primary", primary, weight: warmUp * settings.primaryWeight),
                LossTerm("gkd.binary", binary, weight: warmUp * settings.binaryWeight),
            ]
        }
        guard let groups else {
            let all = student.klDivergence(fromTeacher: teacher, temperature: temperature)
            return terms(all, context.tape.constant(Matrix(rows: 1, columns: 1)))
        }
        let (withoutRest, withoutPrimary) = (
            context.tape.constant(groups.restRemoval), context.tape.constant(groups.primaryRemoval)
        )
        func primary(_ logits: TapeValue) -> TapeValue { logits + withoutRest }
        func rest(_ logits: TapeValue) -> TapeValue { logits + withoutPrimary }
        /// Logarithms of both groups' shares: what a class of theirs has among all, over what it has in its group.
        func shares(_ logits: TapeValue) -> TapeValue {
            let all = (logits / temperature).logSoftmax
            func share(_ group: TapeValue, _ witnesses: [Int]) -> TapeValue {
                all.elements(inColumns: witnesses)
                    - (group / temperature).logSoftmax.elements(inColumns: witnesses)
            }
            return share(primary(logits), context.headLabels).beside(share(rest(logits), groups.outsiders))
        }
        let (s, t) = (shares(student), shares(teacher))
        let binary = temperature * temperature / Float(context.batchSize) * (t.exponential * (t - s)).sum
        return terms(
            primary(student).klDivergence(fromTeacher: primary(teacher), temperature: temperature),
            binary
        )
    }

    /// For each row what is added to logits so that one group is left: 0 in it, far below 0 in the other.
    private struct Groups {
        /// Leaves the primary group.
        var restRemoval: Matrix
        /// Leaves the rest.
        var primaryRemoval: Matrix
        /// A class of the rest for each row.
        var outsiders: [Int]
    }

    /// - Returns: nil where the primary group is all classes.
    private func groups(_ logits: TapeValue, _ labels: [Int]) -> Groups? {
        let (rows, columns) = (logits.rows, logits.columns)
        let size = settings.classes ?? groupSize(logits)
        guard size < columns else { return nil }
        let values = logits.matrix
        let removed = -Self.removal * settings.temperature
        var groups = Groups(
            restRemoval: Matrix(rows: rows, columns: columns, repeating: removed),
            primaryRemoval: Matrix(rows: rows, columns: columns),
            outsiders: []
        )
        for row in 0..<rows {
            var scores = Array(values.row(row))
            scores[labels[row]] = .infinity
            let least = Self.element(ofRank: size - 1, in: scores)
            var ties = size - scores.count { $0 > least }
            for (column, score) in scores.enumerated() where score > least || (score == least && ties > 0) {
                if score == least { ties -= 1 }
                groups.restRemoval[row, column] = 0
                groups.primaryRemoval[row, column] = removed
            }
            groups.outsiders.append(groups.primaryRemoval.row(row).firstIndex(of: 0).map { $0 - row * columns } ?? 0)
        }
        return groups
    }

    /// The least of 1, 1 + growth … for which the batch's mean probabilities, sorted, sum to the share.
    private func groupSize(_ logits: TapeValue) -> Int {
        let sums = logits.logSoftmax.exponential.columnSums.matrix.elements.sorted(by: >)
        let wanted = Double(settings.share) * Double(logits.rows)
        var (total, count) = (0.0, 0)
        for size in stride(from: 1, to: logits.columns, by: settings.growth) {
            while count < size {
                total += Double(sums[count])
                count += 1
            }
            if total >= wanted { return size }
        }
        return logits.columns
    }

    /// The element that this many precede in descending order, without sorting.
    private static func element(ofRank rank: Int, in values: [Float]) -> Float {
        var (candidates, rank) = (values, rank)
        while true {
            let pivot = candidates[candidates.count / 2]
            let above = candidates.filter { $0 > pivot }
            if rank < above.count {
                candidates = above
                continue
            }
            let below = candidates.filter { $0 < pivot }
            let equal = candidates.count - above.count - below.count
            // NaN is neither above nor below: the loss will show it.
            if rank < above.count + equal || below.isEmpty { return pivot }
            rank -= above.count + equal
            candidates = below
        }
    }
}
