/// Zeroed, 64-byte aligned floats that live as long as this object.
///
/// `@unchecked Sendable`: packed weights are written before a plan is shared and only read afterwards; a worker's
/// buffers belong to that worker alone.
final class AlignedFloats: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { base.deallocate() }
}
