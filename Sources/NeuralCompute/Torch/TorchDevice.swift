public import ArtifactFiles
public import NeuralGraph
internal import Synchronization

/// PyTorch's library as a device: CUDA, ROCm and CPU, from the installation that the user has.
///
/// Single precision with PyTorch's own kernels; sums are formed as PyTorch forms them. An operation that fails (memory, a
/// device that vanished) is remembered as ``failure``, later ones compute nothing.
///
/// `@unchecked Sendable`: the failure is behind a lock, everything else is constant.
public final class TorchDevice: Device, @unchecked Sendable {
    /// The line of ``Devices/all``.
    static let kind = DeviceKind(
        name: "torch",
        summary: "PyTorch's library, where it is installed: torch:cuda, torch:cuda:1, torch:cpu",
        open: { detail, threads throws(InputError) in try TorchDevice(detail: detail, threads: threads) },
        find: { () throws(InputError) in
            let library = try TorchLibrary.open(threads: 1)
            let version = "PyTorch \(library.version) in \(library.folder)"
            var found = [DeviceListing(name: "torch:cpu", text: version)]
            switch library.cuda {
            case .failure(let error): found.append(DeviceListing(name: "torch:cuda", text: "not here: \(error)"))
            case .success:
                let memories = library.gpuMemories
                if memories.isEmpty {
                    found.append(DeviceListing(name: "torch:cuda", text: "not here: the CUDA driver finds no GPU"))
                }
                for (index, memory) in memories.enumerated() {
                    let text = "\(memory.free >> 20) of \(memory.total >> 20) MiB free, \(version)"
                    found.append(DeviceListing(name: "torch:cuda:\(index)", text: text))
                }
            }
            return found
        }
    )

    let library: TorchLibrary
    /// Whether tensors lie on a GPU.
    let isCUDA: Bool
    private let place: (kind: Int32, index: Int)
    private let threads: Int
    private let remembered = Mutex<InputError?>(nil)
    private let entries: Entries
    /// `torch:cuda:0`.
    public let name: String

    typealias BinaryEntry =
        @convention(c) (
            TorchLibrary.Handle, TorchLibrary.Handle, Double, UnsafeMutablePointer<TorchLibrary.Handle?>
        ) -> Int32
    typealias ScalarEntry =
        @convention(c) (TorchLibrary.Handle, Double, UnsafeMutablePointer<TorchLibrary.Handle?>) -> Int32
    typealias ShiftEntry =
        @convention(c) (TorchLibrary.Handle, Double, Double, UnsafeMutablePointer<TorchLibrary.Handle?>) -> Int32
    typealias PadEntry =
        @convention(c) (
            TorchLibrary.Handle, UnsafePointer<Int64>, Int64, UnsafePointer<CChar>, UnsafePointer<Double>?,
            UnsafeMutablePointer<TorchLibrary.Handle?>
        ) -> Int32

    /// Entry points for what takes a `Scalar`.
    private struct Entries {
        let add: BinaryEntry
        let addScalar: ShiftEntry
        let multiplyScalar: ScalarEntry
        let pad: PadEntry
    }

    /// Opens a device of PyTorch's.
    ///
    /// - Parameters:
    ///   - detail: `cpu`, `cuda`, `cuda:1`; the first GPU if there is one, else the CPU, if nil.
    ///   - threads: Threads that PyTorch may use on the CPU.
    /// - Throws: ``InputError`` that says what was looked for and what to install.
    public init(detail: String?, threads: Int) throws(InputError) {
        library = try TorchLibrary.open(threads: threads)
        self.threads = threads
        let detail = detail ?? (library.gpuMemories.isEmpty ? "cpu" : "cuda")
        let parts = detail.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.count) {
        case ("cpu", 1): (isCUDA, place) = (false, (library.cpuKind, 0))
        case ("cuda", 1): (isCUDA, place) = (true, (library.cudaKind, 0))
        case ("cuda", 2):
            guard let index = Int(parts[1]), index >= 0 else { throw Self.unknown(detail) }
            (isCUDA, place) = (true, (library.cudaKind, index))
        default: throw Self.unknown(detail)
        }
        if isCUDA {
            try library.cuda.get()
            let count = library.gpuMemories.count
            guard place.index < count else {
                let found = count == 0 ? "no GPU that the CUDA driver knows" : "\(count) GPUs"
                throw InputError(.missing, "there is no such GPU", expected: "torch:\(detail)", found: found)
            }
        }
        name = isCUDA ? "torch:cuda:\(place.index)" : "torch:cpu"
        let prefix = isCUDA ? "aoti_torch_cuda_" : "aoti_torch_cpu_"
        func entry<Function>(_ name: String, _ type: Function.Type, in library: TorchLibrary) throws(InputError)
            -> Function
        {
            guard let found = library.entry(prefix + name, as: type) else {
                throw InputError(.unsupported, "PyTorch's library lacks '\(prefix)\(name)'", found: library.version)
            }
            return found
        }
        entries = Entries(
            add: try entry("add_Tensor", BinaryEntry.self, in: library),
            addScalar: try entry("add_Scalar", ShiftEntry.self, in: library),
            multiplyScalar: try entry("mul_Scalar", ScalarEntry.self, in: library),
            pad: try entry("pad", PadEntry.self, in: library)
        )
        // A driver that is too old or a GPU that is not there shows with the first tensor.
        _ = zeros([1])
        if let failure { throw failure }
    }

    private static func unknown(_ detail: String) -> InputError {
        InputError(
            .unknownName,
            "no such device of PyTorch's",
            expected: "torch:cpu, torch:cuda or torch:cuda:1",
            found: "torch:\(detail)"
        )
    }

    // MARK: Failures

    /// The first operation that failed.
    public var failure: InputError? { remembered.withLock { $0 } }

    private func fail(_ operation: String) {
        let reason = library.lastError
        let isMemory = reason.contains("out of memory") || reason.contains("not enough memory")
        remembered.withLock {
            guard $0 == nil else { return }
            $0 =
                isMemory
                ? InputError(
                    .limitExceeded,
                    "\(name) has not enough memory for '\(operation)'",
                    expected: "a smaller training.micro-batch or --batch",
                    found: reason
                ) : InputError(.unsupported, "\(name) cannot compute '\(operation)'", found: reason)
        }
    }

    // MARK: Handles

    /// A contiguous tensor of undefined elements.
    func empty(_ sizes: [Int], type: Int32? = nil) -> TorchHandle {
        let type = type ?? library.float32
        if let handle = library.empty(sizes, type: type, kind: place.kind, index: place.index) {
            return TorchHandle(handle, library)
        }
        fail("memory of \(sizes)")
        return placeholder
    }

    /// What stands for a result after a failure.
    private var placeholder: TorchHandle {
        guard let handle = library.empty([0], type: library.float32, kind: library.cpuKind, index: 0) else {
            preconditionFailure("PyTorch cannot make a tensor of no elements")
        }
        return TorchHandle(handle, library)
    }

    func zeros(_ sizes: [Int]) -> TorchHandle { filled(sizes, 0) }

    func filled(_ sizes: [Int], _ value: Double) -> TorchHandle {
        let tensor = empty(sizes)
        if failure == nil, !library.fill(tensor, value) { fail("fill") }
        return tensor
    }

    /// A tensor of one number without axes, on the host: every operator takes it beside tensors of the device.
    func scalar(_ value: Double) -> TorchHandle {
        guard let handle = library.empty([], type: library.float32, kind: library.cpuKind, index: 0) else {
            return placeholder
        }
        let tensor = TorchHandle(handle, library)
        _ = library.fill(tensor, value)
        return tensor
    }

    /// Host memory copied to the device.
    func upload<Element>(_ values: UnsafeBufferPointer<Element>, _ sizes: [Int], type: Int32) -> TorchHandle {
        let target = empty(sizes, type: type)
        guard failure == nil, let base = values.baseAddress, !values.isEmpty else { return target }
        guard let handle = library.over(UnsafeMutableRawPointer(mutating: base), sizes, type: type) else {
            fail("upload")
            return target
        }
        if !library.copy(TorchHandle(handle, library), into: target) { fail("upload") }
        return target
    }

    func upload(_ values: [Float], _ sizes: [Int]) -> TorchHandle {
        values.withUnsafeBufferPointer { upload($0, sizes, type: library.float32) }
    }

    func indices(_ values: [Int], _ sizes: [Int]? = nil) -> TorchHandle {
        values.map { Int64($0) }.withUnsafeBufferPointer { upload($0, sizes ?? [values.count], type: library.int64) }
    }

    /// The elements of a tensor, in the order of its axes.
    func download(_ tensor: TorchHandle, count: Int) -> [Float] {
        guard failure == nil else { return [Float](repeating: .nan, count: count) }
        let flat = reshape(tensor, [count])
        return [Float](unsafeUninitializedCapacity: count) { values, initialized in
            values.initialize(repeating: .nan)
            initialized = count
            guard failure == nil, let base = values.baseAddress, count > 0,
                let handle = library.over(base, [count], type: library.float32)
            else { return }
            if !library.copy(flat, into: TorchHandle(handle, library)) { fail("download") }
        }
    }

    func assign(_ source: TorchHandle, to target: TorchHandle) {
        if failure == nil, !library.copy(source, into: target) { fail("copy") }
    }

    // MARK: Operators

    /// Calls an operator.
    ///
    /// - Returns: Its tensors; placeholders after a failure.
    func call(_ name: String, _ arguments: [TorchArgument], results: Int = 1) -> [TorchHandle] {
        guard failure == nil else { return (0..<results).map { _ in placeholder } }
        guard let handles = library.call(name, arguments, results: results), handles.count == results else {
            fail(name)
            return (0..<results).map { _ in placeholder }
        }
        return handles.map { TorchHandle($0, library) }
    }

    private func entryResult(_ name: String, _ body: (UnsafeMutablePointer<TorchLibrary.Handle?>) -> Int32)
        -> TorchHandle
    {
        guard failure == nil else { return placeholder }
        var handle: TorchLibrary.Handle?
        guard body(&handle) == 0, let handle else {
            fail(name)
            return placeholder
        }
        return TorchHandle(handle, library)
    }

    func unary(_ name: String, _ x: TorchHandle) -> TorchHandle { call(name, [.tensor(x)])[0] }

    private func binary(_ name: String, _ a: TorchHandle, _ b: TorchHandle) -> TorchHandle {
        call(name, [.tensor(a), .tensor(b)])[0]
    }

    /// a + factor · b.
    func add(_ a: TorchHandle, _ b: TorchHandle, factor: Double = 1) -> TorchHandle {
        entryResult("add") { entries.add(a.raw, b.raw, factor, $0) }
    }

    func subtract(_ a: TorchHandle, _ b: TorchHandle) -> TorchHandle { add(a, b, factor: -1) }
    func add(_ x: TorchHandle, _ value: Double) -> TorchHandle {
        entryResult("add") { entries.addScalar(x.raw, value, 1, $0) }
    }

    func multiply(_ a: TorchHandle, _ b: TorchHandle) -> TorchHandle { binary("mul.Tensor", a, b) }
    func multiply(_ x: TorchHandle, _ value: Double) -> TorchHandle {
        entryResult("mul") { entries.multiplyScalar(x.raw, value, $0) }
    }

    func divide(_ a: TorchHandle, _ b: TorchHandle) -> TorchHandle { binary("div.Tensor", a, b) }
    func maximum(_ x: TorchHandle, _ value: Double) -> TorchHandle { binary("maximum", x, scalar(value)) }
    func greater(_ a: TorchHandle, _ b: TorchHandle) -> TorchHandle { binary("gt.Tensor", a, b) }
    func choose(_ condition: TorchHandle, _ a: TorchHandle, _ b: TorchHandle) -> TorchHandle {
        call("where.self", [.tensor(condition), .tensor(a), .tensor(b)])[0]
    }

    func product(_ a: TorchHandle, _ b: TorchHandle) -> TorchHandle { binary("mm", a, b) }
    func transpose(_ x: TorchHandle) -> TorchHandle { unary("t", x) }
    func reshape(_ x: TorchHandle, _ sizes: [Int]) -> TorchHandle { call("reshape", [.tensor(x), .ints(sizes)])[0] }
    func permute(_ x: TorchHandle, _ axes: [Int]) -> TorchHandle { call("permute", [.tensor(x), .ints(axes)])[0] }
    func expand(_ x: TorchHandle, _ sizes: [Int]) -> TorchHandle {
        call("expand", [.tensor(x), .ints(sizes), .bool(false)])[0]
    }

    /// Sums over axes, which stay with length 1 if asked.
    func sum(_ x: TorchHandle, over axes: [Int], keeps: Bool = true) -> TorchHandle {
        call("sum.dim_IntList", [.tensor(x), .optionalInts(axes), .bool(keeps), .none])[0]
    }

    func mean(_ x: TorchHandle, over axes: [Int], keeps: Bool) -> TorchHandle {
        call("mean.dim", [.tensor(x), .optionalInts(axes), .bool(keeps), .none])[0]
    }

    func narrow(_ x: TorchHandle, axis: Int, from start: Int, count: Int) -> TorchHandle {
        call("narrow", [.tensor(x), .int(axis), .int(start), .int(count)])[0]
    }

    func concatenate(_ tensors: [TorchHandle], axis: Int) -> TorchHandle {
        call("cat", [.tensors(tensors), .int(axis)])[0]
    }

    /// Borders of a value around the last axes, in PyTorch's order: left, right, top, bottom.
    func pad(_ x: TorchHandle, _ borders: [Int], value: Double = 0) -> TorchHandle {
        let borders = borders.map { Int64($0) }
        var value = value
        return entryResult("pad") { entries.pad(x.raw, borders, Int64(borders.count), "constant", &value, $0) }
    }

    func converted(_ x: TorchHandle, to type: Int32) -> TorchHandle {
        call("_to_copy", [.tensor(x), .optionalType(type), .none, .none, .none, .bool(false), .none])[0]
    }

    // MARK: Device

    /// Compiles a graph; see ``Device``.
    public func inferencePlan(
        graph: Graph,
        weights: Weights,
        options: InferenceOptions
    ) throws(InputError) -> any InferencePlan {
        try weights.check(against: graph)
        let rewritten = try TorchNetwork(graph: graph, weights: weights, device: self)
        rewritten.type = options.precision == .bfloat16 ? library.bfloat16 : library.float32
        if let failure { throw failure }
        return TorchInferencePlan(
            network: rewritten,
            device: self,
            facesPerPass: options.facesPerPass ?? (isCUDA ? 256 : 32)
        )
    }

    /// Compiles a graph for batches; see ``Device``.
    public func batchInference(graph: Graph, weights: Weights) throws(InputError) -> any BatchInference {
        try weights.check(against: graph)
        return TorchBatchInference(try TorchNetwork(graph: graph, weights: weights, device: self))
    }

    /// Compiles a graph for training; see ``Device``.
    public func trainingPlan(
        graph: Graph,
        weights: Weights,
        options: TrainingOptions
    ) throws(InputError) -> any TrainingPlan {
        try weights.check(against: graph)
        return try TorchTrainingPlan(
            TorchNetwork(graph: graph, weights: weights, device: self),
            options: options
        )
    }

    /// A matrix of undefined elements.
    public func makeTensor(rows: Int, columns: Int) -> DeviceTensor {
        TorchTensor(empty([rows, columns]), rows: rows, columns: columns)
    }

    /// A copy of the elements.
    public func matrix(of tensor: DeviceTensor) -> Matrix {
        Matrix(
            rows: tensor.rows,
            columns: tensor.columns,
            elements: download(tensor.onTorch.handle, count: tensor.count)
        )
    }

    /// Copies whole rows from the host.
    public func write(_ elements: [Float], to tensor: DeviceTensor, fromRow row: Int) {
        guard tensor.columns > 0, !elements.isEmpty else { return }
        let rows = elements.count / tensor.columns
        let target = narrow(tensor.onTorch.handle, axis: 0, from: row, count: rows)
        assign(upload(elements, [rows, tensor.columns]), to: target)
    }

    /// Copies rows between tensors.
    public func copy(_ rows: Range<Int>, of source: DeviceTensor, to target: DeviceTensor, fromRow row: Int) {
        assign(
            narrow(source.onTorch.handle, axis: 0, from: rows.lowerBound, count: rows.count),
            to: narrow(target.onTorch.handle, axis: 0, from: row, count: rows.count)
        )
    }

    /// Writes rows by their indices.
    public func scatter(_ source: DeviceTensor, toRows rows: [Int], of target: DeviceTensor) {
        let index = indices(rows)
        _ = call(
            "index_copy_",
            [.tensor(target.onTorch.handle), .int(0), .tensor(index), .tensor(source.onTorch.handle)]
        )
    }

    /// sum ← sum + term.
    public func add(_ term: DeviceTensor, to sum: DeviceTensor) {
        assign(add(sum.onTorch.handle, term.onTorch.handle), to: sum.onTorch.handle)
    }

    /// Every element ← value.
    public func fill(_ tensor: DeviceTensor, with value: Float) {
        if failure == nil, !library.fill(tensor.onTorch.handle, Double(value)) { fail("fill") }
    }

    /// Every element ← factor · element.
    public func scale(_ tensor: DeviceTensor, by factor: Float) {
        _ = call("mul_.Tensor", [.tensor(tensor.onTorch.handle), .tensor(scalar(Double(factor)))])
    }

    /// Σ x² of each tensor; one wait for all of them.
    public func squaredNorms(of tensors: [DeviceTensor]) -> [Double] {
        guard !tensors.isEmpty else { return [] }
        let sums = tensors.map { tensor in
            let x = reshape(tensor.onTorch.handle, [tensor.count])
            return call(
                "sum.dim_IntList",
                [
                    .tensor(multiply(x, x)), .optionalInts([0]), .bool(true), .optionalType(library.float64),
                ]
            )[0]
        }
        // In single precision on the way to the host: a norm is reported with seven digits.
        let all = converted(concatenate(sums, axis: 0), to: library.float32)
        return download(all, count: tensors.count).map { Double($0) }
    }

    /// One step of an optimiser; those with the same weight decay go through PyTorch's fused kernel together.
    public func update(_ rule: UpdateRule, _ updates: [ParameterUpdate], learningRate: Float, step: Int) {
        for decay in Set(updates.map(\.weightDecay)).sorted() {
            let group = updates.filter { $0.weightDecay == decay }
            let whole = group.filter { $0.rows == nil }
            if !whole.isEmpty {
                fused(
                    rule,
                    whole.map(\.parameter.onTorch.handle),
                    whole.map(\.gradient.onTorch.handle),
                    (0..<rule.slotCount).map { slot in whole.map { $0.slots[slot].onTorch.handle } },
                    learningRate,
                    decay,
                    step
                )
            }
            for update in group {
                guard let rows = update.rows else { continue }
                let index = indices(rows)
                let kept = [update.parameter] + update.slots
                let parts = kept.map { call("index_select", [.tensor($0.onTorch.handle), .int(0), .tensor(index)])[0] }
                let gradient = update.gradient.onTorch.handle
                fused(rule, [parts[0]], [gradient], parts.dropFirst().map { [$0] }, learningRate, decay, step)
                for (tensor, part) in zip(kept, parts) {
                    _ = call("index_copy_", [.tensor(tensor.onTorch.handle), .int(0), .tensor(index), .tensor(part)])
                }
            }
        }
    }

    private func fused(
        _ rule: UpdateRule,
        _ parameters: [TorchHandle],
        _ gradients: [TorchHandle],
        _ slots: [[TorchHandle]],
        _ learningRate: Float,
        _ decay: Float,
        _ step: Int
    ) {
        let lists: [TorchArgument] = [.tensors(parameters), .tensors(gradients)]
        switch rule {
        case .sgd(let momentum, let nesterov):
            _ = call(
                "_fused_sgd_",
                lists + [
                    .tensors(slots.first ?? []), .double(Double(decay)), .double(Double(momentum)),
                    .double(Double(learningRate)), .double(0), .bool(nesterov), .bool(false), .bool(false), .none,
                    .none,
                ],
                results: 0
            )
        case .adamW(let beta1, let beta2, let epsilon):
            let steps = filled([1], Double(step + 1))
            _ = call(
                "_fused_adamw_",
                lists + [
                    .tensors(slots[0]), .tensors(slots[1]), .tensors([]),
                    .tensors(parameters.map { _ in reshape(steps, []) }), .double(Double(learningRate)),
                    .double(Double(beta1)), .double(Double(beta2)), .double(Double(decay)), .double(Double(epsilon)),
                    .bool(false), .bool(false), .none, .none,
                ],
                results: 0
            )
        }
    }
}

/// A matrix in PyTorch's memory.
final class TorchTensor: DeviceTensor {
    var handle: TorchHandle
    /// Whether others look at this memory, so that a change has to be written there; otherwise ``handle`` is replaced.
    let isFixed: Bool

    init(_ handle: TorchHandle, rows: Int, columns: Int, isFixed: Bool = true) {
        self.handle = handle
        self.isFixed = isFixed
        super.init(rows: rows, columns: columns)
    }

    @available(*, unavailable) override init(rows: Int, columns: Int) {
        preconditionFailure("a tensor of PyTorch's needs a handle")
    }
}

extension DeviceTensor {
    /// The same tensor as one of PyTorch's.
    var onTorch: TorchTensor {
        guard let tensor = self as? TorchTensor else { preconditionFailure("a tensor of another device") }
        return tensor
    }
}
