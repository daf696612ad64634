internal import ArtifactFiles

/// Reads one pickle (protocols 2 to 5) into inert values.
///
/// It is a stack machine over a fixed set of opcodes and a fixed list of globals (``PickleGlobal``): an unknown opcode
/// or global ends the reading with its name, and nothing is ever called or imported.
struct PickleMachine {
    /// The most opcodes that are executed; a state_dict of 10,000 tensors needs about 400,000.
    static let stepLimit = 4_000_000
    /// The most containers, tensors and named things; that state_dict has 80,000.
    static let objectLimit = 1_000_000

    private(set) var heap: [PickleObject] = []
    private var reader: ByteReader
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var steps = 0

    /// Prepares to read the pickle that starts at the reader's place.
    init(_ reader: ByteReader) { self.reader = reader }

    /// Runs to `STOP`.
    ///
    /// - Returns: The value, and the byte offset behind the pickle.
    mutating func run() throws(InputError) -> (value: PickleValue, end: Int) {
        while true {
            let start = reader.offset
            do throws(InputError) {
                let code = try reader.byte()
                guard let opcode = PickleOpcode(rawValue: code) else { throw Self.refused(code) }
                steps += 1
                guard steps <= Self.stepLimit, heap.count <= Self.objectLimit else {
                    throw InputError(.limitExceeded, "the pickle makes too many values for a state_dict")
                }
                if opcode == .stop { return (try pop(), reader.offset) }
                try execute(opcode)
            } catch {
                var located = error
                located.place = located.place ?? "\(reader.part) byte \(start)"
                throw located
            }
        }
    }

    private static func refused(_ code: UInt8) -> InputError {
        let name = PickleOpcode.refusedNames[code] ?? "0x" + String(code, radix: 16)
        return InputError(.forbidden, "the pickle opcode \(name) is not allowed", expected: "what a state_dict needs")
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(InputError) {
        switch opcode {
        case .proto, .frame, .mark, .pop, .popMark, .dup, .stop:
            try control(opcode)
        case .binPut, .longBinPut, .memoize, .binGet, .longBinGet:
            try remember(opcode)
        case .emptyDict, .emptyList, .emptySet, .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .frozenSet, .list,
            .dict:
            try makeContainer(opcode)
        case .append, .appends, .addItems, .setItem, .setItems:
            try fillContainer(opcode)
        case .global, .stackGlobal, .instance, .reduce, .newObject, .build, .persistentID:
            try refer(opcode)
        default:
            stack.append(try scalar(opcode))
        }
    }
}

// MARK: - Stack

extension PickleMachine {
    private static let underflow = InputError(.malformed, "the pickle takes from an empty stack")

    private mutating func pop() throws(InputError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else { throw Self.underflow }
        return value
    }

    /// Everything above the last mark, which goes away.
    private mutating func popToMark() throws(InputError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw InputError(.malformed, "the pickle has no mark") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func allocate(_ kind: PickleObject.Kind, _ items: [PickleValue] = []) -> PickleValue {
        heap.append(PickleObject(kind: kind, items: items))
        return .object(heap.count - 1)
    }

    private mutating func control(_ opcode: PickleOpcode) throws(InputError) {
        switch opcode {
        case .proto:
            let version = try reader.byte()
            guard (2...5).contains(version) else {
                throw InputError(.unsupported, "pickle protocol", expected: "2 to 5", found: "\(version)")
            }
        case .frame:
            let length = try reader.integer(UInt64.self)
            guard length <= UInt64(reader.remaining) else { throw InputError(.truncated, "a frame is not all there") }
        case .mark:
            marks.append(stack.count)
        case .pop:
            if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
        case .popMark:
            _ = try popToMark()
        default:
            let value = try pop()
            stack += [value, value]
        }
    }

    private mutating func remember(_ opcode: PickleOpcode) throws(InputError) {
        switch opcode {
        case .binPut, .longBinPut, .memoize:
            guard let top = stack.last else { throw Self.underflow }
            let key =
                switch opcode {
                case .binPut: Int(try reader.byte())
                case .longBinPut: Int(try reader.integer(UInt32.self))
                default: memo.count
                }
            memo[key] = top
        default:
            let key = opcode == .binGet ? Int(try reader.byte()) : Int(try reader.integer(UInt32.self))
            guard let value = memo[key] else { throw InputError(.malformed, "no memo entry", found: "\(key)") }
            stack.append(value)
        }
    }
}

// MARK: - Values

extension PickleMachine {
    private mutating func scalar(_ opcode: PickleOpcode) throws(InputError) -> PickleValue {
        switch opcode {
        case .none: .none
        case .newTrue: .bool(true)
        case .newFalse: .bool(false)
        case .binInt: .int(Int(try reader.integer(Int32.self)))
        case .binInt1: .int(Int(try reader.byte()))
        case .binInt2: .int(Int(try reader.integer(UInt16.self)))
        case .long1: try longInteger(UInt64(try reader.byte()))
        case .long4: try longInteger(UInt64(try reader.integer(UInt32.self)))
        case .binFloat: .double(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped))
        case .quotedText: try skippedLine()
        case .binUnicode: try text(UInt64(try reader.integer(UInt32.self)))
        case .shortBinUnicode: try text(UInt64(try reader.byte()))
        case .binUnicode8: try text(try reader.integer(UInt64.self))
        case .shortBinString: try byteText(UInt64(try reader.byte()))
        case .binString: try byteText(UInt64(try reader.integer(UInt32.self)))
        case .shortBinBytes: try opaqueBytes(UInt64(try reader.byte()))
        case .binBytes: try opaqueBytes(UInt64(try reader.integer(UInt32.self)))
        default: try opaqueBytes(try reader.integer(UInt64.self))
        }
    }

    private mutating func text(_ count: UInt64) throws(InputError) -> PickleValue {
        .string(try reader.text(Int(clamping: count)))
    }

    /// A Python 2 `str`: ASCII in practice; other bytes read as Latin-1.
    private mutating func byteText(_ count: UInt64) throws(InputError) -> PickleValue {
        .string(String(String.UnicodeScalarView(try reader.take(count).map { Unicode.Scalar($0) })))
    }

    /// Protocol 0's quoted text: nothing a state_dict needs.
    private mutating func skippedLine() throws(InputError) -> PickleValue {
        _ = try reader.line()
        return allocate(.opaque)
    }

    private mutating func opaqueBytes(_ count: UInt64) throws(InputError) -> PickleValue {
        _ = try reader.take(count)
        return allocate(.opaque)
    }

    /// A little-endian two's complement integer; one that does not fit stays opaque.
    private mutating func longInteger(_ count: UInt64) throws(InputError) -> PickleValue {
        let bytes = try reader.take(count)
        guard bytes.count <= 8 else { return allocate(.opaque) }
        var value: UInt64 = (bytes.last ?? 0) & 0x80 == 0 ? 0 : .max
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        return .int(Int(Int64(bitPattern: value)))
    }
}

// MARK: - Containers

extension PickleMachine {
    private mutating func makeContainer(_ opcode: PickleOpcode) throws(InputError) {
        let value: PickleValue
        switch opcode {
        case .emptyDict: value = allocate(.dictionary)
        case .emptyList: value = allocate(.list)
        case .emptySet: value = allocate(.set)
        case .emptyTuple: value = allocate(.tuple)
        case .tuple: value = allocate(.tuple, try popToMark())
        case .list: value = allocate(.list, try popToMark())
        case .frozenSet: value = allocate(.set, try popToMark())
        case .dict:
            let items = try popToMark()
            guard items.count % 2 == 0 else { throw InputError(.malformed, "a key has no value") }
            value = allocate(.dictionary, items)
        default:
            let count = opcode == .tuple1 ? 1 : opcode == .tuple2 ? 2 : 3
            var items: [PickleValue] = []
            for _ in 0..<count { items.append(try pop()) }
            value = allocate(.tuple, items.reversed())
        }
        stack.append(value)
    }

    private mutating func fillContainer(_ opcode: PickleOpcode) throws(InputError) {
        let items: [PickleValue]
        switch opcode {
        case .append: items = [try pop()]
        case .setItem:
            let value = try pop()
            items = [try pop(), value]
        default: items = try popToMark()
        }
        guard case .object(let index)? = stack.last else {
            throw InputError(.malformed, "the pickle fills something that is no container")
        }
        switch (heap[index].kind, opcode) {
        case (.list, .append), (.list, .appends), (.set, .addItems):
            heap[index].items += items
        case (.dictionary, .setItem), (.dictionary, .setItems):
            guard items.count % 2 == 0 else { throw InputError(.malformed, "a key has no value") }
            heap[index].items += items
        case (.opaque, _):
            break
        default:
            throw InputError(.malformed, "the pickle fills a container of another kind")
        }
    }
}

// MARK: - Globals

extension PickleMachine {
    private mutating func refer(_ opcode: PickleOpcode) throws(InputError) {
        switch opcode {
        case .global:
            let module = try reader.line()
            stack.append(try global("\(module).\(try reader.line())"))
        case .stackGlobal:
            guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
                throw InputError(.malformed, "a global's name is no text")
            }
            stack.append(try global("\(module).\(name)"))
        case .instance:
            let module = try reader.line()
            _ = try global("\(module).\(try reader.line())")
            throw Self.refused(opcode.rawValue)
        case .persistentID:
            let reference = try storageReference(try pop())
            stack.append(allocate(.storage(reference)))
        case .build:
            // Attributes of dictionaries (`_metadata`), parameters and numpy values: not needed.
            _ = try pop()
            guard case .object? = stack.last else { throw InputError(.malformed, "the pickle builds a plain value") }
        default:
            let arguments = try pop()
            let function = try pop()
            let made = try apply(function, to: tupleItems(arguments))
            stack.append(made)
        }
    }

    private mutating func global(_ name: String) throws(InputError) -> PickleValue {
        guard let global = PickleGlobal.named(name) else {
            throw InputError(
                .forbidden,
                "the pickle asks for '\(name)', which is not allowed; nothing was executed",
                expected: "tensors, ordered dicts and plain values, as torch.save(model.state_dict(), …) writes"
            )
        }
        return allocate(.global(global))
    }

    private func tupleItems(_ value: PickleValue) throws(InputError) -> [PickleValue] {
        guard case .object(let index) = value, case .tuple = heap[index].kind else {
            throw InputError(.malformed, "arguments are no tuple")
        }
        return heap[index].items
    }

    /// What a global would return for some arguments; only shapes and references are computed.
    private mutating func apply(
        _ function: PickleValue,
        to arguments: [PickleValue]
    ) throws(InputError) -> PickleValue {
        guard case .object(let index) = function, case .global(let global) = heap[index].kind else {
            throw InputError(.malformed, "the pickle calls something that is no global")
        }
        switch global {
        case .dictionaryClass: return try dictionary(from: arguments)
        case .setClass: return allocate(.set)
        case .rebuildTensor(let version):
            let reference = try tensor(arguments, version: version)
            return allocate(.tensor(reference))
        case .rebuildParameter:
            guard let data = arguments.first, case .object(let index) = data, case .tensor = heap[index].kind else {
                throw InputError(.malformed, "a parameter holds no tensor")
            }
            return data
        case .rebuildFromType:
            guard arguments.count >= 3 else { throw InputError(.malformed, "a tensor's type lacks arguments") }
            guard case .object(let inner) = arguments[0], case .global(.rebuildTensor(let version)) = heap[inner].kind
            else { throw InputError(.malformed, "a tensor of a type that is not supported") }
            let reference = try tensor(tupleItems(arguments[2]), version: version)
            return allocate(.tensor(reference))
        case .sizeClass:
            return arguments.first ?? allocate(.tuple)
        case .storageClass, .unsupportedStorageClass, .dtype, .unsupportedType, .tensorClass:
            throw InputError(.forbidden, "the pickle calls a type, which is not allowed; nothing was executed")
        case .inert:
            return allocate(.opaque)
        }
    }

    /// Apart from ``allocate(_:_:)``, so that the heap is not shared (and copied) when it grows.
    private func tensor(_ arguments: [PickleValue], version: Int) throws(InputError) -> TensorReference {
        try TensorArguments(heap: heap, values: arguments).tensor(version: version)
    }

    /// `OrderedDict([[key, value], …])` as Python 2 wrote it, `Counter({…})`, `defaultdict(factory, …)`.
    private mutating func dictionary(from arguments: [PickleValue]) throws(InputError) -> PickleValue {
        var items: [PickleValue] = []
        for case .object(let index) in arguments.prefix(2) {
            switch heap[index].kind {
            case .dictionary:
                items += heap[index].items
            case .list:
                for case .object(let pair) in heap[index].items {
                    guard heap[pair].items.count == 2 else { throw InputError(.malformed, "a key has no value") }
                    items += heap[pair].items
                }
            default:
                break
            }
        }
        steps += items.count
        return allocate(.dictionary, items)
    }

    /// `('storage', type, key, location, count[, view])`.
    private func storageReference(_ value: PickleValue) throws(InputError) -> StorageReference {
        let items = try tupleItems(value)
        guard items.count >= 5, items[0] == .string("storage"), case .object(let type) = items[1],
            case .global(let global) = heap[type].kind, case .string(let key) = items[2],
            case .int(let count) = items[4], count >= 0
        else { throw InputError(.malformed, "a persistent id that is no storage") }
        switch global {
        case .storageClass(let elementType):
            var reference = StorageReference(key: key, elementType: elementType, count: count)
            if items.count > 5, items[5] != .none { try applyView(items[5], to: &reference) }
            return reference
        case .unsupportedStorageClass(let name):
            throw InputError(.unsupported, "tensors in a \(name) are not supported")
        default:
            throw InputError(.malformed, "a persistent id that is no storage")
        }
    }

    /// `(view key, offset, size)` of PyTorch before 0.4.
    private func applyView(_ value: PickleValue, to reference: inout StorageReference) throws(InputError) {
        let view = try tupleItems(value)
        guard view.count == 3, case .int(let offset) = view[1], case .int(let count) = view[2], offset >= 0,
            count >= 0
        else { throw InputError(.malformed, "a storage view is damaged") }
        reference.viewOffset = offset
    }
}
