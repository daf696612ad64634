internal import ArtifactFiles
internal import CKernels

/// Zeroed memory in pages of its own, given back with this object.
///
/// `@unchecked Sendable`: plans hand out disjoint parts of it to their threads and wait for them.
final class TrainingPages: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>
    let count: Int
    private let byteCount: Int

    /// - Throws: ``InputError`` when the system has not that much memory.
    init(count: Int) throws(InputError) {
        self.count = count
        byteCount = max(4 * count, 64)
        guard let pages = vt_pages_allocate(byteCount) else {
            throw InputError(
                .limitExceeded,
                "there is not enough memory for a training step",
                expected: "a smaller batch",
                found: "\(byteCount >> 20) MB wanted"
            )
        }
        floats = pages.bindMemory(to: Float.self, capacity: byteCount / 4)
    }

    deinit { vt_pages_free(floats, byteCount) }
}

/// Zeroed numbers in double precision: sums over faces.
final class TrainingSums {
    let base: UnsafeMutablePointer<Double>
    let count: Int

    init(count: Int) {
        self.count = max(count, 1)
        base = .allocate(capacity: self.count)
        base.initialize(repeating: 0, count: self.count)
    }

    deinit { base.deallocate() }
}
