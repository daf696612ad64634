internal import ArtifactFiles
internal import NeuralGraph

/// Where each parameter and statistic of a graph lies in one flat array.
struct ParameterLayout {
    /// One parameter's part.
    struct Entry {
        /// What it is.
        var specification: ParameterSpecification
        /// Its floats, in C order; the start is a multiple of 16.
        var range: Range<Int>
    }

    /// In the order of the graph's parameters.
    let entries: [Entry]
    /// Floats in all, padding between parameters included.
    let count: Int

    /// Lays out parameters one behind the other.
    init(_ specifications: [ParameterSpecification]) {
        var entries: [Entry] = []
        var start = 0
        for specification in specifications {
            let count = specification.shape.reduce(1, *)
            entries.append(Entry(specification: specification, range: start..<start + count))
            start = (start + count + 15) / 16 * 16
        }
        self.entries = entries
        count = start
    }
}

/// What the steps of a training plan share: memory, threads, and what the current pass is.
final class TrainingState {
    let graph: Graph
    let layout: ParameterLayout
    let batchSize: Int
    let workers: TrainingWorkers
    let parameters: TrainingPages
    let parameterGradients: TrainingPages
    private let places: [String: ParameterLayout.Entry]

    /// Faces of the current pass, cut into groups whose sums are formed apart and added in order.
    private(set) var faces = 0
    private(set) var chunks: [Range<Int>] = []
    var mode = ForwardMode.evaluation
    private var runsBackwards = false

    /// Each stored value's floats, `[batchSize, shape.count]`; nil for values that readers compute from another.
    var values: [UnsafeMutablePointer<Float>?]
    /// Each gradient's floats, likewise; several values may share one.
    var gradients: [UnsafeMutablePointer<Float>?]
    /// Readers (by step and operand) that add to a gradient instead of writing it.
    var accumulating: Set<GradientContribution> = []
    /// One worker's scratch memory.
    var scratch: [UnsafeMutablePointer<Float>] = []
    /// Packed weights of the step at work.
    var packed: UnsafeMutablePointer<Float>
    /// Sums of weight gradients per chunk, of the step at work.
    var partials: UnsafeMutablePointer<Float>
    private var owned: [TrainingPages] = []

    init(graph: Graph, weights: Weights, batchSize: Int, threads: Int) throws(InputError) {
        self.graph = graph
        self.batchSize = batchSize
        workers = TrainingWorkers(count: threads)
        layout = ParameterLayout(
            graph.parameters.map { specification in
                var specification = specification
                specification.shape = weights[specification.name]?.shape ?? specification.shape
                return specification
            }
        )
        places = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.specification.name, $0) })
        parameters = try TrainingPages(count: layout.count)
        parameterGradients = try TrainingPages(count: layout.count)
        values = [UnsafeMutablePointer<Float>?](repeating: nil, count: graph.shapes.count)
        gradients = values
        packed = parameters.floats
        partials = parameters.floats
        for entry in layout.entries {
            guard let tensor = weights[entry.specification.name] else { continue }
            (parameters.floats + entry.range.lowerBound).update(from: tensor.values, count: tensor.values.count)
        }
    }

    /// Memory that lives as long as the plan.
    func allocate(_ count: Int) throws(InputError) -> UnsafeMutablePointer<Float> {
        let pages = try TrainingPages(count: count)
        owned.append(pages)
        return pages.floats
    }

    /// The most chunks that a batch may have.
    var mostChunks: Int { Self.chunkCount(faces: batchSize) }

    /// Enough for the cores of today's machines, few enough that their sums stay small; depends on the faces alone.
    static func chunkCount(faces: Int) -> Int { min(faces, max(8, min(64, faces / 8))) }

    func begin(faces: Int, mode: ForwardMode) {
        self.mode = mode
        guard faces != self.faces else { return }
        self.faces = faces
        let count = Self.chunkCount(faces: faces)
        chunks = (0..<count).map { faces * $0 / count..<faces * ($0 + 1) / count }
    }

    var isTraining: Bool { mode != .evaluation }

    /// A parameter's values.
    func parameter(_ name: String) -> UnsafeMutablePointer<Float> {
        parameters.floats + (places[name]?.range.lowerBound ?? 0)
    }

    /// How many values a parameter has.
    func parameterCount(_ name: String) -> Int { places[name]?.range.count ?? 0 }

    /// Where a parameter's gradient is added up; nil when it is not trained.
    func parameterGradient(_ name: String) -> UnsafeMutablePointer<Float>? {
        guard let place = places[name], place.specification.isTrainable else { return nil }
        return parameterGradients.floats + place.range.lowerBound
    }

    func shape(_ value: ValueID) -> ActivationShape { graph.shape(of: value) }

    /// The first float of a stored value.
    func value(_ value: ValueID) -> UnsafeMutablePointer<Float> {
        guard let base = values[value.index] else { preconditionFailure("value \(value.index) is not stored") }
        return base
    }

    /// The gradient that a reader of a value contributes to, and whether it adds; nil when nobody wants it.
    func gradient(_ contribution: GradientContribution, of value: ValueID) -> GradientTarget? {
        guard let base = gradients[value.index] else { return nil }
        return GradientTarget(base: base, accumulates: accumulating.contains(contribution))
    }

    /// Runs a body for every chunk on all threads.
    ///
    /// Every other time from the last to the first: what the step before touched last is still in the cache.
    func forEachChunk(_ body: (_ chunk: Int, _ faces: Range<Int>, _ worker: Int) -> Void) {
        runsBackwards.toggle()
        workers.run(chunks.count) { [chunks, runsBackwards] unit, worker in
            let chunk = runsBackwards ? chunks.count - 1 - unit : unit
            body(chunk, chunks[chunk], worker)
        }
    }
}

/// An operand of a step: what flows back through it is one term of a gradient.
struct GradientContribution: Hashable {
    var step: Int
    var operand: Int
}

/// Where a term of a gradient goes.
struct GradientTarget {
    var base: UnsafeMutablePointer<Float>
    var accumulates: Bool
}

/// One step of a training plan: a node, or a normalisation with the non-linearity behind it.
protocol TrainingStep: AnyObject {
    /// The node's place in the graph.
    var index: Int { get }
    /// What it reads.
    var inputs: [ValueID] { get }
    /// What it makes.
    var output: ValueID { get }
    /// Floats of scratch memory per worker.
    var scratchCount: Int { get }
    /// Floats of packed weights.
    var packedCount: Int { get }
    /// Floats of weight-gradient sums per chunk.
    var partialCount: Int { get }

    /// Computes the output of all faces.
    func forward(_ state: TrainingState)
    /// Takes the output's gradient back to the inputs and the parameters.
    func backward(_ state: TrainingState)
}

extension TrainingStep {
    var scratchCount: Int { 0 }
    var packedCount: Int { 0 }
    var partialCount: Int { 0 }
}
