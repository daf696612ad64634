internal import ArtifactFiles

/// The tensors of an unpickled value by dotted name, however deep the dictionaries are that hold them.
struct StateDictionary {
    /// Name and tensor in the file's order: `state_dict.module.conv1.weight`.
    private(set) var tensors: [(name: String, tensor: TensorReference)] = []
    /// Plain values beside the tensors at the top: epoch, accuracy, architecture.
    private(set) var plainValues: [String: String] = [:]

    private static let deepestDictionary = 8
    private static let tensorLimit = 200_000

    /// Walks the value.
    ///
    /// - Throws: ``InputError`` when there are no tensors, or a name occurs twice.
    init(_ root: PickleValue, heap: [PickleObject]) throws(InputError) {
        guard case .object(let index) = root, case .dictionary = heap[index].kind else {
            throw InputError(.malformed, "the pickle holds no dictionary", expected: "a state_dict")
        }
        // Each dictionary is entered once: a hostile pickle may refer to one from many places.
        var entered: Set<Int> = [index]
        var names = Set<String>()
        try walk(index, prefix: "", depth: 0, heap: heap, entered: &entered, names: &names)
        guard !tensors.isEmpty else {
            throw InputError(.malformed, "the file holds no tensors by name", expected: "a state_dict")
        }
    }

    private mutating func walk(
        _ index: Int,
        prefix: String,
        depth: Int,
        heap: [PickleObject],
        entered: inout Set<Int>,
        names: inout Set<String>
    ) throws(InputError) {
        let items = heap[index].items
        for position in stride(from: 0, to: items.count - 1, by: 2) {
            guard let key = Self.name(items[position]), prefix.utf8.count + key.utf8.count <= 4096 else { continue }
            let name = prefix + key
            guard case .object(let child) = items[position + 1] else {
                if depth == 0, let text = Self.name(items[position + 1]) { plainValues[name] = text }
                continue
            }
            switch heap[child].kind {
            case .tensor(let tensor):
                guard names.insert(name).inserted else {
                    throw InputError(.malformed, "two tensors have this name", place: "parameter '\(name)'")
                }
                guard tensors.count < Self.tensorLimit else {
                    throw InputError(.limitExceeded, "more than \(Self.tensorLimit) tensors")
                }
                tensors.append((name, tensor))
            case .dictionary where depth < Self.deepestDictionary && entered.insert(child).inserted:
                try walk(child, prefix: name + ".", depth: depth + 1, heap: heap, entered: &entered, names: &names)
            default:
                break
            }
        }
    }

    private static func name(_ value: PickleValue) -> String? {
        switch value {
        case .string(let text): text
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .none, .object: nil
        }
    }
}
