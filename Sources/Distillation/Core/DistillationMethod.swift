public import ArtifactFiles
internal import NeuralGraph
public import NeuralTraining

/// Settings of a method as a recipe holds them.
public protocol DistillationSettingsSource {
    /// The settings in the method's own type.
    ///
    /// - Throws: `InputError` that names an unknown key or a value of the wrong type.
    func decoded<Settings: Decodable>(as type: Settings.Type) throws(InputError) -> Settings
}

/// A way of learning from a teacher: one file, and one line in ``DistillationMethods/all``.
public protocol DistillationMethod: TrainingLoss, SendableMetatype {
    /// What a recipe may say of it.
    associatedtype Settings: SettingsSection

    /// The name in recipes and logs.
    static var name: String { get }

    /// A method for a problem.
    ///
    /// - Throws: `InputError` that names a setting out of range or what of the problem does not fit.
    init(settings: Settings, problem: DistillationProblem) throws(InputError)

    /// What it works with; the trainer refuses a run that lacks it.
    var needs: DistillationNeeds { get }
    /// Whether it stands in place of the student's own classification loss, which then has weight 0 unless a recipe says
    /// otherwise.
    var replacesClassificationLoss: Bool { get }
    /// Whether the teacher's classifier becomes the student's, frozen, where a recipe names no other.
    var reusesTeacherClassifier: Bool { get }
}

extension DistillationMethod {
    /// False.
    public var replacesClassificationLoss: Bool { false }
    /// False.
    public var reusesTeacherClassifier: Bool { false }

    /// The method's name.
    public var name: String { Self.name }

    /// A method from a recipe's settings, after a check that the problem has what it needs.
    ///
    /// - Throws: `InputError` that names the setting or the need.
    public static func make(
        _ source: some DistillationSettingsSource,
        problem: DistillationProblem
    ) throws(InputError) -> Self {
        try make(settings: source.decoded(as: Settings.self), problem: problem)
    }

    /// A method from its settings, after a check that the problem has what it needs.
    ///
    /// - Throws: `InputError` that names the setting or the need.
    public static func make(settings: Settings, problem: DistillationProblem) throws(InputError) -> Self {
        let method = try Self(settings: settings, problem: problem)
        try problem.check(method.needs, of: name)
        return method
    }

    /// The error of a setting that is out of range, if it is.
    static func require(
        _ condition: Bool,
        _ key: String,
        expected: String,
        found: some CustomStringConvertible
    ) throws(InputError) {
        if condition { return }
        throw InputError(
            .usage,
            "the setting is out of range",
            place: "method '\(name)', key \"\(key)\"",
            expected: expected,
            found: "\(found)"
        )
    }

    /// A saved array, checked.
    static func saved(_ key: String, shape: [Int], in state: [String: Tensor]) throws(InputError) -> [Float] {
        guard let tensor = state[key] else {
            throw InputError(.missing, "the state of a method is missing", place: "state '\(key)'")
        }
        guard tensor.shape == shape else {
            throw InputError(
                .mismatch,
                "the state of a method has another shape",
                place: "state '\(key)'",
                expected: "\(shape)",
                found: "\(tensor.shape)"
            )
        }
        return tensor.values
    }
}
