/// A number that `.npy` files hold as it lies in memory.
public protocol NPYElement: BitwiseCopyable, Sendable {
    /// Its type in the file.
    static var npyType: NPYFile.ElementType { get }
}

extension Float: NPYElement {
    /// Single precision.
    public static var npyType: NPYFile.ElementType { .float32 }
}

extension Double: NPYElement {
    /// Double precision.
    public static var npyType: NPYFile.ElementType { .float64 }
}

extension UInt8: NPYElement {
    /// 8-bit natural number.
    public static var npyType: NPYFile.ElementType { .uint8 }
}

extension UInt32: NPYElement {
    /// 32-bit natural number.
    public static var npyType: NPYFile.ElementType { .uint32 }
}

extension Int64: NPYElement {
    /// 64-bit integer.
    public static var npyType: NPYFile.ElementType { .int64 }
}

extension NPYFile {
    /// Writes an array, whole or not at all.
    ///
    /// - Parameters:
    ///   - values: The elements in C order.
    ///   - shape: Axis lengths; one axis when nil.
    ///   - path: The destination.
    /// - Throws: ``InputError`` (`unwritable`).
    public static func write<Element: NPYElement>(
        _ values: [Element],
        shape: [Int]? = nil,
        to path: String
    ) throws(InputError) {
        var writer = try NPYWriter<Element>(path: path, shape: shape ?? [values.count])
        try writer.append(values)
        try writer.commit()
    }
}

/// Writes a `.npy` file piece by piece, for arrays that never lie in memory whole; the file appears on commit.
public struct NPYWriter<Element: NPYElement>: ~Copyable {
    private var file: AtomicFile
    private let count: Int
    private var written = 0

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - path: The destination.
    ///   - shape: Axis lengths.
    /// - Throws: ``InputError`` (`unwritable`).
    public init(path: String, shape: [Int]) throws(InputError) {
        precondition(shape.allSatisfy { $0 >= 0 }, "axis lengths are not negative")
        var file = try AtomicFile(path: path)
        try file.write(NPYHeader.bytes(Element.npyType, shape: shape))
        self.file = file
        count = shape.reduce(1, *)
    }

    /// Appends elements in C order.
    ///
    /// - Throws: ``InputError`` (`unwritable`), for instance when the disk is full.
    public mutating func append(_ values: UnsafeBufferPointer<Element>) throws(InputError) {
        written += values.count
        precondition(written <= count, "more elements than the shape holds")
        // Little-endian machines only: what Swift runs on.
        try file.write(UnsafeRawBufferPointer(values))
    }

    /// Appends elements in C order.
    ///
    /// - Throws: ``InputError`` (`unwritable`), for instance when the disk is full.
    public mutating func append(_ values: [Element]) throws(InputError) {
        try values.withUnsafeBufferPointer { values throws(InputError) in try append(values) }
    }

    /// Puts the file in its place; every element that the shape holds must have been appended.
    ///
    /// - Throws: ``InputError`` (`unwritable`); the destination is then as it was.
    public consuming func commit() throws(InputError) {
        precondition(written == count, "fewer elements than the shape holds")
        try file.commit()
    }
}
