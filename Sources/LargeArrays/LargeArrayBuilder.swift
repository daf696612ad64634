/// Where the elements of a ``LargeArray`` are to lie.
public enum LargeArrayPlace: Hashable, Sendable {
    /// In a file from ``LargeArray/fileThreshold`` elements on.
    case automatic
    /// In memory.
    case memory
    /// In a file.
    case file
}

/// The elements of a ``LargeArray`` while they are written.
public struct LargeArrayBuilder<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // Sendable: threads write disjoint elements, which is theirs to see to; the memory lives as long as this value.
    /// The elements, undefined at first; valid while the builder or its array is alive.
    public let elements: UnsafeMutableBufferPointer<Element>
    private let memory: TemporaryMemory

    /// Makes room.
    ///
    /// Where no file can be made (no folder, no room on the disk), the elements lie in memory after all.
    public init(count: Int, place: LargeArrayPlace = .automatic) {
        let isLarge = place == .file || (place == .automatic && count >= LargeArray<Element>.fileThreshold)
        memory = TemporaryMemory(byteCount: count * MemoryLayout<Element>.stride, prefersFile: isLarge)
        elements = UnsafeMutableBufferPointer(
            start: memory.base.bindMemory(to: Element.self, capacity: count),
            count: count
        )
    }

    /// Lets the system have the memory of elements that are written; does nothing for an array in memory.
    public func giveBack(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= elements.count, "elements of the array")
        let size = MemoryLayout<Element>.stride
        memory.giveBack(range.lowerBound * size..<range.upperBound * size)
    }

    /// The array, when every element has been written; nothing may be written after.
    public func finish() -> LargeArray<Element> { LargeArray(memory, count: elements.count) }
}
