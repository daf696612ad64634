/// Zeroed, 64-byte aligned memory that lives as long as this object.
///
/// `@unchecked Sendable`: packed weights are written before a plan is shared and only read afterwards; a worker's
/// buffers belong to that worker alone.
final class AlignedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        self.byteCount = max(byteCount, 64)
        base = .allocate(byteCount: self.byteCount, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
    }

    deinit { base.deallocate() }
}

/// Aligned memory of single-precision numbers.
struct AlignedFloats: Sendable {
    let memory: AlignedMemory
    let count: Int

    init(count: Int) {
        memory = AlignedMemory(byteCount: count * 4)
        self.count = count
    }

    var base: UnsafeMutablePointer<Float> { memory.base.assumingMemoryBound(to: Float.self) }
}
