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

    let bytes: UnsafeRawBufferPointer
    var position = 0
    var heap: [Object] = []
    var stack: [Value] = []
    var marks: [Int] = []
    var memo: [Int: Value] = [:]
    var copiedBytes = 0

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

// MARK: - Stack and containers

extension PairPickle {
    private static let underflow = InputError(.malformed, "the pickle takes from an empty stack")

    func top() throws(InputError) -> Value {
        guard stack.count > (marks.last ?? 0), let value = stack.last else { throw Self.underflow }
        return value
    }

    mutating func pop() throws(InputError) -> Value {
        let value = try top()
        stack.removeLast()
        return value
    }

    mutating func popToMark() throws(InputError) -> [Value] {
        guard let mark = marks.popLast() else { throw InputError(.malformed, "the pickle has no mark") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    mutating func allocate(_ kind: Object.Kind, _ items: [Value] = []) -> Value {
        heap.append(Object(kind: kind, items: items))
        return .object(heap.count - 1)
    }

    mutating func makeTuple(_ count: Int) throws(InputError) {
        var items: [Value] = []
        for _ in 0..<count { items.append(try pop()) }
        stack.append(allocate(.tuple, items.reversed()))
    }

    mutating func fill(_ items: [Value]) throws(InputError) {
        guard case .object(let index) = try top(), heap[index].kind == .list else {
            throw InputError(.malformed, "the pickle fills something that is no list")
        }
        heap[index].items += items
    }

    mutating func recall(_ key: Int) throws(InputError) {
        guard let value = memo[key] else { throw InputError(.malformed, "no memo entry", found: "\(key)") }
        stack.append(value)
    }

    mutating func checkProtocol() throws(InputError) {
        let version = try byte()
        guard version <= 5 else {
            throw InputError(.unsupported, "pickle protocol", expected: "0 to 5", found: "\(version)")
        }
    }
}
