internal import ArtifactFiles
internal import Backbones
public import NeuralGraph

/// Reads the tensors that a selection names, and says what it left out.
struct SelectedParameters {
    private(set) var weights = Weights()
    private(set) var companions = Weights()
    private(set) var notes: [String] = []

    /// Reads.
    ///
    /// - Parameters:
    ///   - names: Every tensor's full name, in the file's order.
    ///   - selection: Which of them are the network.
    ///   - wanted: Names below the same prefix that are read too, though the network does not need them.
    ///   - read: Gives the values of the tensor at an index of `names`.
    init(
        names: [String],
        selection: ParameterSelection,
        companions wanted: Set<String>,
        read: (Int) throws(InputError) -> Tensor
    ) throws(InputError) {
        let needed = selection.match.map { Set($0.graph.parameters.map(\.name)) }
        var leftovers = 0
        var outside = 0
        for (index, name) in names.enumerated() {
            // By bytes: a prefix's last dot and a combining mark behind it are one character.
            guard name.utf8.starts(with: selection.prefix.utf8),
                let stripped = String(name.utf8.dropFirst(selection.prefix.utf8.count))
            else {
                outside += 1
                continue
            }
            if TrainingLeftover.matches(stripped) {
                leftovers += 1
            } else if needed?.contains(stripped) ?? true {
                weights[stripped] = try read(index)
            } else if wanted.contains(stripped) {
                companions[stripped] = try read(index)
            }
        }
        if !selection.prefix.isEmpty {
            notes.append("stripped the prefix '\(selection.prefix)' from \(weights.names.count) names")
        }
        if leftovers > 0 { notes.append("ignored \(leftovers) counters (num_batches_tracked and the like)") }
        if outside > 0 { notes.append("ignored \(outside) tensors outside '\(selection.prefix)'") }
        let unrelated = selection.match?.comparison.unrelated.filter { companions[$0.name] == nil } ?? []
        if !unrelated.isEmpty {
            notes.append("ignored \(unrelated.count) unrelated: \(ParameterComparison.list(unrelated))")
        }
        for alternative in selection.alternatives {
            notes.append("a network of this kind is also below '\(alternative)'; it was not read")
        }
    }
}

/// How a set of parameters differs from what a graph needs.
public struct ParameterComparison: Hashable, Sendable {
    /// A parameter by name and shape.
    public struct Parameter: Hashable, Sendable, CustomStringConvertible {
        /// The name.
        public var name: String
        /// The shape that the file has, or, of a missing one, that it should have.
        public var shape: [Int]
        /// The shape that it should have, where that differs.
        public var expectedShape: [Int]?

        /// `conv1.weight [64, 3, 3, 3]`.
        public var description: String {
            "\(name) \(shape)" + (expectedShape.map { " instead of \($0)" } ?? "")
        }
    }

    /// Needed and not there.
    public private(set) var missing: [Parameter] = []
    /// There and not needed, below a module that the architecture has too.
    public private(set) var unexpected: [Parameter] = []
    /// There under the right name in another shape.
    public private(set) var reshaped: [Parameter] = []
    /// There and not needed, in modules that the architecture does not have: a classifier, a margin head.
    public private(set) var unrelated: [Parameter] = []
    /// How many fit.
    public private(set) var matchedCount = 0
    /// How many are needed.
    public private(set) var neededCount = 0

    /// Compares.
    ///
    /// - Parameters:
    ///   - needed: What the graph needs.
    ///   - found: Name and shape, in the file's order, prefixes stripped.
    public init(needed: [ParameterSpecification], found: [(name: String, shape: [Int])]) {
        let shapes = Dictionary(found.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        neededCount = needed.count
        for parameter in needed {
            guard let shape = shapes[parameter.name] else {
                missing.append(Parameter(name: parameter.name, shape: parameter.shape))
                continue
            }
            if parameter.accepts(shape) {
                matchedCount += 1
            } else {
                let different = Parameter(name: parameter.name, shape: shape, expectedShape: parameter.shape)
                reshaped.append(different)
            }
        }
        let names = Set(needed.map(\.name))
        let modules = Set(names.map(Self.module))
        for (name, shape) in found where !names.contains(name) && !TrainingLeftover.matches(name) {
            let parameter = Parameter(name: name, shape: shape)
            if modules.contains(Self.module(name)) { unexpected.append(parameter) } else { unrelated.append(parameter) }
        }
    }

    /// Whether everything needed is there in its shape, and nothing else below the same modules.
    public var isMatch: Bool { missing.isEmpty && unexpected.isEmpty && reshaped.isEmpty }

    /// What differs, with the first few names of each kind: `2 missing: a [64], b [64]; 1 reshaped: …`.
    public var differences: String {
        let kinds = [("missing", missing), ("unexpected", unexpected), ("reshaped", reshaped)]
        return kinds.filter { !$0.1.isEmpty }
            .map { kind, parameters in "\(parameters.count) \(kind): \(Self.list(parameters))" }
            .joined(separator: "; ")
    }

    /// `a [64], b [64], … and 12 more`.
    static func list(_ parameters: [Parameter]) -> String {
        let shown = parameters.prefix(3).map(\.description).joined(separator: ", ")
        return parameters.count > 3 ? shown + ", … and \(parameters.count - 3) more" : shown
    }

    private static func module(_ name: String) -> Substring {
        name.prefix { $0 != "." }
    }
}

extension ParameterSpecification {
    /// Whether a stored shape can serve: PReLU slopes may be one for all channels.
    func accepts(_ stored: [Int]) -> Bool { stored == shape || (role == .preluSlope && stored == [1]) }
}

/// Entries of a state_dict that are no parameters of the network.
enum TrainingLeftover {
    /// Step counters of normalisations, and what profilers (thop) leave behind.
    private static let names: Set<Substring> = ["num_batches_tracked", "total_ops", "total_params"]

    /// Whether the name's last component is such an entry.
    static func matches(_ name: String) -> Bool {
        guard let last = name.split(separator: ".", omittingEmptySubsequences: false).last else { return false }
        return names.contains(last)
    }
}
