internal import ArtifactFiles
internal import Pickles

/// What the pickle of a `.bin` file holds: lists or object arrays, byte strings, NumPy arrays of bytes and of labels.
///
/// Byte strings stay in the file wherever it holds them as they are.
struct PairPickle {
    private let pickle: Pickle
    private var copiedBytes = 0

    /// Far above any list of pairs: 14,000 images as arrays need about 500,000 steps.
    init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        pickle = try Pickle(bytes, stepLimit: 40_000_000, objectLimit: 4_000_000)
    }

    /// The value that the pickle ends with.
    var root: Pickle.Value { pickle.root }

    /// The members of a list, tuple or array of objects; nil for anything else.
    func members(_ value: Pickle.Value) -> [Pickle.Value]? {
        if let items = pickle.items(value, .list) ?? pickle.items(value, .tuple) { return items }
        guard let array = array(value), array.type.hasPrefix("O") else { return nil }
        return pickle.items(array.data, .list)
    }

    /// The encoded bytes of an image: a byte string, or a one-dimensional array of bytes.
    mutating func image(_ value: Pickle.Value) throws(InputError) -> ImageContainer.Part {
        if let part = try byteString(value) { return part }
        guard let array = array(value), array.type == "u1" || array.type == "uint8",
            let part = try byteString(array.data)
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
    mutating func labels(_ value: Pickle.Value) throws(InputError) -> [UInt8] {
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

    private mutating func label(_ value: Pickle.Value, _ index: Int) throws(InputError) -> UInt8 {
        switch value {
        case .bool(let value): return value ? 1 : 0
        case .int(let value) where value == 0 || value == 1: return UInt8(value)
        default:
            if let array = array(value), array.shape.isEmpty, let label = try integers(array).first { return label }
            throw InputError(.malformed, "bad label", place: "label \(index)", expected: "True or False")
        }
    }

    /// An array of truth values or little-endian integers, each 0 or 1.
    private mutating func integers(_ array: NumPyArray) throws(InputError) -> [UInt8] {
        let sizes = [
            "b1": 1, "bool": 1, "?": 1, "u1": 1, "uint8": 1, "i1": 1, "i4": 4, "int32": 4, "i8": 8, "int64": 8,
        ]
        guard let size = sizes[array.type], case .bytes(let string) = array.data else {
            throw InputError(.unsupported, "labels as an array of another kind", found: "'\(array.type)'")
        }
        let raw = pickle.contents(string)
        guard raw.count == (array.shape.first ?? 1) * size else {
            throw InputError(.unsupported, "labels as an array of another kind", found: "'\(array.type)'")
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

// MARK: - What Python and NumPy write

extension PairPickle {
    private typealias NumPyArray = (shape: [Int], type: String, data: Pickle.Value)

    /// The array that a value describes: its state is (version, shape, dtype, isFortran, data).
    private func array(_ value: Pickle.Value) -> NumPyArray? {
        guard let (name, arguments) = pickle.call(value) else { return nil }
        let parts: (shape: Pickle.Value, type: Pickle.Value, data: Pickle.Value)
        switch name {
        case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct":
            guard let state = pickle.object(value).flatMap({ pickle.items($0.state, .tuple) }), state.count == 5 else {
                return nil
            }
            parts = (state[1], state[2], state[4])
        case "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer":
            guard arguments.count >= 3 else { return nil }
            parts = (arguments[2], arguments[1], arguments[0])
        case "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar":
            guard arguments.count == 2, let type = typeName(arguments[0]) else { return nil }
            return ([], type, arguments[1])
        default: return nil
        }
        guard let lengths = pickle.items(parts.shape, .tuple), let type = typeName(parts.type) else { return nil }
        var shape: [Int] = []
        for case .int(let length) in lengths where length >= 0 && length < 1 << 40 { shape.append(length) }
        return shape.count == lengths.count ? (shape, type, parts.data) : nil
    }

    private func typeName(_ value: Pickle.Value) -> String? {
        guard let (name, arguments) = pickle.call(value), name == "numpy.dtype" else { return nil }
        return arguments.first.flatMap(pickle.string)
    }

    /// A byte string, or a call that makes one of text and `latin1`, as Python 3 writes byte strings for Python 2.
    private mutating func byteString(_ value: Pickle.Value) throws(InputError) -> ImageContainer.Part? {
        if case .bytes(let string) = value { return ImageContainer.Part(string) }
        guard let (name, arguments) = pickle.call(value),
            ["_codecs.encode", "builtins.bytearray", "__builtin__.bytearray", "builtins.bytes", "__builtin__.bytes"]
                .contains(name)
        else { return nil }
        if arguments.isEmpty, name != "_codecs.encode" { return .bytes([]) }
        if case .bytes(let string)? = arguments.first, arguments.count == 1 { return ImageContainer.Part(string) }
        guard arguments.count >= 2, ["latin1", "latin-1"].contains(pickle.string(arguments[1])),
            let text = pickle.string(arguments[0])
        else { throw InputError(.unsupported, "a byte string in another form than text and 'latin1'") }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else {
                throw InputError(.malformed, "a byte string holds a character above 255")
            }
            decoded.append(byte)
        }
        // One text may stand for many images.
        copiedBytes += decoded.count
        guard copiedBytes <= 1 << 31 else {
            throw InputError(.limitExceeded, "too many bytes that are not stored as they are")
        }
        return .bytes(decoded)
    }
}

extension ImageContainer.Part {
    fileprivate init(_ string: Pickle.Bytes) {
        switch string {
        case .range(let range): self = .range(range)
        case .copied(let bytes): self = .bytes(bytes)
        }
    }
}
