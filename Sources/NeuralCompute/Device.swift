public import ArtifactFiles
public import NeuralGraph

/// Something that runs graphs and computes with matrices: this machine's CPU, plain loops for tests, later a GPU.
///
/// Whatever stands above it, from the evaluation to the last distillation method, is written against this protocol and
/// never sees a device's memory or threads. Numbers come to the host by name: ``matrix(of:)``, a scalar loss, a norm.
/// A device belongs to one caller at a time, but for ``InferencePlan`` and its workers, which any number of threads use.
public protocol Device: AnyObject, Sendable {
    /// The name that users choose it by: `cpu`, `reference`.
    var name: String { get }

    // MARK: Executables

    /// Compiles a graph for inference.
    ///
    /// - Parameters:
    ///   - graph: The network as it was read.
    ///   - weights: Its parameters.
    ///   - options: How to compute.
    /// - Returns: A plan that any number of workers run at once.
    /// - Throws: ``InputError`` that names a missing or misshapen parameter.
    func inferencePlan(
        graph: Graph,
        weights: Weights,
        options: InferenceOptions
    ) throws(InputError) -> any InferencePlan

    /// Compiles a graph to run whole batches, for networks whose outputs stay on the device: teachers.
    ///
    /// - Throws: ``InputError`` that names a missing or misshapen parameter.
    func batchInference(graph: Graph, weights: Weights) throws(InputError) -> any BatchInference

    /// Compiles a graph for training.
    ///
    /// - Parameters:
    ///   - graph: The network as it was read or built, not rewritten for inference.
    ///   - weights: Its parameters at the start.
    ///   - options: How to compute.
    /// - Throws: ``InputError`` that names a missing or misshapen parameter or an unknown tap, or says what of the graph
    ///   this device does not train.
    func trainingPlan(
        graph: Graph,
        weights: Weights,
        options: TrainingOptions
    ) throws(InputError) -> any TrainingPlan

    // MARK: Memory

    /// A matrix in the device's memory; its elements are undefined until written.
    func makeTensor(rows: Int, columns: Int) -> DeviceTensor

    /// The elements of a tensor, copied to the host: waits for whatever computes them.
    func matrix(of tensor: DeviceTensor) -> Matrix

    /// Copies whole rows from the host.
    ///
    /// - Parameters:
    ///   - elements: A whole number of rows, row by row.
    ///   - tensor: What they are written to.
    ///   - row: Where the first goes.
    func write(_ elements: [Float], to tensor: DeviceTensor, fromRow row: Int)

    /// Copies rows from one tensor to another of the same number of columns.
    func copy(_ rows: Range<Int>, of source: DeviceTensor, to target: DeviceTensor, fromRow row: Int)

    /// Writes rows of one tensor to rows of another by their indices.
    func scatter(_ source: DeviceTensor, toRows rows: [Int], of target: DeviceTensor)

    // MARK: Arithmetic

    /// Computes an operation's value, and says how a gradient goes back through it.
    ///
    /// - Parameters:
    ///   - operation: What to compute; shapes are checked by whoever records it.
    ///   - inputs: Its operands.
    func apply(_ operation: TensorOperation, to inputs: [DeviceTensor]) -> OperationResult

    /// sum ← sum + term, element by element.
    func add(_ term: DeviceTensor, to sum: DeviceTensor)

    /// Every element ← value.
    func fill(_ tensor: DeviceTensor, with value: Float)

    /// Every element ← factor · element.
    func scale(_ tensor: DeviceTensor, by factor: Float)

    /// Σ x² of each tensor, summed in double precision; not finite where an element is not.
    func squaredNorms(of tensors: [DeviceTensor]) -> [Double]

    /// One step of an optimiser.
    ///
    /// - Parameters:
    ///   - rule: The optimiser.
    ///   - updates: What is changed.
    ///   - learningRate: Of this step.
    ///   - step: Updates before this one.
    func update(_ rule: UpdateRule, _ updates: [ParameterUpdate], learningRate: Float, step: Int)

    /// The first operation that failed, for want of memory or because the device vanished; nil on devices that cannot fail.
    ///
    /// What was computed since then is not to be used.
    var failure: InputError? { get }
}

/// What an optimiser changes, and what by.
public struct ParameterUpdate {
    /// The parameter's value.
    public let parameter: DeviceTensor
    /// Its gradient, or that of ``rows``.
    public let gradient: DeviceTensor
    /// ``UpdateRule/slotCount`` tensors of the parameter's shape, 0 before the first step.
    public let slots: [DeviceTensor]
    /// Indices of the rows that the gradient's rows belong to; nil for all.
    ///
    /// Other rows and their slots stay as they are.
    public let rows: [Int]?
    /// 0 for parameters that are spared.
    public let weightDecay: Float

    /// An update of all rows, or of some.
    public init(
        _ parameter: DeviceTensor,
        gradient: DeviceTensor,
        slots: [DeviceTensor],
        rows: [Int]? = nil,
        weightDecay: Float = 0
    ) {
        self.parameter = parameter
        self.gradient = gradient
        self.slots = slots
        self.rows = rows
        self.weightDecay = weightDecay
    }
}

extension Device {
    /// Nil.
    public var failure: InputError? { nil }

    /// A matrix in the device's memory, copied from the host.
    public func tensor(_ matrix: Matrix) -> DeviceTensor {
        let tensor = makeTensor(rows: matrix.rows, columns: matrix.columns)
        write(matrix.elements, to: tensor, fromRow: 0)
        return tensor
    }

    /// A matrix of zeros in the device's memory.
    public func zeros(rows: Int, columns: Int) -> DeviceTensor {
        let tensor = makeTensor(rows: rows, columns: columns)
        fill(tensor, with: 0)
        return tensor
    }
}

/// A matrix of numbers in a device's memory, row-major.
///
/// Only its device knows where the numbers are; each device has a subclass of its own.
public class DeviceTensor {
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int

    package init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "\(rows) × \(columns)")
        self.rows = rows
        self.columns = columns
    }

    /// The number of elements.
    public var count: Int { rows * columns }
}

/// An operation's value, and how a gradient goes back through it.
public struct OperationResult {
    /// The value.
    public let value: DeviceTensor
    /// Adds to the gradients of the operands, given that of the value.
    ///
    /// `upstream` may be overwritten. An operand whose gradient nobody wants has no slot.
    public let pullback: (_ upstream: DeviceTensor, _ gradients: [GradientSlot?]) -> Void

    package init(_ value: DeviceTensor, pullback: @escaping (DeviceTensor, [GradientSlot?]) -> Void) {
        self.value = value
        self.pullback = pullback
    }
}

/// Where the terms of one value's gradient are added up during a backward pass.
///
/// The first term is written and not added, so that memory that was lent for the result need not be cleared.
public final class GradientSlot {
    /// The sum so far; nil until there is a term.
    public private(set) var tensor: DeviceTensor?
    let rows: Int
    let columns: Int
    private let lent: DeviceTensor?

    /// - Parameters:
    ///   - value: What the gradient is of.
    ///   - lent: Memory of the caller's that the gradient is to be in.
    package init(of value: DeviceTensor, lent: DeviceTensor? = nil) {
        (rows, columns) = (value.rows, value.columns)
        self.lent = lent
    }

    /// The memory for the next term, and whether it already holds terms to add to.
    package func next(_ make: () -> DeviceTensor) -> (tensor: DeviceTensor, holdsSum: Bool) {
        if let tensor { return (tensor, true) }
        let fresh = lent ?? make()
        tensor = fresh
        return (fresh, false)
    }

    package func clear() { tensor = nil }
}

/// Images in host memory on their way to a device: `[count, height, width, channels]`, preprocessed.
public protocol ImageValues {
    /// Lends the numbers.
    func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension [Float]: ImageValues {}

// MARK: Devices by name

/// A kind of device as users name it: `cpu`, or `kind:detail` where one of several is meant.
public struct DeviceKind: Sendable {
    /// The name before a colon.
    public let name: String
    /// One line of what it is.
    public let summary: String
    /// Opens it; `detail` is what follows the name's colon.
    let open: @Sendable (_ detail: String?, _ threads: Int) throws(InputError) -> any Device
    /// The devices of this kind that this machine has, or why it has none.
    let find: @Sendable () throws(InputError) -> [DeviceListing]

    /// The devices of this kind that this machine has.
    ///
    /// - Throws: ``InputError`` that says what was looked for and what to install.
    public func listings() throws(InputError) -> [DeviceListing] { try find() }
}

/// A device that is there.
public struct DeviceListing: Hashable, Sendable {
    /// The name that users choose it by.
    public let name: String
    /// What is known of it: version, memory.
    public let text: String
}

/// The devices that exist.
public enum Devices {
    /// One line each; the first is the default.
    public static let all: [DeviceKind] = [CPUDevice.kind, TorchDevice.kind, ReferenceDevice.kind]

    /// Opens a device.
    ///
    /// - Parameters:
    ///   - name: `cpu`, `torch:cuda:1`.
    ///   - threads: How many of the host's threads it may use; results do not depend on it.
    /// - Throws: ``InputError`` (`unknownName`) that lists the known ones, or what the device says of itself.
    public static func open(_ name: String = all[0].name, threads: Int) throws(InputError) -> any Device {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = all.first(where: { $0.name == parts[0] }) else {
            throw .unknownName(name, kind: "device", known: all.map(\.name))
        }
        return try kind.open(parts.count > 1 ? parts[1] : nil, threads)
    }
}

extension DeviceKind {
    /// A kind of which there is one: a detail is an error.
    init(only name: String, _ summary: String, open: @escaping @Sendable (_ threads: Int) -> any Device) {
        self.init(
            name: name,
            summary: summary,
            open: { detail, threads throws(InputError) in
                if let detail {
                    throw InputError(
                        .usage,
                        "there is one device '\(name)'",
                        expected: name,
                        found: "\(name):\(detail)"
                    )
                }
                return open(threads)
            },
            find: { () throws(InputError) in [DeviceListing(name: name, text: summary)] }
        )
    }
}
