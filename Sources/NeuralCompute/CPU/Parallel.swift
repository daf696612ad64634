internal import Dispatch

/// Runs `body` over chunks of 0 ..< count that do not overlap, on several threads where that pays.
///
/// Whatever `body` writes must depend on the index alone, so that the cut does not show in results.
@inline(__always)
func inChunks(of count: Int, threads: Int, least: Int = 1 << 15, _ body: (Range<Int>) -> Void) {
    let parts = min(threads, count / max(1, least) + 1)
    guard parts > 1 else { return body(0..<count) }
    withoutActuallyEscaping(body) { body in
        // Every call gets a range of its own, and concurrentPerform returns only after the last.
        nonisolated(unsafe) let shared = body
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            shared(count * part / parts..<count * (part + 1) / parts)
        }
    }
}

/// The same over rows of a length.
@inline(__always)
package func inRows(_ rows: Int, length: Int, threads: Int, _ body: (Range<Int>) -> Void) {
    inChunks(of: rows, threads: threads, least: max(1, (1 << 15) / max(1, length)), body)
}
