internal import ArtifactFiles
internal import Pickles

/// The storage that a persistent id names.
struct StorageReference: Hashable {
    /// The entry `data/<key>` or the key in the legacy list.
    var key: String
    /// What it holds; nil for untyped bytes.
    var elementType: ElementType?
    /// Elements (bytes when untyped).
    var count: Int
    /// Where a legacy storage view begins in the storage of this key, in elements.
    var viewOffset = 0
}

/// A tensor that is described, not yet read.
struct TensorReference: Hashable {
    var storage: StorageReference
    var elementType: ElementType
    /// In elements of the storage.
    var offset: Int
    var shape: [Int]
    /// In elements.
    var strides: [Int]
    /// A lazily negated view: PyTorch's negative bit.
    var isNegated = false

    /// The number of elements, nil when the shape is out of bounds.
    var count: Int? { elementCount(shape) }
}

/// What `torch.save` and TorchScript put into a pickle: which values are tensors, which storages.
struct TorchPickle {
    let pickle: Pickle

    /// A state_dict of 10,000 tensors needs about 400,000 steps and 80,000 objects.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0, part: String) throws(InputError) {
        pickle = try Pickle(bytes, at: offset, part: part, stepLimit: 4_000_000, objectLimit: 1_000_000)
    }

    /// The tensor that a value describes; nil where it describes something else.
    ///
    /// - Throws: `InputError`: `malformed` for damaged arguments, `unsupported` for numbers that cannot be read.
    func tensor(_ value: Pickle.Value) throws(InputError) -> TensorReference? {
        guard let (name, arguments) = pickle.call(value) else { return nil }
        switch name {
        case "torch._utils._rebuild_tensor": return try tensor(arguments, version: 1)
        case "torch._utils._rebuild_tensor_v2": return try tensor(arguments, version: 2)
        case "torch._utils._rebuild_tensor_v3": return try tensor(arguments, version: 3)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            // Not by recursion over foreign depth: a parameter's data is a tensor.
            guard let data = arguments.first, let (inner, _) = pickle.call(data), inner.contains("_rebuild_tensor"),
                let tensor = try tensor(data)
            else { throw InputError(.malformed, "a parameter holds no tensor") }
            return tensor
        case "torch._tensor._rebuild_from_type_v2":
            guard arguments.count >= 3, let inner = pickle.globalName(arguments[0]),
                let version = Self.rebuildVersions[inner], let values = pickle.items(arguments[2], .tuple)
            else { throw InputError(.malformed, "a tensor of a type that is not supported") }
            return try tensor(values, version: version)
        default: return nil
        }
    }

    private static let rebuildVersions = [
        "torch._utils._rebuild_tensor": 1, "torch._utils._rebuild_tensor_v2": 2, "torch._utils._rebuild_tensor_v3": 3,
    ]

    /// The tensor that the arguments of one of PyTorch's `_rebuild_tensor` functions describe.
    ///
    /// - Parameter version: 1: storage, offset, size, stride. 2: also gradient flag, hooks[, flags]. 3: as 2, with a
    ///   dtype before the flags and an untyped storage.
    private func tensor(_ values: [Pickle.Value], version: Int) throws(InputError) -> TensorReference {
        guard values.count >= (version == 1 ? 4 : version == 2 ? 6 : 7) else {
            throw InputError(.malformed, "a tensor lacks arguments", found: "\(values.count)")
        }
        guard let storage = try storage(values[0]), case .int(let offset) = values[1], offset >= 0 else {
            throw InputError(.malformed, "a tensor has no storage")
        }
        let shape = try integers(values[2])
        let strides = try integers(values[3])
        guard shape.count == strides.count, elementCount(shape) != nil, strides.allSatisfy({ $0 >= 0 }) else {
            throw InputError(.malformed, "a tensor's shape or strides are out of bounds", found: "\(shape)")
        }
        var tensor = TensorReference(
            storage: storage,
            elementType: try elementType(of: storage, version == 3 ? values[6] : nil),
            offset: offset,
            shape: shape,
            strides: strides
        )
        if let flags = values.dropFirst(version == 2 ? 6 : 7).first { tensor.isNegated = isSet("neg", in: flags) }
        return tensor
    }

    private func elementType(of storage: StorageReference, _ stated: Pickle.Value?) throws(InputError) -> ElementType {
        guard let stated else {
            guard let type = storage.elementType else { throw InputError(.malformed, "a tensor has no type") }
            return type
        }
        guard let name = pickle.globalName(stated), name.hasPrefix("torch.") else {
            throw InputError(.malformed, "a tensor has no type")
        }
        let type = String(name.dropFirst("torch.".count))
        guard let known = Self.types[type] else {
            throw InputError(.unsupported, "tensors of type \(type) are not supported")
        }
        return known
    }

    private func integers(_ value: Pickle.Value) throws(InputError) -> [Int] {
        // torch.Size([2, 3]) is a call with one argument.
        var value = value
        if let (name, arguments) = pickle.call(value), name == "torch.Size" { value = arguments.first ?? value }
        guard let items = pickle.items(value, .tuple) ?? pickle.items(value, .list) else {
            throw InputError(.malformed, "a tensor's shape is no tuple")
        }
        guard items.count <= 32 else { throw InputError(.malformed, "a tensor has too many axes") }
        var result: [Int] = []
        for item in items {
            guard case .int(let number) = item else {
                throw InputError(.malformed, "a tensor's shape holds something else than integers")
            }
            result.append(number)
        }
        return result
    }

    private func isSet(_ name: String, in value: Pickle.Value) -> Bool {
        guard let items = pickle.items(value, .dictionary)?.prefix(16) else { return false }
        return stride(from: 0, to: items.count - 1, by: 2)
            .contains { pickle.string(items[$0]) == name && items[$0 + 1] == .bool(true) }
    }
}

// MARK: - Storages

extension TorchPickle {
    /// The storages that any persistent id of the pickle names; damaged ids are left to whoever uses them.
    var storages: [StorageReference] {
        pickle.objects.indices.compactMap { index in
            do throws(InputError) { return try storage(.object(index)) } catch { return nil }
        }
    }

    /// The storage that a value names, nil where it is no persistent id: `('storage', type, key, location, count[, view])`.
    func storage(_ value: Pickle.Value) throws(InputError) -> StorageReference? {
        guard case .persistent(let identifier)? = pickle.object(value)?.kind else { return nil }
        guard let items = pickle.items(identifier, .tuple), items.count >= 5, pickle.string(items[0]) == "storage",
            let name = pickle.globalName(items[1]), let key = pickle.string(items[2]),
            case .int(let count) = items[4], count >= 0
        else { throw InputError(.malformed, "a persistent id that is no storage") }
        var reference = StorageReference(key: key, elementType: try storedType(of: name), count: count)
        if items.count > 5, items[5] != .none { try applyView(items[5], to: &reference) }
        return reference
    }

    /// The element type of a storage class, nil for untyped bytes.
    private func storedType(of name: String) throws(InputError) -> ElementType? {
        let prefixes = ["torch.cuda.", "torch.storage.", "torch."]
        guard let prefix = prefixes.first(where: name.hasPrefix) else {
            throw InputError(.malformed, "a persistent id that is no storage")
        }
        let kind = String(name.dropFirst(prefix.count))
        if kind == "UntypedStorage" { return nil }
        guard let type = Self.storageTypes[kind] else {
            throw InputError(.unsupported, "tensors in a \(name) are not supported")
        }
        return type
    }

    /// `(view key, offset, size)` of PyTorch before 0.4.
    private func applyView(_ value: Pickle.Value, to reference: inout StorageReference) throws(InputError) {
        guard let view = pickle.items(value, .tuple), view.count == 3, case .int(let offset) = view[1],
            case .int(let count) = view[2], offset >= 0, count >= 0
        else { throw InputError(.malformed, "a storage view is damaged") }
        reference.viewOffset = offset
    }

    private static let storageTypes: [String: ElementType] = [
        "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16, "DoubleStorage": .float64,
        "CharStorage": .int8, "ShortStorage": .int16, "IntStorage": .int32, "LongStorage": .int64,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let types: [String: ElementType] = [
        "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "float64": .float64, "int8": .int8,
        "int16": .int16, "int32": .int32, "int64": .int64, "uint8": .uint8, "uint16": .uint16, "uint32": .uint32,
        "uint64": .uint64, "bool": .bool,
    ]
}
