internal import ArtifactFiles

extension PairPickle {
    /// The members of a list, tuple or array of objects; nil for anything else.
    func members(_ value: Value) -> [Value]? {
        if let items = items(value, .list) ?? items(value, .tuple) { return items }
        guard let array = array(value), array.type.hasPrefix("O") else { return nil }
        return items(array.data, .list)
    }

    private func array(_ value: Value) -> (shape: [Int], type: String, data: Value)? {
        guard let parts = items(value, .array), parts.count == 3, let lengths = items(parts[0], .tuple),
            let dtype = items(parts[1], .dtype)?.first, let name = try? word(dtype)
        else { return nil }
        var shape: [Int] = []
        for case .int(let length) in lengths { shape.append(length) }
        guard shape.count == lengths.count else { return nil }
        return (shape, name, parts[2])
    }

    /// The bytes of a byte string or of a one-dimensional array of bytes.
    func part(_ value: Value) throws(InputError) -> ImageContainer.Part {
        if case .bytes(let part) = value { return part }
        guard let array = array(value), array.type == "u1" || array.type == "uint8", case .bytes(let part) = array.data
        else { throw InputError(.unsupported, "an image is neither a byte string nor an array of uint8") }
        let lengths = array.shape.filter { $0 != 1 }
        guard lengths.count <= 1, !array.shape.isEmpty, (lengths.first ?? 1) == part.count else {
            throw InputError(
                .unsupported,
                "an image is an array of another shape than encoded bytes have",
                expected: "(\(part.count),), a JPEG or PNG file",
                found: "\(array.shape)"
            )
        }
        return part
    }

    /// Truth values: a list of them or of 0 and 1, or an array.
    func labels(_ value: Value) throws(InputError) -> [UInt8] {
        if let items = members(value) {
            var labels: [UInt8] = []
            labels.reserveCapacity(items.count)
            for (index, item) in items.enumerated() { labels.append(try label(item, index)) }
            return labels
        }
        guard let array = array(value), array.shape.count == 1 else {
            throw InputError(.unsupported, "the labels are neither a list nor an array of truth values")
        }
        return try integers(array)
    }

    private func label(_ value: Value, _ index: Int) throws(InputError) -> UInt8 {
        switch value {
        case .bool(let value): return value ? 1 : 0
        case .int(let value) where value == 0 || value == 1: return UInt8(value)
        default:
            if let array = array(value), array.shape.isEmpty, let label = try integers(array).first { return label }
            throw InputError(.malformed, "bad label", place: "label \(index)", expected: "True or False")
        }
    }

    /// An array of truth values or little-endian integers, each 0 or 1.
    private func integers(_ array: (shape: [Int], type: String, data: Value)) throws(InputError) -> [UInt8] {
        let sizes = [
            "b1": 1, "bool": 1, "?": 1, "u1": 1, "uint8": 1, "i1": 1, "i4": 4, "int32": 4, "i8": 8, "int64": 8,
        ]
        guard let size = sizes[array.type], case .bytes(let part) = array.data,
            part.count == (array.shape.first ?? 1) * size
        else { throw InputError(.unsupported, "labels as an array of another kind", found: "'\(array.type)'") }
        let raw: [UInt8] =
            switch part {
            case .range(let range): Array(bytes[range])
            case .bytes(let bytes): bytes
            }
        var labels: [UInt8] = []
        for start in stride(from: 0, to: raw.count, by: size) {
            guard raw[start] <= 1, raw[start + 1..<start + size].allSatisfy({ $0 == 0 }) else {
                throw InputError(.malformed, "bad label", place: "label \(start / size)", expected: "True or False")
            }
            labels.append(raw[start])
        }
        return labels
    }
}
