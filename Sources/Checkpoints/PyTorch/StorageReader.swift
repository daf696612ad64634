internal import ArtifactFiles
internal import NeuralGraph

/// Turns tensor references into values, within a budget that the file's size sets.
struct StorageReader {
    /// The bytes of a storage.
    let storage: (StorageReference) throws(InputError) -> UnsafeRawBufferPointer
    private var budget: Int

    /// - Parameters:
    ///   - fileSize: Tensors may hold at most about twice as many elements as the file has bytes: several tensors may
    ///     share a storage and a stride may be 0, but not without bound.
    ///   - storage: Gives the bytes of a storage.
    init(fileSize: Int, storage: @escaping (StorageReference) throws(InputError) -> UnsafeRawBufferPointer) {
        budget = fileSize * 2 + 1 << 20
        self.storage = storage
    }

    /// The tensor's values in C order.
    mutating func values(of tensor: TensorReference, named name: String) throws(InputError) -> Tensor {
        do {
            return try read(tensor)
        } catch {
            throw error.within("parameter '\(name)'")
        }
    }

    private mutating func read(_ tensor: TensorReference) throws(InputError) -> Tensor {
        guard let count = tensor.count, count <= budget else {
            throw InputError(.limitExceeded, "the tensor is larger than the file can hold", found: "\(tensor.shape)")
        }
        budget -= count
        guard count > 0 else { return Tensor(shape: tensor.shape, values: []) }
        let bytes = try storage(tensor.storage)
        try checkSize(of: tensor.storage, bytes)
        let size = tensor.elementType.byteCount
        let (first, span) = try extent(of: tensor)
        guard first <= bytes.count / size, span <= bytes.count / size - first else {
            throw InputError(
                .mismatch,
                "the tensor reaches over its storage's end",
                expected: "\(first) + \(span) elements",
                found: "\(bytes.count / size)"
            )
        }
        let window = UnsafeRawBufferPointer(rebasing: bytes[first * size..<(first + span) * size])
        var values = tensor.elementType.floats(window)
        if !isContiguous(tensor) { values = gather(values, shape: tensor.shape, strides: tensor.strides, count: count) }
        if tensor.isNegated { values = values.map { -$0 } }
        return Tensor(shape: tensor.shape, values: values)
    }

    private func checkSize(of storage: StorageReference, _ bytes: UnsafeRawBufferPointer) throws(InputError) {
        let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.elementType?.byteCount ?? 1)
        guard !overflow, size == bytes.count else {
            throw InputError(
                .mismatch,
                "the storage has another size than the pickle says",
                place: "storage '\(storage.key)'",
                expected: "\(storage.count) elements",
                found: "\(bytes.count) bytes"
            )
        }
    }

    /// The first element and the number of elements from it to the last.
    private func extent(of tensor: TensorReference) throws(InputError) -> (first: Int, span: Int) {
        var span = 1
        for (length, stride) in zip(tensor.shape, tensor.strides) {
            let (reach, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
            guard !overflow, reach < 1 << 48 else {
                throw InputError(.malformed, "a stride is out of bounds", found: "\(stride)")
            }
            span += reach
        }
        let (first, overflow) = tensor.offset.addingReportingOverflow(tensor.storage.viewOffset)
        guard !overflow else { throw InputError(.malformed, "an offset is out of bounds") }
        return (first, span)
    }

    private func isContiguous(_ tensor: TensorReference) -> Bool {
        var expected = 1
        for (length, stride) in zip(tensor.shape, tensor.strides).reversed() where length != 1 {
            guard stride == expected else { return false }
            expected *= length
        }
        return true
    }

    private func gather(_ source: [Float], shape: [Int], strides: [Int], count: Int) -> [Float] {
        var indices = [Int](repeating: 0, count: shape.count)
        var position = 0
        return (0..<count)
            .map { _ in
                let value = source[position]
                for axis in shape.indices.reversed() {
                    indices[axis] += 1
                    position += strides[axis]
                    if indices[axis] < shape[axis] { break }
                    position -= strides[axis] * shape[axis]
                    indices[axis] = 0
                }
                return value
            }
    }
}
