internal import ArtifactFiles

/// The arguments of PyTorch's `_rebuild_tensor` functions.
struct TensorArguments {
    let heap: [PickleObject]
    let values: [PickleValue]

    /// The tensor they describe.
    ///
    /// - Parameter version: 1: storage, offset, size, stride. 2: also gradient flag, hooks[, flags]. 3: as 2, with a
    ///   dtype before the flags and an untyped storage.
    func tensor(version: Int) throws(InputError) -> TensorReference {
        guard values.count >= (version == 1 ? 4 : version == 2 ? 6 : 7) else {
            throw InputError(.malformed, "a tensor lacks arguments", found: "\(values.count)")
        }
        guard case .object(let storageIndex) = values[0], case .storage(let storage) = heap[storageIndex].kind,
            case .int(let offset) = values[1], offset >= 0
        else { throw InputError(.malformed, "a tensor has no storage") }
        let shape = try integers(values[2])
        let strides = try integers(values[3])
        guard shape.count == strides.count, elementCount(shape) != nil,
            strides.allSatisfy({ $0 >= 0 })
        else { throw InputError(.malformed, "a tensor's shape or strides are out of bounds", found: "\(shape)") }
        var tensor = TensorReference(
            storage: storage,
            elementType: try elementType(of: storage, version: version),
            offset: offset,
            shape: shape,
            strides: strides
        )
        if let flags = values.dropFirst(version == 2 ? 6 : 7).first { tensor.isNegated = isSet("neg", in: flags) }
        return tensor
    }

    private func elementType(of storage: StorageReference, version: Int) throws(InputError) -> ElementType {
        if version < 3 {
            guard let type = storage.elementType else { throw InputError(.malformed, "a tensor has no type") }
            return type
        }
        guard case .object(let index) = values[6], case .global(let global) = heap[index].kind else {
            throw InputError(.malformed, "a tensor has no type")
        }
        switch global {
        case .dtype(let type): return type
        case .unsupportedType(let name): throw InputError(.unsupported, "tensors of type \(name) are not supported")
        default: throw InputError(.malformed, "a tensor has no type")
        }
    }

    private func integers(_ value: PickleValue) throws(InputError) -> [Int] {
        guard case .object(let index) = value else { throw InputError(.malformed, "a tensor's shape is no tuple") }
        switch heap[index].kind {
        case .tuple, .list: break
        default: throw InputError(.malformed, "a tensor's shape is no tuple")
        }
        guard heap[index].items.count <= 32 else { throw InputError(.malformed, "a tensor has too many axes") }
        var result: [Int] = []
        for item in heap[index].items {
            guard case .int(let number) = item else {
                throw InputError(.malformed, "a tensor's shape holds something else than integers")
            }
            result.append(number)
        }
        return result
    }

    private func isSet(_ name: String, in value: PickleValue) -> Bool {
        guard case .object(let index) = value, case .dictionary = heap[index].kind else { return false }
        let items = heap[index].items.prefix(16)
        return stride(from: 0, to: items.count - 1, by: 2)
            .contains { items[$0] == .string(name) && items[$0 + 1] == .bool(true) }
    }
}
