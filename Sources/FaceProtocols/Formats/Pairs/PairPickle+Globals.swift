internal import ArtifactFiles

extension PairPickle {
    mutating func name(_ module: String, _ name: String) throws(InputError) {
        let full = "\(module).\(name)"
        guard let global = Global(rawValue: full) else {
            throw InputError(
                .forbidden,
                "the pickle asks for '\(full.prefix(80))', which is not allowed; nothing was executed",
                expected: "byte strings, truth values and numpy arrays of them"
            )
        }
        stack.append(allocate(.global(global)))
    }

    func items(_ value: Value, _ kind: Object.Kind) -> [Value]? {
        guard case .object(let index) = value, heap[index].kind == kind else { return nil }
        return heap[index].items
    }

    /// What a global would return; only byte strings and descriptions of arrays are made.
    mutating func apply() throws(InputError) {
        let arguments = try pop()
        guard case .object(let function) = try pop(), case .global(let global) = heap[function].kind,
            let arguments = items(arguments, .tuple)
        else { throw InputError(.malformed, "the pickle calls something that is no global") }
        switch global {
        case .reconstruct, .reconstructOld:
            stack.append(allocate(.array))
        case .dtype:
            guard let name = arguments.first else { throw InputError(.malformed, "a dtype without a name") }
            stack.append(allocate(.dtype, [name]))
        case .fromBuffer, .fromBufferOld:
            guard arguments.count >= 3 else { throw InputError(.malformed, "an array lacks arguments") }
            stack.append(allocate(.array, [arguments[2], arguments[1], arguments[0]]))
        case .scalar, .scalarOld:
            guard arguments.count == 2 else { throw InputError(.malformed, "a number lacks arguments") }
            stack.append(allocate(.array, [allocate(.tuple), arguments[0], arguments[1]]))
        case .encode, .bytearray, .bytearrayOld:
            stack.append(try byteString(arguments))
        case .bytes, .bytesOld:
            stack.append(arguments.isEmpty ? .bytes(.bytes([])) : try byteString(arguments))
        case .array:
            throw InputError(.forbidden, "the pickle calls a type, which is not allowed; nothing was executed")
        }
    }

    /// Text and `latin1`, as Python 3 writes byte strings for Python 2; or a byte string as it is.
    private mutating func byteString(_ arguments: [Value]) throws(InputError) -> Value {
        if case .bytes? = arguments.first, arguments.count == 1 { return arguments[0] }
        let codec = arguments.count >= 2 ? try word(arguments[1]) : ""
        let isLatin = ["latin1", "latin-1"].contains(codec)
        if isLatin, case .characters(let characters)? = arguments.first { return .bytes(.bytes(characters)) }
        guard isLatin, case .text(let range)? = arguments.first,
            let text = String(validating: bytes[range], as: UTF8.self)
        else { throw InputError(.unsupported, "a byte string in another form than text and 'latin1'") }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else {
                throw InputError(.malformed, "a byte string holds a character above 255")
            }
            decoded.append(byte)
        }
        return try copied(decoded)
    }

    /// Takes an array's state, (version, shape, dtype, isFortran, data).
    ///
    /// Other objects keep nothing.
    mutating func build() throws(InputError) {
        let state = try pop()
        guard case .object(let index) = try top() else {
            throw InputError(.malformed, "the pickle builds a plain value")
        }
        guard heap[index].kind == .array else { return }
        guard let state = items(state, .tuple), state.count == 5 else {
            throw InputError(.malformed, "an array's state is not what numpy writes")
        }
        heap[index].items = [state[1], state[2], state[4]]
    }
}
