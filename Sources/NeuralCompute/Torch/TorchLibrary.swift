internal import ArtifactFiles
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// PyTorch's library, loaded at run time from the user's own installation, through its stable C interface.
///
/// Operators are called by their names (`torch_call_dispatcher`: a stack of 64-bit values in the order of the schema), tensors
/// are handles. What takes a `Scalar` cannot go that way and has C entry points of its own, one for each kind of device.
/// Headers: torch/csrc/stable/c/shim.h, torch/csrc/inductor/aoti_torch/c/shim.h; encodings of arguments in
/// torch/csrc/stable/stableivalue_conversions.h.
///
/// `@unchecked Sendable`: everything is written once, before anybody else sees the object.
final class TorchLibrary: @unchecked Sendable {
    typealias Handle = OpaquePointer

    /// The folder `torch` of a Python installation.
    let folder: String
    /// As torch/version.py says: `2.13.0+cpu`.
    let version: String
    /// Whether the library for CUDA is there and could be loaded; otherwise why not.
    let cuda: Result<Void, InputError>
    private let libraries: [UnsafeMutableRawPointer]
    private let buildVersion: UInt64

    private let functions: Functions

    /// Numbers that stand for types and kinds of devices in this library.
    var float32: Int32 { functions.float32 }
    var float64: Int32 { functions.float64 }
    var int64: Int32 { functions.int64 }
    var bfloat16: Int32 { functions.bfloat16 }
    var cpuKind: Int32 { functions.cpuKind }
    var cudaKind: Int32 { functions.cudaKind }

    // MARK: Loading

    private static let loaded = Mutex<TorchLibrary?>(nil)

    /// The library, loaded once.
    ///
    /// - Parameter threads: How many threads it may use, unless OMP_NUM_THREADS says so.
    /// - Throws: ``InputError`` (`missing`, `unsupported`) that says what was looked for and what to install.
    static func open(threads: Int) throws(InputError) -> TorchLibrary {
        let result: Result<TorchLibrary, InputError> = loaded.withLock { known in
            if let known { return .success(known) }
            do throws(InputError) {
                setenv("OMP_NUM_THREADS", "\(threads)", 0)
                let library = try TorchLibrary(folder: find())
                known = library
                return .success(library)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static let cure = "pip install torch, or VERIFAR_TORCH=<folder of the Python package torch>"

    /// VERIFAR_TORCH, or what `python3` imports as `torch`.
    private static func find() throws(InputError) -> String {
        if let folder = ProcessInfo.processInfo.environment["VERIFAR_TORCH"], !folder.isEmpty {
            guard FileSystem.exists(FileSystem.join(folder, "lib/libtorch_cpu.so")) else {
                throw InputError(
                    .missing,
                    "VERIFAR_TORCH holds no PyTorch",
                    file: folder,
                    expected: "a folder with lib/libtorch_cpu.so"
                )
            }
            return folder
        }
        let python = Process()
        python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        python.arguments = [
            "python3", "-c",
            "import importlib.util as u; print(list(u.find_spec('torch').submodule_search_locations)[0])",
        ]
        let output = Pipe()
        (python.standardOutput, python.standardError) = (output, FileHandle.nullDevice)
        do { try python.run() } catch {
            throw InputError(.missing, "PyTorch was not found: there is no python3 to ask", expected: cure)
        }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        python.waitUntilExit()
        let folder = String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        guard python.terminationStatus == 0, FileSystem.exists(FileSystem.join(folder, "lib/libtorch_cpu.so")) else {
            throw InputError(.missing, "PyTorch was not found: python3 has no module 'torch'", expected: cure)
        }
        return folder
    }

    private init(folder: String) throws(InputError) {
        self.folder = folder
        let text = (try? String(contentsOfFile: FileSystem.join(folder, "version.py"), encoding: .utf8)) ?? ""
        version =
            text.split(separator: "\n").first { $0.hasPrefix("__version__") }?
            .split(whereSeparator: { $0 == "'" || $0 == "\"" }).dropFirst().first.map(String.init) ?? "unknown"
        let numbers = version.split(separator: ".").prefix(2).compactMap { UInt64($0) }
        guard numbers.count == 2, numbers[0] > 2 || (numbers[0] == 2 && numbers[1] >= 10) else {
            throw InputError(
                .unsupported,
                "this PyTorch has no stable C interface",
                file: folder,
                expected: "PyTorch 2.10 or later",
                found: version
            )
        }
        // The interface of 2.11 is what this was written against.
        buildVersion = 2 << 56 | min(numbers[1], 11) << 48
        let libraryFolder = FileSystem.join(folder, "lib")
        func load(_ name: String) throws(InputError) -> UnsafeMutableRawPointer {
            let path = FileSystem.join(libraryFolder, name)
            guard let library = dlopen(path, RTLD_NOW | RTLD_GLOBAL) else {
                let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
                throw InputError(.unsupported, "PyTorch's library cannot be loaded: \(reason)", file: path)
            }
            return library
        }
        let cpu = try load("libtorch_cpu.so")
        var libraries = [cpu]
        do throws(InputError) {
            guard FileSystem.exists(FileSystem.join(libraryFolder, "libtorch_cuda.so")) else {
                throw InputError(.missing, "this PyTorch was built without CUDA", file: folder, found: version)
            }
            libraries.append(try load("libtorch_cuda.so"))
            cuda = .success(())
        } catch { cuda = .failure(error) }
        self.libraries = libraries
        functions = try Functions(of: cpu, folder, version)
    }

    /// A C entry point by its name.
    func entry<Function>(_ name: String, as type: Function.Type) -> Function? {
        for library in libraries {
            if let address = dlsym(library, name) { return unsafeBitCast(address, to: type) }
        }
        return nil
    }

    /// Free and total bytes of each GPU that CUDA's runtime, which PyTorch brings, finds.
    var gpuMemories: [(free: Int, total: Int)] {
        guard case .success = cuda,
            let count = entry("cudaGetDeviceCount", as: (@convention(c) (UnsafeMutablePointer<Int32>) -> Int32).self),
            let choose = entry("cudaSetDevice", as: (@convention(c) (Int32) -> Int32).self),
            let measure = entry(
                "cudaMemGetInfo",
                as: (@convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Int32).self
            )
        else { return [] }
        var devices: Int32 = 0
        guard count(&devices) == 0 else { return [] }
        defer { _ = choose(0) }
        return (0..<devices)
            .compactMap { device in
                var (free, total) = (0, 0)
                return choose(device) == 0 && measure(&free, &total) == 0 ? (free, total) : nil
            }
    }

    // MARK: Calls

    /// What PyTorch says of its last error in this thread.
    var lastError: String {
        let text = functions.message?().map { String(cString: $0) } ?? ""
        return text.split(separator: "\n").first.map(String.init) ?? "PyTorch gives no reason"
    }

    /// Calls an operator by its name, `mm` or `mul.Tensor`.
    ///
    /// - Returns: Its tensors; nil when it failed (``lastError``).
    func call(_ name: String, _ arguments: [TorchArgument], results: Int) -> [Handle]? {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        var stack = [UInt64](repeating: 0, count: max(arguments.count, results, 1))
        for (index, argument) in arguments.enumerated() { stack[index] = encoded(argument) }
        guard functions.dispatch("aten::" + parts[0], parts.count > 1 ? parts[1] : "", &stack, buildVersion) == 0 else {
            return nil
        }
        return stack.prefix(results).compactMap { Handle(bitPattern: UInt($0)) }
    }

    private func encoded(_ argument: TorchArgument) -> UInt64 {
        switch argument {
        case .tensor(let tensor): reference(tensor)
        case .optionalTensor(let tensor): tensor.map { optional(reference($0)) } ?? 0
        case .int(let value): UInt64(bitPattern: Int64(value))
        case .bool(let value): value ? 1 : 0
        case .double(let value): value.bitPattern
        case .ints(let values): list(values.map { UInt64(bitPattern: Int64($0)) })
        case .optionalInts(let values): optional(list(values.map { UInt64(bitPattern: Int64($0)) }))
        case .bools(let values): list(values.map { $0 ? 1 : 0 })
        case .tensors(let tensors): list(tensors.map(reference))
        case .type(let type): UInt64(UInt32(bitPattern: type))
        case .optionalType(let type): optional(UInt64(UInt32(bitPattern: type)))
        case .none: 0
        }
    }

    /// A new reference, which the operator takes.
    private func reference(_ tensor: TorchHandle) -> UInt64 {
        var copy: Handle?
        _ = functions.newHandle(tensor.raw, &copy)
        return UInt64(UInt(bitPattern: copy))
    }

    /// A cell on the heap, which the operator frees.
    private func optional(_ value: UInt64) -> UInt64 {
        var cell: UnsafeMutablePointer<UInt64>?
        if let make = functions.newValue {
            _ = make(&cell)
        } else {
            cell = malloc(8)?.assumingMemoryBound(to: UInt64.self)
        }
        cell?.pointee = value
        return UInt64(UInt(bitPattern: cell))
    }

    private func list(_ values: [UInt64]) -> UInt64 {
        var list: Handle?
        guard functions.newList(values.count, &list) == 0, let list else { return 0 }
        for value in values { _ = functions.pushBack(list, value) }
        return UInt64(UInt(bitPattern: list))
    }

    // MARK: Tensors

    func delete(_ handle: Handle) { _ = functions.deleteHandle(handle) }

    /// A contiguous tensor of undefined elements.
    func empty(_ sizes: [Int], type: Int32, kind: Int32, index: Int) -> Handle? {
        var handle: Handle?
        let (sizes, strides) = (sizes.map { Int64($0) }, Self.strides(of: sizes))
        return functions.emptyStrided(Int64(sizes.count), sizes, strides, type, kind, Int32(index), &handle) == 0
            ? handle : nil
    }

    /// A tensor over host memory that the caller keeps alive.
    func over(_ memory: UnsafeMutableRawPointer, _ sizes: [Int], type: Int32) -> Handle? {
        var handle: Handle?
        let (sizes, strides) = (sizes.map { Int64($0) }, Self.strides(of: sizes))
        return functions.fromBlob(memory, Int64(sizes.count), sizes, strides, 0, type, cpuKind, 0, &handle) == 0
            ? handle : nil
    }

    /// target ← source, across devices and types.
    func copy(_ source: TorchHandle, into target: TorchHandle) -> Bool {
        functions.copyInto(target.raw, source.raw, 0) == 0
    }

    func fill(_ tensor: TorchHandle, _ value: Double) -> Bool { functions.fillScalar(tensor.raw, value) == 0 }

    private static func strides(of sizes: [Int]) -> [Int64] {
        var strides = [Int64](repeating: 1, count: sizes.count)
        for index in sizes.indices.dropLast().reversed() {
            strides[index] = strides[index + 1] * Int64(max(1, sizes[index + 1]))
        }
        return strides
    }
}

/// A reference to one of PyTorch's tensors, given back with this object.
final class TorchHandle {
    let raw: TorchLibrary.Handle
    private let library: TorchLibrary

    init(_ raw: TorchLibrary.Handle, _ library: TorchLibrary) {
        self.raw = raw
        self.library = library
    }

    deinit { library.delete(raw) }
}

/// An operator's argument, as its schema has it.
enum TorchArgument {
    case tensor(TorchHandle)
    case optionalTensor(TorchHandle?)
    case int(Int)
    case bool(Bool)
    case double(Double)
    case ints([Int])
    case optionalInts([Int])
    case bools([Bool])
    case tensors([TorchHandle])
    case type(Int32)
    case optionalType(Int32)
    /// An optional that is absent.
    case none
}

/// The functions of the C interface that are used here, and the numbers that stand for types and devices.
private struct Functions {
    typealias Handle = TorchLibrary.Handle
    typealias Result = UnsafeMutablePointer<Handle?>
    typealias Dispatch =
        @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutablePointer<UInt64>, UInt64) -> Int32
    typealias Reference = @convention(c) (Handle, Result) -> Int32
    typealias Deletion = @convention(c) (Handle) -> Int32
    typealias NewList = @convention(c) (Int, Result) -> Int32
    typealias PushBack = @convention(c) (Handle, UInt64) -> Int32
    typealias NewValue = @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<UInt64>?>) -> Int32
    typealias EmptyStrided =
        @convention(c) (Int64, UnsafePointer<Int64>, UnsafePointer<Int64>, Int32, Int32, Int32, Result) -> Int32
    typealias FromBlob =
        @convention(c) (
            UnsafeMutableRawPointer, Int64, UnsafePointer<Int64>, UnsafePointer<Int64>, Int64, Int32, Int32, Int32,
            Result
        ) -> Int32
    typealias Copy = @convention(c) (Handle, Handle, Int32) -> Int32
    typealias Fill = @convention(c) (Handle, Double) -> Int32
    typealias Message = @convention(c) () -> UnsafePointer<CChar>?

    let dispatch: Dispatch
    let newHandle: Reference
    let deleteHandle: Deletion
    let newList: NewList
    let pushBack: PushBack
    let newValue: NewValue?
    let emptyStrided: EmptyStrided
    let fromBlob: FromBlob
    let copyInto: Copy
    let fillScalar: Fill
    let message: Message?
    let float32: Int32
    let float64: Int32
    let int64: Int32
    let bfloat16: Int32
    let cpuKind: Int32
    let cudaKind: Int32

    init(of library: UnsafeMutableRawPointer, _ folder: String, _ version: String) throws(InputError) {
        func symbol<Function>(_ name: String, _ type: Function.Type) throws(InputError) -> Function {
            guard let address = dlsym(library, name) else {
                throw InputError(.unsupported, "PyTorch's library lacks '\(name)'", file: folder, found: version)
            }
            return unsafeBitCast(address, to: type)
        }
        func number(_ name: String) throws(InputError) -> Int32 {
            let function = try symbol(name, (@convention(c) () -> Int32).self)
            return function()
        }
        dispatch = try symbol("torch_call_dispatcher", Dispatch.self)
        newHandle = try symbol("aoti_torch_new_tensor_handle", Reference.self)
        deleteHandle = try symbol("aoti_torch_delete_tensor_object", Deletion.self)
        newList = try symbol("torch_new_list_reserve_size", NewList.self)
        pushBack = try symbol("torch_list_push_back", PushBack.self)
        newValue = dlsym(library, "torch_new_stable_ivalue").map { unsafeBitCast($0, to: NewValue.self) }
        emptyStrided = try symbol("aoti_torch_empty_strided", EmptyStrided.self)
        fromBlob = try symbol("aoti_torch_create_tensor_from_blob", FromBlob.self)
        copyInto = try symbol("aoti_torch_copy_", Copy.self)
        fillScalar = try symbol("aoti_torch_aten_fill__Scalar", Fill.self)
        message = dlsym(library, "torch_exception_get_what_without_backtrace")
            .map { unsafeBitCast($0, to: Message.self) }
        float32 = try number("aoti_torch_dtype_float32")
        float64 = try number("aoti_torch_dtype_float64")
        int64 = try number("aoti_torch_dtype_int64")
        bfloat16 = try number("aoti_torch_dtype_bfloat16")
        cpuKind = try number("aoti_torch_device_type_cpu")
        cudaKind = try number("aoti_torch_device_type_cuda")
    }
}
