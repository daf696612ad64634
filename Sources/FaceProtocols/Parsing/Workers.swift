internal import Dispatch
internal import Synchronization

/// A number of threads for work that splits into independent parts; results come in the order of the parts.
package struct Workers {
    private let count: Int

    package init(_ count: Int) { self.count = max(1, count) }

    /// Does parts 0 ..< `parts`, each once.
    ///
    /// - Parameter body: Must be safe to run for several parts at once.
    package func run(_ parts: Int, _ body: (Int) -> Void) {
        guard count > 1, parts > 1 else {
            for part in 0..<parts { body(part) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            let shared = SharedBody(run: body)
            DispatchQueue.concurrentPerform(iterations: min(count, parts)) { _ in
                while true {
                    let part = next.add(1, ordering: .relaxed).oldValue
                    guard part < parts else { return }
                    shared.run(part)
                }
            }
        }
    }

    private struct SharedBody: @unchecked Sendable {
        // Sendable: `run` demands a body that may run for several parts at once, and it ends before `run` returns.
        let run: (Int) -> Void
    }

    /// The results of parts 0 ..< `parts`, in that order.
    ///
    /// - Parameter body: Must be safe to run for several parts at once.
    func map<Result>(_ parts: Int, _ body: (Int) -> Result) -> [Result] {
        [Result](unsafeUninitializedCapacity: parts) { results, initialized in
            let slots = results
            run(parts) { part in slots.initializeElement(at: part, to: body(part)) }
            initialized = parts
        }
    }
}
