internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph

/// An architecture laid against a set of parameters.
struct ArchitectureMatch {
    var backbone: any Backbone
    var configuration: BackboneConfiguration
    var graph: Graph
    var comparison: ParameterComparison

    /// The architectures that these parameters suggest, each compared in full.
    ///
    /// - Parameters:
    ///   - found: Name and shape, prefixes stripped.
    ///   - architecture: The only one to consider; then its published configuration is compared where the parameters
    ///     suggest none. nil: all of the catalogue.
    static func all(
        found: [(name: String, shape: [Int])],
        architecture: (any Backbone)?
    ) -> [ArchitectureMatch] {
        let shapes = Dictionary(found.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        return (architecture.map { [$0] } ?? BackboneCatalogue.all)
            .compactMap { backbone in
                let suggested = backbone.configuration(suggestedBy: shapes)
                if suggested == nil && architecture == nil { return nil }
                let configuration = suggested ?? backbone.defaultConfiguration
                // A suggestion from damaged shapes may be one that cannot be built: then it is none.
                guard let graph = try? backbone.graph(configuration) else { return nil }
                return ArchitectureMatch(
                    backbone: backbone,
                    configuration: configuration,
                    graph: graph,
                    comparison: ParameterComparison(needed: graph.parameters, found: found)
                )
            }
    }
}

/// Which part of a file's tensors is the network: below which prefix, and for which architecture.
struct ParameterSelection {
    /// What stands before the parameter names: `state_dict.module.`, or nothing.
    var prefix: String
    /// The architecture that fits, nil when none does.
    var match: ArchitectureMatch?
    /// The nearest architecture when none fits.
    var nearest: ArchitectureMatch?
    /// Other prefixes below which an architecture fits just as well.
    var alternatives: [String] = []

    /// Looks below ever longer prefixes, shortest first, for parameters that are those of an architecture.
    ///
    /// - Parameters:
    ///   - found: Full name and shape of every tensor in the file.
    ///   - architecture: The architecture that the caller stated.
    init(found: [(name: String, shape: [Int])], architecture: (any Backbone)?) {
        let found = found.filter { !TrainingLeftover.matches($0.name) }
        var level = [PrefixGroup(prefix: "", members: Array(found.indices))]
        var nearest: (prefix: String, match: ArchitectureMatch)?
        var budget = PrefixGroup.workLimit
        for _ in 0..<PrefixGroup.deepest where !level.isEmpty {
            var fitting: [(prefix: String, match: ArchitectureMatch)] = []
            for group in level {
                budget -= group.members.count + 1000
                if budget < 0 { break }
                for match in ArchitectureMatch.all(found: group.stripped(found), architecture: architecture) {
                    if match.comparison.isMatch { fitting.append((group.prefix, match)) }
                    let best = nearest?.match.comparison.matchedCount ?? 0
                    if match.comparison.matchedCount > best { nearest = (group.prefix, match) }
                }
            }
            if let first = fitting.first {
                prefix = first.prefix
                match = first.match
                alternatives = fitting.dropFirst().map(\.prefix).filter { $0 != first.prefix }
                return
            }
            level = level.flatMap { $0.children(found) }
        }
        prefix = nearest?.prefix ?? PrefixGroup.usualPrefix(found)
        self.nearest = nearest?.match
    }
}

/// The tensors below one prefix.
private struct PrefixGroup {
    var prefix: String
    var members: [Int]

    /// How many components a prefix may have.
    static let deepest = 6
    /// How many names are looked at, under all prefixes together: a bound for hostile files.
    ///
    /// A state_dict of a student, a teacher and their optimisers takes about 50,000.
    static let workLimit = 1_000_000
    /// Fewer tensors are no network.
    private static let fewestTensors = 4
    /// Wrappers that training code puts around a network, the more telling first: of a student and a teacher in one
    /// file the student is meant.
    private static let usualComponents = [
        "checkpoint", "state_dict", "model_state_dict", "net_state_dict", "backbone_state_dict", "state_dict_backbone",
        "module",
        "_orig_mod", "model", "net", "network", "backbone", "student", "model_s", "encoder", "feature_extractor",
    ]

    /// Names without the prefix.
    func stripped(_ found: [(name: String, shape: [Int])]) -> [(name: String, shape: [Int])] {
        let length = prefix.utf8.count
        return members.map { (String(found[$0].name.utf8.dropFirst(length)) ?? found[$0].name, found[$0].shape) }
    }

    /// The groups one component deeper, usual wrappers first, then in the file's order.
    func children(_ found: [(name: String, shape: [Int])]) -> [PrefixGroup] {
        let length = prefix.utf8.count
        var order: [String] = []
        var groups: [String: [Int]] = [:]
        for member in members {
            let rest = found[member].name.utf8.dropFirst(length)
            guard let dot = rest.firstIndex(of: UInt8(ascii: ".")), let component = String(rest[..<dot]) else {
                continue
            }
            if groups[component, default: []].isEmpty { order.append(component) }
            groups[component, default: []].append(member)
        }
        let ranks = Dictionary(uniqueKeysWithValues: Self.usualComponents.enumerated().map { ($1, $0) })
        return order.enumerated()
            .sorted { (ranks[$0.element] ?? .max, $0.offset) < (ranks[$1.element] ?? .max, $1.offset) }
            .map { PrefixGroup(prefix: prefix + $0.element + ".", members: groups[$0.element] ?? []) }
            .filter { $0.members.count >= Self.fewestTensors }
    }

    /// The prefix to take when no architecture says which: into usual wrappers as long as there are any.
    static func usualPrefix(_ found: [(name: String, shape: [Int])]) -> String {
        var group = PrefixGroup(prefix: "", members: Array(found.indices))
        for _ in 0..<deepest {
            let child = group.children(found)
                .first { child in
                    usualComponents.contains { child.prefix == group.prefix + $0 + "." }
                }
            guard let child else { break }
            group = child
        }
        return group.prefix
    }
}
