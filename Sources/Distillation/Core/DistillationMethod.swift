public import ArtifactFiles
public import NeuralGraph
public import NeuralTraining

/// Numbers of a method's own that the optimiser trains.
public struct ExtraParameter: Sendable {
    /// The name, unique in a run: it begins with the method's.
    public var name: String
    /// What it is for; decides on weight decay.
    public var role: ParameterSpecification.Role
    /// Its initial values, and its shape: on the tape the first axis is rows, the others are columns; one axis is a row.
    public var initial: Tensor

    /// A parameter.
    public init(_ name: String, role: ParameterSpecification.Role, initial: Tensor) {
        self.name = name
        self.role = role
        self.initial = initial
    }
}

/// Settings of a method as a recipe holds them.
public protocol DistillationSettingsSource {
    /// The settings in the method's own type.
    ///
    /// - Throws: `InputError` that names an unknown key or a value of the wrong type.
    func decoded<Settings: Decodable>(as type: Settings.Type) throws(InputError) -> Settings
}

/// A way of learning from a teacher: one file, and one line in ``DistillationMethods/all``.
///
/// A method belongs to one run and one thread. Everything it does follows from its settings, the problem, its parameters,
/// its state and the context of the step, so that a resumed run goes on with the same bytes.
public protocol DistillationMethod: AnyObject, SendableMetatype {
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
    /// Parameters of its own, with initial values drawn from the problem's seed.
    var parameters: [ExtraParameter] { get }
    /// State that is neither trained nor a function of the step, by names that begin with the method's.
    var state: [String: Tensor] { get }
    /// Puts back what ``state`` gave.
    ///
    /// - Throws: `InputError` that names what is missing or misshapen.
    func restore(_ state: [String: Tensor]) throws(InputError)

    /// The parts of the loss, always the same names in the same order.
    func terms(_ context: DistillationContext) throws(InputError) -> [LossTerm]
    /// Called after the way back, when the step was sound: the time to move queues and memories on.
    func finishStep(_ context: DistillationContext)
}

extension DistillationMethod {
    /// False.
    public var replacesClassificationLoss: Bool { false }
    /// False.
    public var reusesTeacherClassifier: Bool { false }
    /// None.
    public var parameters: [ExtraParameter] { [] }
    /// None.
    public var state: [String: Tensor] { [:] }
    /// Nothing to put back.
    public func restore(_ state: [String: Tensor]) throws(InputError) {}
    /// Nothing to move on.
    public func finishStep(_ context: DistillationContext) {}

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
