internal import Dispatch
internal import Synchronization

/// A number of threads for work that splits into parts which can be done at once.
///
/// The threads are libdispatch's. Parts are handed out one by one in ascending order, and every call returns when the
/// last part is done. What a part gives must depend on its number alone, so that the number of threads does not show.
public struct ThreadPool: Hashable, Sendable {
    /// At least 1.
    public let count: Int

    public init(_ count: Int) { self.count = max(1, count) }

    /// Does parts 0 ..< `parts`, each once.
    ///
    /// - Parameter body: Must be safe to run for several parts at once.
    /// - Throws: What `body` threw for the lowest part that failed; parts that had not begun by then are not done.
    public func run<Failure: Error>(_ parts: Int, _ body: (Int) throws(Failure) -> Void) throws(Failure) {
        try run(parts, worker: { _ throws(Failure) in }, body: { _, part throws(Failure) in try body(part) })
    }

    /// Does parts 0 ..< `parts`, each once, with something that each thread has to itself: buffers, a reader, a network.
    ///
    /// - Parameters:
    ///   - parts: How many parts there are.
    ///   - makeWorker: Makes a thread's own; takes the thread's number, below ``count``.
    ///   - body: Must be safe to run for several parts at once.
    /// - Throws: What was thrown for the lowest part that failed; parts that had not begun by then are not done.
    public func run<Worker, Failure: Error>(
        _ parts: Int,
        worker makeWorker: (Int) throws(Failure) -> Worker,
        body: (inout Worker, Int) throws(Failure) -> Void
    ) throws(Failure) {
        let threads = min(count, parts)
        guard threads > 1 else {
            guard parts > 0 else { return }
            var worker = try makeWorker(0)
            for part in 0..<parts { try body(&worker, part) }
            return
        }
        let next = Atomic<Int>(0)
        let failure = Mutex<(part: Int, error: Failure)?>(nil)
        withoutActuallyEscaping(makeWorker) { makeWorker in
            withoutActuallyEscaping(body) { body in
                // Both may be called on several threads at once, and the last of them ends before this call returns.
                nonisolated(unsafe) let (makeWorker, body) = (makeWorker, body)
                DispatchQueue.concurrentPerform(iterations: threads) { thread in
                    var part = -1
                    do throws(Failure) {
                        var worker = try makeWorker(thread)
                        while true {
                            part = next.add(1, ordering: .relaxed).oldValue
                            guard part < parts else { return }
                            try body(&worker, part)
                        }
                    } catch {
                        next.store(parts, ordering: .relaxed)
                        failure.withLock { if part < $0?.part ?? .max { $0 = (part, error) } }
                    }
                }
            }
        }
        if let (_, error) = failure.withLock({ $0 }) { throw error }
    }

    /// The results of parts 0 ..< `parts`, in that order; see ``run(_:_:)``.
    public func map<Result, Failure: Error>(
        _ parts: Int,
        _ body: (Int) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        try map(parts, worker: { _ throws(Failure) in }, body: { _, part throws(Failure) in try body(part) })
    }

    /// The results of parts 0 ..< `parts`, in that order; see ``run(_:worker:body:)``.
    public func map<Worker, Result, Failure: Error>(
        _ parts: Int,
        worker makeWorker: (Int) throws(Failure) -> Worker,
        body: (inout Worker, Int) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        var results = [Result?](repeating: nil, count: parts)
        try results.withUnsafeMutableBufferPointer { results throws(Failure) in
            // Every part writes a place of its own.
            nonisolated(unsafe) let results = results
            try run(
                parts,
                worker: makeWorker,
                body: { worker, part throws(Failure) in results[part] = try body(&worker, part) }
            )
        }
        return results.compactMap { $0 }
    }
}
