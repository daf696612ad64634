internal import ArtifactFiles

/// Python's pickle machine over inert values: a stack, marks and a memo.
struct PickleMachine {
    typealias Value = Pickle.Value

    private(set) var objects: [Pickle.Object] = []
    private(set) var offset: Int
    private let bytes: UnsafeRawBufferPointer
    private let stepLimit: Int
    private let objectLimit: Int
    private var stack: [Value] = []
    private var marks: [Int] = []
    private var memo: [Int: Value] = [:]
    private var copiedBytes = 0

    /// Of texts and byte strings that cannot stay in the file.
    private static let copyLimit = 1 << 31

    init(_ bytes: UnsafeRawBufferPointer, offset: Int, stepLimit: Int, objectLimit: Int) {
        self.bytes = bytes
        self.offset = offset
        self.stepLimit = stepLimit
        self.objectLimit = objectLimit
    }

    /// Runs to STOP.
    mutating func run(part: String?) throws(InputError) -> Value {
        var steps = 0
        while true {
            let start = offset
            do throws(InputError) {
                steps += 1
                guard steps <= stepLimit, objects.count <= objectLimit else {
                    throw InputError(.limitExceeded, "the pickle makes too many values")
                }
                let code = try byte()
                if code == UInt8(ascii: ".") { return try pop() }
                try execute(code)
            } catch {
                var located = error
                located.place = located.place ?? [part, "byte \(start)"].compactMap(\.self).joined(separator: " ")
                throw located
            }
        }
    }

    private mutating func execute(_ code: UInt8) throws(InputError) {
        switch code {
        case 0x80: try checkProtocol()
        // FRAME: its length is checked, its borders mean nothing to a file that lies in memory.
        case 0x95: _ = try checked(try integer(8))
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "q"): memo[Int(try byte())] = try top()
        case UInt8(ascii: "r"): memo[try integer(4)] = try top()
        case UInt8(ascii: "p"): memo[try memoLine()] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): try recall(Int(try byte()))
        case UInt8(ascii: "j"): try recall(try integer(4))
        case UInt8(ascii: "g"): try recall(try memoLine())
        default: if try !makeContainer(code), try !refer(code) { stack.append(try scalar(code)) }
        }
    }
}

// MARK: - Stack

extension PickleMachine {
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

    /// Everything above the last mark, which goes away.
    private mutating func popToMark() throws(InputError) -> [Value] {
        guard let mark = marks.popLast() else { throw InputError(.malformed, "the pickle has no mark") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func push(_ kind: Pickle.Object.Kind, _ items: [Value] = []) {
        objects.append(Pickle.Object(kind: kind, items: items))
        stack.append(.object(objects.count - 1))
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

// MARK: - Containers

extension PickleMachine {
    /// Executes an opcode that makes or fills a container; false for any other.
    private mutating func makeContainer(_ code: UInt8) throws(InputError) -> Bool {
        switch code {
        case UInt8(ascii: "}"): push(.dictionary)
        case UInt8(ascii: "]"): push(.list)
        case UInt8(ascii: ")"): push(.tuple)
        case 0x8f: push(.set)
        case UInt8(ascii: "d"): push(.dictionary, try pairs(try popToMark()))
        case UInt8(ascii: "l"): push(.list, try popToMark())
        case UInt8(ascii: "t"): push(.tuple, try popToMark())
        case 0x91: push(.set, try popToMark())
        case 0x85, 0x86, 0x87:
            var items: [Value] = []
            for _ in 0..<Int(code) - 0x84 { items.append(try pop()) }
            push(.tuple, items.reversed())
        case UInt8(ascii: "a"): try fill([try pop()], .list)
        case UInt8(ascii: "e"): try fill(try popToMark(), .list)
        case 0x90: try fill(try popToMark(), .set)
        case UInt8(ascii: "s"):
            let value = try pop()
            try fill([try pop(), value], .dictionary)
        case UInt8(ascii: "u"): try fill(try pairs(try popToMark()), .dictionary)
        default: return false
        }
        return true
    }

    private func pairs(_ items: [Value]) throws(InputError) -> [Value] {
        guard items.count % 2 == 0 else { throw InputError(.malformed, "a key has no value") }
        return items
    }

    private mutating func fill(_ items: [Value], _ kind: Pickle.Object.Kind) throws(InputError) {
        guard case .object(let index) = try top() else {
            throw InputError(.malformed, "the pickle fills something that is no container")
        }
        switch objects[index].kind {
        case kind: objects[index].items += items
        // A subclass of dict keeps its entries; members of lists' subclasses, deques and the like mean nothing here.
        case .instance, .persistent: if kind == .dictionary { objects[index].items += items }
        default: throw InputError(.malformed, "the pickle fills a container of another kind")
        }
    }
}

// MARK: - Names and what they would make

extension PickleMachine {
    /// Executes an opcode that names a global or would call one; false for any other.
    private mutating func refer(_ code: UInt8) throws(InputError) -> Bool {
        switch code {
        case UInt8(ascii: "c"): try pushGlobal(line(), line())
        case 0x93:
            let (name, module) = (try pop(), try pop())
            try pushGlobal(try word(module), try word(name))
        case UInt8(ascii: "R"), 0x81: try pushInstance(arguments: try pop(), callable: try pop())
        case 0x92:
            _ = try pop()
            try pushInstance(arguments: try pop(), callable: try pop())
        case UInt8(ascii: "i"):
            try pushGlobal(line(), line())
            let callable = stack.removeLast()
            push(.tuple, try popToMark())
            try pushInstance(arguments: try pop(), callable: callable)
        case UInt8(ascii: "o"):
            let items = try popToMark()
            guard let callable = items.first else { throw Self.underflow }
            push(.tuple, Array(items.dropFirst()))
            try pushInstance(arguments: try pop(), callable: callable)
        case UInt8(ascii: "b"):
            let state = try pop()
            guard case .object(let index) = try top() else {
                throw InputError(.malformed, "the pickle builds a plain value")
            }
            objects[index].state = state
        case UInt8(ascii: "Q"): push(.persistent(try pop()))
        case UInt8(ascii: "P"): push(.persistent(.text(try line())))
        default: return false
        }
        return true
    }

    private mutating func pushGlobal(_ module: Range<Int>, _ name: Range<Int>) throws(InputError) {
        try pushGlobal(String(decoding: bytes[module], as: UTF8.self), String(decoding: bytes[name], as: UTF8.self))
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws(InputError) {
        let full = "\(module).\(name)"
        guard !PickleProgram.isNamed(full) else {
            throw InputError(
                .forbidden,
                "the pickle asks for '\(full.prefix(80))', which can run programs and is not allowed; nothing was executed",
                expected: "data: tensors, arrays, dicts and plain values"
            )
        }
        push(.global(full))
    }

    private mutating func pushInstance(arguments: Value, callable: Value) throws(InputError) {
        guard case .object(let index) = callable else {
            throw InputError(.malformed, "the pickle calls something that is no global")
        }
        switch objects[index].kind {
        // Enumerations and bound methods call what another call returned.
        case .global, .instance, .persistent: push(.instance(callable: callable, arguments: arguments))
        default: throw InputError(.malformed, "the pickle calls something that is no global")
        }
    }

    /// A short text, such as the name of a module.
    private func word(_ value: Value) throws(InputError) -> String {
        switch value {
        case .text(let range), .bytes(.range(let range)): String(decoding: bytes[range], as: UTF8.self)
        case .characters(let characters), .bytes(.copied(let characters)): String(decoding: characters, as: UTF8.self)
        default: throw InputError(.malformed, "a global's name is no text")
        }
    }
}

// MARK: - Plain values

extension PickleMachine {
    private mutating func scalar(_ code: UInt8) throws(InputError) -> Value {
        switch code {
        case UInt8(ascii: "N"): return .none
        case 0x88: return .bool(true)
        case 0x89: return .bool(false)
        case UInt8(ascii: "K"): return .int(Int(try byte()))
        case UInt8(ascii: "M"): return .int(try integer(2))
        case UInt8(ascii: "J"): return .int(Int(Int32(truncatingIfNeeded: try integer(4))))
        case 0x8a: return try long(Int(try byte()))
        case 0x8b: return try long(try integer(4))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return try decimal(try line())
        case UInt8(ascii: "G"): return .double(try bigEndianDouble())
        case UInt8(ascii: "F"):
            let text = String(decoding: bytes[try line()], as: UTF8.self)
            guard let value = Double(text) else {
                throw InputError(.malformed, "not a number", found: "'\(text.prefix(20))'")
            }
            return .double(value)
        case UInt8(ascii: "S"): return try quoted(try line())
        case UInt8(ascii: "U"), UInt8(ascii: "C"): return .bytes(.range(try take(Int(try byte()))))
        case UInt8(ascii: "T"), UInt8(ascii: "B"): return .bytes(.range(try take(try integer(4))))
        case 0x8e, 0x96: return .bytes(.range(try take(try integer(8))))
        case UInt8(ascii: "X"): return .text(try take(try integer(4)))
        case 0x8c: return .text(try take(Int(try byte())))
        case 0x8d: return .text(try take(try integer(8)))
        case UInt8(ascii: "V"): return try rawUnicode(try line())
        default:
            let names: [UInt8: String] = [
                0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
            ]
            let name = names[code] ?? "0x" + String(code, radix: 16)
            throw InputError(.forbidden, "the pickle opcode \(name) is not allowed; nothing was executed")
        }
    }

    private func checked(_ count: Int) throws(InputError) -> Int {
        guard count >= 0, count <= bytes.count - offset else {
            throw InputError(
                .truncated,
                "ends too early",
                expected: "\(count) more bytes",
                found: "\(bytes.count - offset)"
            )
        }
        return count
    }

    private mutating func take(_ count: Int) throws(InputError) -> Range<Int> {
        let start = offset
        offset += try checked(count)
        return start..<offset
    }

    private mutating func byte() throws(InputError) -> UInt8 { bytes[try take(1).lowerBound] }

    /// A little-endian unsigned number; one above Int.max is refused by whoever takes as many bytes.
    private mutating func integer(_ count: Int) throws(InputError) -> Int {
        var value: UInt64 = 0
        for (index, place) in try take(count).enumerated() { value |= UInt64(bytes[place]) << (8 * UInt64(index)) }
        return Int(clamping: value)
    }

    private mutating func bigEndianDouble() throws(InputError) -> Double {
        Double(bitPattern: bytes[try take(8)].reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// A little-endian two's complement integer.
    private mutating func long(_ count: Int) throws(InputError) -> Value {
        let range = try take(count)
        guard count <= 8 else {
            push(.longInteger)
            return stack.removeLast()
        }
        var value: UInt64 = range.last.map { bytes[$0] & 0x80 != 0 ? .max : 0 } ?? 0
        for place in range.reversed() { value = value << 8 | UInt64(bytes[place]) }
        return .int(Int(Int64(bitPattern: value)))
    }

    /// Up to the next line feed, which is stepped over.
    private mutating func line() throws(InputError) -> Range<Int> {
        let start = offset
        while offset < bytes.count, bytes[offset] != 0x0a { offset += 1 }
        guard offset < bytes.count else { throw InputError(.truncated, "a line does not end") }
        defer { offset += 1 }
        return start..<offset
    }

    private mutating func memoLine() throws(InputError) -> Int {
        let text = String(decoding: bytes[try line()], as: UTF8.self)
        guard let value = Int(text), value >= 0 else {
            throw InputError(.malformed, "not a number of the memo", found: "'\(text.prefix(20))'")
        }
        return value
    }

    /// Protocol 0's INT, in which 00 and 01 are truth values, and LONG.
    private func decimal(_ range: Range<Int>) throws(InputError) -> Value {
        var text = String(decoding: bytes[range], as: UTF8.self)
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
        try count(copied: text)
        return .bytes(.copied(text))
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
        try count(copied: text)
        return .characters(text)
    }

    private mutating func count(copied text: [UInt8]) throws(InputError) {
        copiedBytes += text.count
        guard copiedBytes <= Self.copyLimit else {
            throw InputError(.limitExceeded, "too many bytes that are not stored as they are")
        }
    }
}
