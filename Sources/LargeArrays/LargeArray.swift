/// An array that nobody changes: in memory, or in an unlinked temporary file once it has ``fileThreshold`` elements.
///
/// Copies share the elements. What lies in a file is mapped: the system may drop its pages at any time and read them
/// again, so a list of 47 million comparisons needs address space but no memory of its own. Walks in blocks
/// (``forEachBlock(_:)``) give each block's pages back themselves.
public struct LargeArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // Sendable: the elements are never written after this value exists, and `memory` keeps them.
    @usableFromInline let base: UnsafePointer<Element>
    /// How many elements there are.
    public let count: Int
    let memory: TemporaryMemory

    init(_ memory: TemporaryMemory, count: Int) {
        self.memory = memory
        self.count = count
        base = UnsafePointer(memory.base.assumingMemoryBound(to: Element.self))
    }

    /// Copies elements; a large array is shared instead.
    public init(_ elements: some Collection<Element>) {
        if let same = elements as? LargeArray<Element> {
            self = same
            return
        }
        let builder = LargeArrayBuilder<Element>(count: elements.count)
        _ = builder.elements.initialize(fromContentsOf: elements)
        self = builder.finish()
    }

    /// From how many elements on an array lies in a file: above IJB-C's 15.7 million comparisons, which fit any machine
    /// that can run its network.
    public static var fileThreshold: Int { 1 << 24 }

    /// Whether the elements lie in a file.
    public var isInFile: Bool { memory.isFile }

    /// Lends the elements.
    @inlinable
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(self) { () throws(Failure) in
            try body(UnsafeBufferPointer(start: base, count: count))
        }
    }

    /// Lets the system have the memory of some elements; they are read from the file again when they are asked for.
    ///
    /// Does nothing for an array in memory.
    public func giveBack(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements of the array")
        let size = MemoryLayout<Element>.stride
        memory.giveBack(range.lowerBound * size..<range.upperBound * size)
    }
}

extension LargeArray: RandomAccessCollection {
    /// Zero.
    @inlinable public var startIndex: Int { 0 }
    /// ``count``.
    @inlinable public var endIndex: Int { count }

    /// An element.
    @inlinable
    public subscript(position: Int) -> Element {
        precondition(UInt(bitPattern: position) < UInt(bitPattern: count), "an index of the array")
        return base[position]
    }

    /// Lends the elements, always.
    @inlinable
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? {
        try withExtendedLifetime(self) { try body(UnsafeBufferPointer(start: base, count: count)) }
    }
}

extension LargeArray: ExpressibleByArrayLiteral {
    /// The elements of a literal.
    public init(arrayLiteral elements: Element...) { self.init(elements) }
}

extension LargeArray: Equatable where Element: Equatable {
    /// Whether the elements are equal, wherever they lie.
    public static func == (first: LargeArray, second: LargeArray) -> Bool {
        first.count == second.count && (first.base == second.base || first.elementsEqual(second))
    }
}

extension LargeArray: Hashable where Element: Hashable {
    /// Hashes the elements.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for element in self { hasher.combine(element) }
    }
}

extension LargeArray: CustomStringConvertible {
    /// The elements.
    public var description: String { "\(Array(self))" }
}
