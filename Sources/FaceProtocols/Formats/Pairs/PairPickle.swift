internal import ArtifactFiles

/// Reads the pickle of a `.bin` file: lists of byte strings and of truth values, and nothing else.
///
/// A stack machine over a fixed set of opcodes (protocols 0 to 5, those of Python 2 among them) and a fixed list of
/// globals: another opcode or global ends the reading with its name. Nothing is ever called or imported. Containers lie
/// in a heap and are named by index, so that a hostile pickle makes neither deep nor cyclic Swift objects. Byte strings
/// are places in the file, not copies, wherever the file holds them as they are.
struct PairPickle {
    enum Value: Hashable {
        case none
        case bool(Bool)
        case int(Int)
        case bytes(ImageContainer.Part)
        /// UTF-8 in the file.
        case text(Range<Int>)
        /// Protocol 0's text, one byte for each character.
        case characters([UInt8])
        case object(Int)
    }

    struct Object {
        enum Kind: Hashable {
            case list
            case tuple
            case global(Global)
            /// An array; its state comes with BUILD.
            case array
            /// A dtype; `items` holds its name.
            case dtype
            /// A number, date or anything that the two lists do not need.
            case opaque
        }

        var kind: Kind
        var items: [Value] = []
    }

    /// What the pickle may name; none is ever called.
    enum Global: String, CaseIterable {
        case reconstructOld = "numpy.core.multiarray._reconstruct"
        case reconstruct = "numpy._core.multiarray._reconstruct"
        case fromBufferOld = "numpy.core.numeric._frombuffer"
        case fromBuffer = "numpy._core.numeric._frombuffer"
        case scalarOld = "numpy.core.multiarray.scalar"
        case scalar = "numpy._core.multiarray.scalar"
        case array = "numpy.ndarray"
        case dtype = "numpy.dtype"
        case encode = "_codecs.encode"
        case bytearrayOld = "__builtin__.bytearray"
        case bytearray = "builtins.bytearray"
        case bytes = "builtins.bytes"
        case bytesOld = "__builtin__.bytes"
    }

    /// Far above any list of pairs: 14,000 images as arrays need about 500,000 steps.
    static let stepLimit = 40_000_000
    static let objectLimit = 4_000_000
    /// Of bytes that cannot stay in the file.
    static let copyLimit = 1 << 31

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private(set) var heap: [Object] = []
    private var stack: [Value] = []
    private var marks: [Int] = []
    private var memo: [Int: Value] = [:]
    private var copiedBytes = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Runs to STOP.
    ///
    /// - Returns: The value.
    mutating func run() throws(InputError) -> Value {
        var steps = 0
        while true {
            let start = position
            do throws(InputError) {
                steps += 1
                guard steps <= Self.stepLimit, heap.count <= Self.objectLimit else {
                    throw InputError(.limitExceeded, "the pickle makes too many values for a list of pairs")
                }
                let code = try byte()
                if code == UInt8(ascii: ".") { return try pop() }
                try execute(code)
            } catch {
                var located = error
                located.place = located.place ?? "byte \(start)"
                throw located
            }
        }
    }

    private mutating func execute(_ code: UInt8) throws(InputError) {
        switch code {
        case 0x80: try checkProtocol()
        case 0x95: _ = try take(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "]"): stack.append(allocate(.list))
        case UInt8(ascii: ")"): stack.append(allocate(.tuple))
        case UInt8(ascii: "l"): stack.append(allocate(.list, try popToMark()))
        case UInt8(ascii: "t"): stack.append(allocate(.tuple, try popToMark()))
        case 0x85, 0x86, 0x87: try makeTuple(Int(code) - 0x84)
        case UInt8(ascii: "a"): try fill([try pop()])
        case UInt8(ascii: "e"): try fill(try popToMark())
        case UInt8(ascii: "q"): memo[Int(try byte())] = try top()
        case UInt8(ascii: "r"): memo[try integer(4)] = try top()
        case UInt8(ascii: "p"): memo[try decimalLine()] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): try recall(Int(try byte()))
        case UInt8(ascii: "j"): try recall(try integer(4))
        case UInt8(ascii: "g"): try recall(try decimalLine())
        case UInt8(ascii: "c"): try name(string(try line()), string(try line()))
        case 0x93:
            let (name, module) = (try pop(), try pop())
            try self.name(try word(module), try word(name))
        case UInt8(ascii: "R"): try apply()
        case UInt8(ascii: "b"): try build()
        default: stack.append(try scalar(code))
        }
    }

    private mutating func scalar(_ code: UInt8) throws(InputError) -> Value {
        switch code {
        case UInt8(ascii: "N"): return .none
        case 0x88: return .bool(true)
        case 0x89: return .bool(false)
        case UInt8(ascii: "K"): return .int(Int(try byte()))
        case UInt8(ascii: "M"): return .int(try integer(2))
        case UInt8(ascii: "J"): return .int(Int(Int32(truncatingIfNeeded: try integer(4))))
        case 0x8a: return try long(Int(try byte()))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return try decimal(try line())
        case UInt8(ascii: "G"), UInt8(ascii: "F"):
            if code == UInt8(ascii: "G") { _ = try take(8) } else { _ = try line() }
            return allocate(.opaque)
        case UInt8(ascii: "S"): return try quoted(try line())
        case UInt8(ascii: "U"), UInt8(ascii: "C"): return .bytes(.range(try take(Int(try byte()))))
        case UInt8(ascii: "T"), UInt8(ascii: "B"): return .bytes(.range(try take(try integer(4))))
        case 0x8e, 0x96: return .bytes(.range(try take(try integer(8))))
        case UInt8(ascii: "X"): return .text(try take(try integer(4)))
        case 0x8c: return .text(try take(Int(try byte())))
        case 0x8d: return .text(try take(try integer(8)))
        case UInt8(ascii: "V"): return try rawUnicode(try line())
        default:
            throw InputError(
                .forbidden,
                "the pickle opcode 0x\(String(code, radix: 16)) is not allowed; nothing was executed",
                expected: "what lists of byte strings and truth values need"
            )
        }
    }
}

// MARK: - Bytes

extension PairPickle {
    private mutating func take(_ count: Int) throws(InputError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else {
            throw InputError(
                .truncated,
                "ends too early",
                expected: "\(count) more bytes",
                found: "\(bytes.count - position)"
            )
        }
        defer { position += count }
        return position..<position + count
    }

    private mutating func byte() throws(InputError) -> UInt8 { bytes[try take(1).lowerBound] }

    /// A little-endian unsigned number; one above Int.max is refused by whoever takes as many bytes.
    private mutating func integer(_ count: Int) throws(InputError) -> Int {
        var value: UInt64 = 0
        for (index, place) in try take(count).enumerated() { value |= UInt64(bytes[place]) << (8 * UInt64(index)) }
        return Int(clamping: value)
    }

    private mutating func long(_ count: Int) throws(InputError) -> Value {
        let range = try take(count)
        guard count <= 8 else { return allocate(.opaque) }
        var value: UInt64 = range.last.map { bytes[$0] & 0x80 != 0 ? .max : 0 } ?? 0
        for place in range.reversed() { value = value << 8 | UInt64(bytes[place]) }
        return .int(Int(Int64(bitPattern: value)))
    }

    /// Up to the next line feed, which is stepped over.
    private mutating func line() throws(InputError) -> Range<Int> {
        var end = position
        while end < bytes.count, bytes[end] != 0x0a { end += 1 }
        guard end < bytes.count else { throw InputError(.truncated, "a line does not end") }
        defer { position = end + 1 }
        return position..<end
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func decimalLine() throws(InputError) -> Int {
        let text = string(try line())
        guard let value = Int(text), value >= 0 else {
            throw InputError(.malformed, "not a number of the memo", found: "'\(text.prefix(20))'")
        }
        return value
    }

    /// Protocol 0's INT, in which 00 and 01 are truth values, and LONG.
    private func decimal(_ range: Range<Int>) throws(InputError) -> Value {
        var text = string(range)
        if text == "00" || text == "01" { return .bool(text == "01") }
        if text.hasSuffix("L") { text.removeLast() }
        guard let value = Int(text) else {
            throw InputError(.malformed, "not an integer", found: "'\(text.prefix(20))'")
        }
        return .int(value)
    }

    /// Protocol 0's byte string: Python's repr of it.
    private mutating func quoted(_ range: Range<Int>) throws(InputError) -> Value {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard raw.count >= 2, let mark = raw.first, mark == 0x27 || mark == 0x22, raw.last == mark else {
            throw InputError(.malformed, "a byte string without quotation marks")
        }
        let escapes: [UInt8: UInt8] = [
            0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09, 0x5c: 0x5c, 0x27: 0x27, 0x22: 0x22, 0x61: 7, 0x62: 8, 0x66: 12,
            0x76: 11,
        ]
        var text: [UInt8] = []
        text.reserveCapacity(raw.count / 2)
        var index = 1
        while index < raw.count - 1 {
            guard raw[index] == 0x5c else {
                text.append(raw[index])
                index += 1
                continue
            }
            let code = raw[index + 1]
            if code == 0x78, index + 3 < raw.count - 1,
                let value = UInt8(String(decoding: raw[index + 2...index + 3], as: UTF8.self), radix: 16)
            {
                text.append(value)
                index += 4
            } else if let value = escapes[code], index + 1 < raw.count - 1 {
                text.append(value)
                index += 2
            } else {
                throw InputError(.malformed, "a byte string with an unknown escape")
            }
        }
        return try copied(text)
    }

    private mutating func copied(_ text: [UInt8]) throws(InputError) -> Value {
        copiedBytes += text.count
        guard copiedBytes <= Self.copyLimit else { throw Self.tooManyCopies }
        return .bytes(.bytes(text))
    }

    /// Protocol 0's text: Latin-1 with `\uXXXX` escapes.
    private mutating func rawUnicode(_ range: Range<Int>) throws(InputError) -> Value {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            guard raw[index] == 0x5c, index + 5 < raw.count, raw[index + 1] == UInt8(ascii: "u") else {
                text.append(raw[index])
                index += 1
                continue
            }
            guard let value = UInt8(String(decoding: raw[index + 2...index + 5], as: UTF8.self), radix: 16) else {
                throw InputError(.unsupported, "text with characters above 255")
            }
            text.append(value)
            index += 6
        }
        copiedBytes += text.count
        guard copiedBytes <= Self.copyLimit else { throw Self.tooManyCopies }
        return .characters(text)
    }

    private static let tooManyCopies = InputError(.limitExceeded, "too many bytes that are not stored as they are")

    /// A short text, such as the name of a codec or type.
    private func word(_ value: Value) throws(InputError) -> String {
        switch value {
        case .text(let range), .bytes(.range(let range)): return string(range)
        case .characters(let bytes), .bytes(.bytes(let bytes)): return String(decoding: bytes, as: UTF8.self)
        default: throw InputError(.malformed, "a name is no text")
        }
    }
}

// MARK: - Stack and containers

extension PairPickle {
    private static let underflow = InputError(.malformed, "the pickle takes from an empty stack")

    private func top() throws(InputError) -> Value {
        guard stack.count > (marks.last ?? 0), let value = stack.last else { throw Self.underflow }
        return value
    }

    private mutating func pop() throws(InputError) -> Value {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func popToMark() throws(InputError) -> [Value] {
        guard let mark = marks.popLast() else { throw InputError(.malformed, "the pickle has no mark") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func allocate(_ kind: Object.Kind, _ items: [Value] = []) -> Value {
        heap.append(Object(kind: kind, items: items))
        return .object(heap.count - 1)
    }

    private mutating func makeTuple(_ count: Int) throws(InputError) {
        var items: [Value] = []
        for _ in 0..<count { items.append(try pop()) }
        stack.append(allocate(.tuple, items.reversed()))
    }

    private mutating func fill(_ items: [Value]) throws(InputError) {
        guard case .object(let index) = try top(), heap[index].kind == .list else {
            throw InputError(.malformed, "the pickle fills something that is no list")
        }
        heap[index].items += items
    }

    private mutating func recall(_ key: Int) throws(InputError) {
        guard let value = memo[key] else { throw InputError(.malformed, "no memo entry", found: "\(key)") }
        stack.append(value)
    }

    private mutating func checkProtocol() throws(InputError) {
        let version = try byte()
        guard version <= 5 else {
            throw InputError(.unsupported, "pickle protocol", expected: "0 to 5", found: "\(version)")
        }
    }
}

// MARK: - Globals

extension PairPickle {
    private mutating func name(_ module: String, _ name: String) throws(InputError) {
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

    private func items(_ value: Value, _ kind: Object.Kind) -> [Value]? {
        guard case .object(let index) = value, heap[index].kind == kind else { return nil }
        return heap[index].items
    }

    /// What a global would return; only byte strings and descriptions of arrays are made.
    private mutating func apply() throws(InputError) {
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
    private mutating func build() throws(InputError) {
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

// MARK: - What it holds

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
