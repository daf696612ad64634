/// A value that the pickle machine made.
///
/// Containers live in the machine's heap and are named by index, so that neither depth nor cycles of a hostile pickle
/// ever become depth or cycles of Swift objects.
enum PickleValue: Hashable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case object(Int)
}

/// A container or a named thing in the heap.
struct PickleObject {
    /// What it is.
    enum Kind {
        case list
        case tuple
        /// `items` holds key, value, key, value.
        case dictionary
        case set
        case global(PickleGlobal)
        case storage(StorageReference)
        case tensor(TensorReference)
        /// Bytes, big integers, numpy scalars: nothing a state_dict's tensors depend on.
        case opaque
    }

    var kind: Kind
    var items: [PickleValue] = []
}

/// The storage that a persistent id names.
struct StorageReference: Hashable {
    /// The entry `data/<key>` or the key in the legacy list.
    var key: String
    /// What it holds; nil for untyped bytes.
    var elementType: ElementType?
    /// Elements (bytes when untyped).
    var count: Int
    /// Where a legacy storage view begins in the storage of this key, in elements.
    var viewOffset = 0
}

/// A tensor that is described, not yet read.
struct TensorReference: Hashable {
    var storage: StorageReference
    var elementType: ElementType
    /// In elements of the storage.
    var offset: Int
    var shape: [Int]
    /// In elements.
    var strides: [Int]
    /// A lazily negated view: PyTorch's negative bit.
    var isNegated = false

    /// The number of elements, nil when the shape is out of bounds.
    var count: Int? { elementCount(shape) }
}

/// The globals that a state_dict may name.
///
/// None of them is ever called: each is a case of a `switch`.
enum PickleGlobal {
    /// `OrderedDict` and relatives.
    case dictionaryClass
    /// `set` and `frozenset`.
    case setClass
    /// A typed storage class; nil: untyped.
    case storageClass(ElementType?)
    /// A storage class whose numbers are not supported (complex, quantised).
    case unsupportedStorageClass(String)
    /// A dtype.
    case dtype(ElementType)
    /// A dtype whose numbers are not supported.
    case unsupportedType(String)
    /// `_rebuild_tensor`, `_rebuild_tensor_v2`, `_rebuild_tensor_v3`.
    case rebuildTensor(version: Int)
    /// `_rebuild_parameter` and `_rebuild_parameter_with_state`.
    case rebuildParameter
    /// `_rebuild_from_type_v2`.
    case rebuildFromType
    /// `torch.Tensor`, `Parameter`: named as a type, never made.
    case tensorClass
    /// `torch.Size`.
    case sizeClass
    /// Named or applied, the result means nothing to us: devices, text codecs, numpy scalars (accuracies that are
    /// saved beside the weights).
    case inert
}

extension PickleGlobal {
    /// The global of a name, nil when it is not allowed.
    static func named(_ name: String) -> PickleGlobal? {
        if let known = table[name] { return known }
        for prefix in ["torch.cuda.", "torch."] where name.hasPrefix(prefix) {
            let rest = String(name.dropFirst(prefix.count))
            if let type = storages[rest] { return .storageClass(type) }
            if unsupportedStorages.contains(rest) { return .unsupportedStorageClass(rest) }
            if prefix == "torch.", let type = dtypes[rest] { return .dtype(type) }
            if prefix == "torch.", unsupportedTypes.contains(rest) { return .unsupportedType(rest) }
        }
        return nil
    }

    private static let table: [String: PickleGlobal] = [
        "collections.OrderedDict": .dictionaryClass,
        "collections.defaultdict": .dictionaryClass,
        "collections.Counter": .dictionaryClass,
        "builtins.dict": .dictionaryClass,
        "__builtin__.dict": .dictionaryClass,
        "builtins.set": .setClass,
        "__builtin__.set": .setClass,
        "builtins.frozenset": .setClass,
        "__builtin__.frozenset": .setClass,
        "torch._utils._rebuild_tensor": .rebuildTensor(version: 1),
        "torch._utils._rebuild_tensor_v2": .rebuildTensor(version: 2),
        "torch._utils._rebuild_tensor_v3": .rebuildTensor(version: 3),
        "torch._utils._rebuild_parameter": .rebuildParameter,
        "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
        "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
        "torch.Tensor": .tensorClass,
        "torch.nn.parameter.Parameter": .tensorClass,
        "torch.nn.parameter.Buffer": .tensorClass,
        "torch.storage.UntypedStorage": .storageClass(nil),
        "torch.UntypedStorage": .storageClass(nil),
        "torch.Size": .sizeClass,
        "torch.device": .inert,
        "torch.strided": .inert,
        "_codecs.encode": .inert,
        "numpy.core.multiarray.scalar": .inert,
        "numpy._core.multiarray.scalar": .inert,
        "numpy.dtype": .inert,
    ]

    private static let storages: [String: ElementType] = [
        "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16, "DoubleStorage": .float64,
        "CharStorage": .int8, "ShortStorage": .int16, "IntStorage": .int32, "LongStorage": .int64,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let unsupportedStorages: Set<String> = [
        "ComplexFloatStorage", "ComplexDoubleStorage", "QUInt8Storage", "QInt8Storage", "QInt32Storage",
        "QUInt4x2Storage", "QUInt2x4Storage",
    ]

    private static let dtypes: [String: ElementType] = [
        "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "float64": .float64, "int8": .int8,
        "int16": .int16, "int32": .int32, "int64": .int64, "uint8": .uint8, "uint16": .uint16, "uint32": .uint32,
        "uint64": .uint64, "bool": .bool,
    ]

    private static let unsupportedTypes: Set<String> = [
        "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2",
        "complex32", "complex64", "complex128", "quint8", "qint8", "qint32", "quint4x2", "quint2x4",
    ]
}
