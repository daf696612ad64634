internal import Synchronization

/// A batch of network inputs in memory that its loader uses again.
///
/// Copies share the memory; it goes back to the loader when the last of them is gone.
public struct FaceValues: RandomAccessCollection, Sendable {
    /// The number of floats.
    public let count: Int
    private let storage: FaceStorage

    init(_ storage: FaceStorage, count: Int) {
        self.storage = storage
        self.count = count
    }

    /// 0.
    public var startIndex: Int { 0 }
    /// ``count``.
    public var endIndex: Int { count }

    /// One number.
    public subscript(position: Int) -> Float {
        precondition(position >= 0 && position < count)
        return storage.values[position]
    }

    /// The numbers as a network takes them.
    ///
    /// - Parameter body: Receives `count` floats, valid during the call.
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(rebasing: storage.values[..<count]))
    }

    /// The numbers, always.
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result? {
        try body(UnsafeBufferPointer(rebasing: storage.values[..<count]))
    }
}

/// Memory of one batch, on loan from a pool.
///
/// `@unchecked Sendable`: while a batch is made, every face is written by the one worker that claimed it; afterwards the
/// memory is only read.
final class FaceStorage: @unchecked Sendable {
    let values: UnsafeMutableBufferPointer<Float>
    private let pool: FacePool

    fileprivate init(values: UnsafeMutableBufferPointer<Float>, pool: FacePool) {
        self.values = values
        self.pool = pool
    }

    deinit { pool.take(back: values) }
}

/// Memory for batches of one size.
final class FacePool: Sendable {
    /// `@unchecked Sendable`: only moved in and out under the lock, by whoever owns the memory at that time.
    private struct Free: @unchecked Sendable {
        var blocks: [UnsafeMutableBufferPointer<Float>] = []
    }

    private let count: Int
    private let free = Mutex(Free())

    init(count: Int) { self.count = count }

    deinit { free.withLock { free in for block in free.blocks { block.deallocate() } } }

    func storage() -> FaceStorage {
        let kept = free.withLock { $0.blocks.popLast().map { [$0] } ?? [] }.first
        return FaceStorage(values: kept ?? .allocate(capacity: count), pool: self)
    }

    fileprivate func take(back block: UnsafeMutableBufferPointer<Float>) {
        free.withLock { $0.blocks.append(block) }
    }
}
