internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph
internal import Pickles

/// The tensors of an unpickled value by dotted name, however deep the dictionaries and modules are that hold them.
///
/// A module (`torch.save(model)`, TorchScript) is read as its own state_dict would name its tensors: its attributes are
/// data in the pickle, its class is never looked for. Other objects (argument namespaces, paths, dates, NumPy values)
/// stay unread.
struct StateDictionary {
    /// Name and tensor in the file's order: `state_dict.module.conv1.weight`.
    private(set) var tensors: [(name: String, tensor: TensorReference)] = []
    /// Plain values beside the tensors at the top: epoch, accuracy, architecture.
    private(set) var plainValues: [String: String] = [:]
    /// What a reader should know of what was left unread.
    private(set) var notes: [String] = []

    private let torch: TorchPickle
    private var entered: Set<Int> = []
    private var names = Set<String>()
    private var unread: [String: InputError] = [:]

    private static let deepestDictionary = 16
    private static let tensorLimit = 200_000

    /// Walks the value that the pickle ends with.
    ///
    /// - Throws: `InputError` when there are no tensors, or a name occurs twice.
    init(_ torch: TorchPickle) throws(InputError) {
        self.torch = torch
        guard case .object(let index) = torch.pickle.root, entries(of: index) != nil else {
            throw noTensors("the pickle holds no dictionary")
        }
        try walk(index, prefix: "", depth: 0)
        if tensors.isEmpty {
            if let error = unread.min(by: { $0.key < $1.key })?.value { throw error }
            throw noTensors("the file holds no tensors by name")
        }
        let kinds = leftUnread
        if !kinds.isEmpty { notes.append("objects left unread, nothing of them was run: \(Self.list(kinds))") }
        notes += unread.sorted { $0.key < $1.key }.map { "\($0.key) left unread: \($0.value.problem)" }
    }

    private func noTensors(_ problem: String) -> InputError {
        // A pickle that only names a class: its source, without an instance.
        let kinds =
            leftUnread.isEmpty
            ? torch.pickle.objects.indices.compactMap { torch.pickle.globalName(.object($0)) } : leftUnread
        return InputError(
            .malformed,
            problem,
            expected: "a state_dict or a module; this line of Python makes one of whatever torch can load: "
                + "python3 -c \"import torch; m = torch.load('IN', map_location='cpu', weights_only=False); "
                + "torch.save(m.state_dict(), 'OUT.pt')\"; IN runs as a program there: only for files you trust",
            found: kinds.isEmpty ? nil : Self.list(kinds)
        )
    }

    /// The classes and functions of which nothing was read.
    private var leftUnread: [String] {
        let read = [
            "torch._utils._rebuild_tensor", "torch._utils._rebuild_parameter", "torch.nn.modules.", "__torch__.",
        ]
        let plain = [
            "_codecs.encode", "collections.OrderedDict", "numpy.dtype", "torch.Size",
            "torch._tensor._rebuild_from_type_v2",
            "torch.device",
        ]
        return torch.pickle.instanceNames.filter { name in
            !read.contains { name.hasPrefix($0) } && !plain.contains(name)
        }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }

    private mutating func walk(_ index: Int, prefix: String, depth: Int) throws(InputError) {
        // Each object is entered once: a hostile pickle may refer to one from many places.
        guard depth <= Self.deepestDictionary, entered.insert(index).inserted, let entries = entries(of: index) else {
            return
        }
        for (key, value) in entries where prefix.utf8.count + key.utf8.count <= 4096 {
            let name = prefix + key
            guard case .object(let child) = value else {
                if depth == 0, let text = plainText(value) { plainValues[name] = text }
                continue
            }
            do throws(InputError) {
                if let tensor = try torch.tensor(value) {
                    try add(name, tensor)
                    continue
                }
            } catch  where error.code == .unsupported {
                unread[name] = error
                continue
            }
            try walk(child, prefix: name + ".", depth: depth + 1)
        }
    }

    private mutating func add(_ name: String, _ tensor: TensorReference) throws(InputError) {
        guard names.insert(name).inserted else {
            throw InputError(.malformed, "two tensors have this name", place: "parameter '\(name)'")
        }
        guard tensors.count < Self.tensorLimit else {
            throw InputError(.limitExceeded, "more than \(Self.tensorLimit) tensors")
        }
        tensors.append((name, tensor))
    }
}

// MARK: - What has names inside

extension StateDictionary {
    private typealias Entries = [(key: String, value: Pickle.Value)]

    /// The named values of a dictionary, of a subclass of one, or of an object's attributes; nil for anything else.
    private func entries(of index: Int) -> Entries? {
        guard let members = members(of: index) else { return nil }
        guard let attributes = torch.pickle.items(torch.pickle.objects[index].state, .dictionary) else {
            return members
        }
        return members + moduleEntries(named(attributes))
    }

    /// As ``entries(of:)``, without an object's attributes.
    private func members(of index: Int) -> Entries? {
        let object = torch.pickle.objects[index]
        switch object.kind {
        case .dictionary: return named(object.items)
        case .instance(_, let arguments):
            // `OrderedDict([[key, value], …])` as Python 2 wrote it, `Counter({…})`, `defaultdict(factory, {…})`.
            var entries: Entries = []
            for argument in (torch.pickle.items(arguments, .tuple) ?? []).prefix(2) {
                entries += named(torch.pickle.items(argument, .dictionary) ?? pairs(argument))
            }
            return entries + named(object.items)
        default: return nil
        }
    }

    private func named(_ items: [Pickle.Value]) -> Entries {
        stride(from: 0, to: items.count - 1, by: 2)
            .compactMap { index in plainText(items[index]).map { ($0, items[index + 1]) } }
    }

    private func pairs(_ value: Pickle.Value) -> [Pickle.Value] {
        (torch.pickle.items(value, .list) ?? [])
            .flatMap { pair in
                let items = torch.pickle.items(pair, .list) ?? torch.pickle.items(pair, .tuple) ?? []
                return items.count == 2 ? items : []
            }
    }

    /// A module's attributes by the names that its state_dict gives them; any other object's as they are.
    private func moduleEntries(_ attributes: Entries) -> Entries {
        func attribute(_ name: String) -> Entries {
            guard case .object(let index)? = attributes.first(where: { $0.key == name })?.value else { return [] }
            return members(of: index) ?? []
        }
        guard attributes.contains(where: { $0.key == "_modules" }) else { return attributes }
        let skipped = Set(
            attributes.first { $0.key == "_non_persistent_buffers_set" }
                .flatMap { torch.pickle.object($0.value)?.items.compactMap(torch.pickle.string) } ?? []
        )
        return attribute("_parameters") + attribute("_buffers").filter { !skipped.contains($0.key) }
            + attribute("_modules")
    }

    private func plainText(_ value: Pickle.Value) -> String? {
        switch value {
        case .text, .characters, .bytes: torch.pickle.string(value)
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .none, .object: nil
        }
    }
}

/// From an unpickled value to a checkpoint; both PyTorch formats end here.
struct PyTorchStateReader {
    let content: CheckpointContent
    let format: String

    /// Chooses the network among the tensors and reads it.
    func read(
        _ torch: TorchPickle,
        storage: @escaping (StorageReference) throws(InputError) -> UnsafeRawBufferPointer
    ) throws(InputError) -> Checkpoint {
        let state = try StateDictionary(torch)
        let selection = ParameterSelection(
            found: state.tensors.map { ($0.name, $0.tensor.shape) },
            architecture: try content.architecture.map(BackboneCatalogue.backbone(named:))
        )
        var reader = StorageReader(fileSize: content.bytes.count, storage: storage)
        var metadata = CheckpointMetadata(format: format, digest: ContentDigest(of: content.bytes))
        metadata.strings = state.plainValues
        let selected = try SelectedParameters(
            names: state.tensors.map(\.name),
            selection: selection,
            companions: content.companions
        ) { index throws(InputError) in
            let (name, tensor) = state.tensors[index]
            metadata.elementTypes[tensor.elementType, default: 0] += 1
            return try reader.values(of: tensor, named: name)
        }
        var checkpoint = Checkpoint(weights: selected.weights, metadata: metadata, notes: state.notes + selected.notes)
        checkpoint.companions = selected.companions
        return checkpoint
    }
}
