public import ArtifactFiles
internal import NeuralGraph
public import NeuralTraining
internal import SeededRandom

/// `fitnet`: the student's feature map, through a trained regressor, should be the teacher's.
///
/// Romero et al., *FitNets: Hints for Thin Deep Nets*, arXiv 1412.6550, as RepDistiller's and mdistiller's `ConvReg`: a
/// convolution that brings extent and channels to the teacher's (3×3 with stride 2, a transposed 4×4 with stride 2, or
/// unpadded with the kernel that the difference asks for), batch normalisation, ReLU; then the mean squared error. The
/// hint is one loss among others from the first step on, as there, and not the paper's first stage.
///
/// One regressor and one term for each pair of taps. Weights are `[teacher channels, kernel rows, kernel columns, student
/// channels]`. The normalisation uses the batch's statistics only: nothing reads the regressor after training.
public final class HintDistillation: DistillationMethod {
    /// Nothing.
    public typealias Settings = AttentionTransfer.Settings

    private struct Regressor {
        let prefix: String
        let geometry: RegressorGeometry
        let channels: Int
        let teacherChannels: Int
    }

    /// The name in recipes.
    public static let name = "fitnet"
    /// The constant under the root of a normalisation.
    private static let epsilon: Float = 1e-5
    /// The regressors' numbers.
    public let parameters: [ExtraParameter]
    private let regressors: [Regressor]

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        var (regressors, parameters): ([Regressor], [ExtraParameter]) = ([], [])
        for (index, pair) in zip(problem.studentTaps, problem.teacherTaps).enumerated() {
            guard let geometry = RegressorGeometry(student: pair.0.extent, teacher: pair.1.extent) else {
                throw InputError(
                    .unsupported,
                    "no regressor brings one feature map to the other",
                    place: "method 'fitnet', taps \(index)",
                    expected: "a student's map of twice, half or at least the teacher's extent \(pair.1)",
                    found: "\(pair.0)"
                )
            }
            let regressor = Regressor(
                prefix: "fitnet.\(index)",
                geometry: geometry,
                channels: pair.0.channels,
                teacherChannels: pair.1.channels
            )
            var generator = SeededGenerator(seed: problem.seed, stream: 0x6869_6e74 &+ UInt64(index))
            parameters += Self.parameters(of: regressor, &generator)
            regressors.append(regressor)
        }
        self.regressors = regressors
        self.parameters = parameters
    }

    /// Feature maps.
    public var needs: DistillationNeeds { .featureTaps }

    /// `fitnet.0`, `fitnet.1` and so on.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        var terms: [LossTerm] = []
        for (index, regressor) in regressors.enumerated() {
            let teacher = context.teacherTaps[index].value
            let student = try Self.regress(context.studentTaps[index], regressor, context)
            let difference = student.reshaped(rows: teacher.rows, columns: teacher.columns) - teacher
            terms.append(LossTerm("fitnet.\(index)", difference.squared.mean))
        }
        return terms
    }

    /// PyTorch's initial values: weight and bias uniform within ±1/√fan-in, scale 1, shift 0.
    private static func parameters(
        of regressor: Regressor,
        _ generator: inout SeededGenerator
    ) -> [ExtraParameter] {
        let (geometry, prefix) = (regressor.geometry, regressor.prefix)
        let taps = geometry.kernelHeight * geometry.kernelWidth
        // PyTorch takes a transposed convolution's fan-in from its output channels.
        let isTransposed = geometry.isTransposed
        let bound = 1 / Float(taps * (isTransposed ? regressor.teacherChannels : regressor.channels)).squareRoot()
        let count = regressor.teacherChannels
        let shape = [count, geometry.kernelHeight, geometry.kernelWidth, regressor.channels]
        let ones = Tensor(shape: [count], values: [Float](repeating: 1, count: count))
        let zeros = Tensor(shape: [count], values: [Float](repeating: 0, count: count))
        return [
            ExtraParameter(
                prefix + ".conv.weight",
                role: .convolutionWeight,
                initial: Tensor(uniform: shape, bound: bound, &generator)
            ),
            ExtraParameter(
                prefix + ".conv.bias",
                role: .bias,
                initial: Tensor(uniform: [count], bound: bound, &generator)
            ),
            ExtraParameter(prefix + ".bn.weight", role: .normalizationScale, initial: ones),
            ExtraParameter(prefix + ".bn.bias", role: .normalizationShift, initial: zeros),
        ]
    }

    /// `[batch × positions, teacher channels]`.
    private static func regress(
        _ maps: FeatureMaps,
        _ regressor: Regressor,
        _ context: LossContext
    ) throws(InputError) -> TapeValue {
        let windows = regressor.geometry.windows
        let depth = (windows.first?.count ?? 0) * regressor.channels
        let gathered = maps.value.gatheringPositions(windows, channels: regressor.channels)
            .reshaped(rows: maps.value.rows * windows.count, columns: depth)
        let weight = try context.parameter(regressor.prefix + ".conv.weight")
        let convolved = gathered.times(transposed: weight) + (try context.parameter(regressor.prefix + ".conv.bias"))
        let count = Float(convolved.rows)
        let centred = convolved - convolved.columnSums / count
        let deviation = (centred.squared.columnSums / count + epsilon).squareRoot
        let scaled = centred / deviation * (try context.parameter(regressor.prefix + ".bn.weight"))
        return (scaled + (try context.parameter(regressor.prefix + ".bn.bias"))).rectified
    }
}
