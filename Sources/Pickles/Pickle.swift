package import ArtifactFiles

/// A pickle, read into inert values: nothing that it names was imported, called or built.
///
/// Containers and objects lie in ``objects`` and are named by index, so that neither depth nor cycles of a hostile pickle
/// become depth or cycles of Swift objects. Texts and byte strings stay in the file where it holds them as they are; the
/// pickle is used only while its bytes are lent.
package struct Pickle {
    /// A value.
    ///
    /// `object` is an index into ``Pickle/objects``.
    package enum Value: Hashable {
        case none
        case bool(Bool)
        case int(Int)
        case double(Double)
        /// UTF-8 in the file, not yet validated.
        case text(Range<Int>)
        /// Protocol 0's text: one byte for each character, all below 256.
        case characters([UInt8])
        /// A byte string; Python 2's `str`, too.
        case bytes(Bytes)
        case object(Int)
    }

    /// Where a byte string is.
    package enum Bytes: Hashable {
        /// It stands in the file as it is.
        case range(Range<Int>)
        /// The file holds it in another form.
        case copied([UInt8])
    }

    /// A container, a name, or what a name would make.
    package struct Object {
        package enum Kind: Hashable {
            case list
            case tuple
            /// `items` holds key, value, key, value.
            case dictionary
            case set
            /// A class or function by its full name, `torch._utils._rebuild_tensor_v2`; never called.
            case global(String)
            /// What `callable` would return for `arguments`; `items` holds what was appended or set after it.
            case instance(callable: Value, arguments: Value)
            /// What the writer's `persistent_id` stood for.
            case persistent(Value)
            /// An integer of more than 64 bits.
            case longInteger
        }

        package var kind: Kind
        package var items: [Value] = []
        /// What `BUILD` gave: an instance's attributes.
        package var state = Value.none
    }

    /// The last value on the stack.
    package let root: Value
    /// Everything that the pickle made, in the order in which it did.
    package let objects: [Object]
    /// The offset behind the pickle.
    package let end: Int
    private let bytes: UnsafeRawBufferPointer

    /// Reads one pickle, protocols 0 to 5.
    ///
    /// - Parameters:
    ///   - bytes: What holds it; offsets of values count from its start.
    ///   - offset: Where it begins.
    ///   - part: What the bytes are, for messages: `data.pkl`.
    ///   - stepLimit: The most opcodes that are executed.
    ///   - objectLimit: The most objects that are made.
    /// - Throws: `InputError`: `forbidden` for a name that can run a program, `malformed`, `truncated`, `unsupported` or
    ///   `limitExceeded`; each with the byte where it happened.
    package init(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int = 0,
        part: String? = nil,
        stepLimit: Int,
        objectLimit: Int
    ) throws(InputError) {
        var machine = PickleMachine(bytes, offset: offset, stepLimit: stepLimit, objectLimit: objectLimit)
        root = try machine.run(part: part)
        objects = machine.objects
        end = machine.offset
        self.bytes = bytes
    }
}

extension Pickle {
    /// The object that a value names.
    package func object(_ value: Value) -> Object? {
        guard case .object(let index) = value else { return nil }
        return objects[index]
    }

    /// The members of a container of one kind; nil for anything else.
    package func items(_ value: Value, _ kind: Object.Kind) -> [Value]? {
        guard let object = object(value), object.kind == kind else { return nil }
        return object.items
    }

    /// The full name of the global that a value is.
    package func globalName(_ value: Value) -> String? {
        guard case .global(let name)? = object(value)?.kind else { return nil }
        return name
    }

    /// The name of the class or function that would make a value, and its arguments; nil for anything else.
    package func call(_ value: Value) -> (name: String, arguments: [Value])? {
        guard case .instance(let callable, let arguments)? = object(value)?.kind, let name = globalName(callable) else {
            return nil
        }
        return (name, items(arguments, .tuple) ?? [])
    }

    /// A text, or a byte string as Latin-1 (Python 2's `str`); nil for anything else and for invalid UTF-8.
    package func string(_ value: Value) -> String? {
        switch value {
        case .text(let range): String(validating: bytes[range], as: UTF8.self)
        case .characters(let characters): Self.latin(characters)
        case .bytes(let string): Self.latin(contents(string))
        default: nil
        }
    }

    /// The bytes of a byte string.
    package func contents(_ string: Bytes) -> [UInt8] {
        switch string {
        case .range(let range): Array(bytes[range])
        case .copied(let bytes): bytes
        }
    }

    /// The names of the classes and functions whose results were left unread, sorted.
    package var instanceNames: [String] {
        var names = Set<String>()
        for object in objects {
            if case .instance(let callable, _) = object.kind, let name = globalName(callable) { names.insert(name) }
        }
        return names.sorted()
    }

    private static func latin(_ characters: [UInt8]) -> String {
        String(String.UnicodeScalarView(characters.map { Unicode.Scalar($0) }))
    }
}

/// Names that a pickle of data has no use for: what they make when it is loaded with Python runs programs.
///
/// Nothing is run here either way; whoever meets such a file should know.
enum PickleProgram {
    private static let modules: Set<String> = [
        "_posixsubprocess", "asyncio", "bdb", "code", "codeop", "commands", "ctypes", "cProfile", "doctest", "ftplib",
        "http", "httplib", "imp", "importlib", "marshal", "multiprocessing", "nt", "os", "pdb", "pip", "platform",
        "popen2",
        "posix", "profile", "pty", "pydoc", "requests", "runpy", "shutil", "smtplib", "socket", "ssl", "subprocess",
        "sys",
        "telnetlib", "timeit", "trace", "urllib", "urllib2", "webbrowser",
    ]
    /// Of `builtins`: types, and `getattr`, with which enumerations are pickled.
    private static let harmless: Set<String> = [
        "Ellipsis", "NotImplemented", "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "getattr",
        "int", "list", "long", "object", "range", "set", "slice", "str", "tuple", "type", "unicode", "xrange",
    ]

    static func isNamed(_ name: String) -> Bool {
        let components = name.split(separator: ".").map(String.init)
        if components.first == "builtins" || components.first == "__builtin__" {
            return components.count != 2 || !harmless.contains(components[1])
        }
        // Any component but the last: `torch._utils.os.system` reaches os through a module that imports it.
        return components.dropLast().contains { modules.contains($0) }
    }
}
