internal import CKernels
internal import Dispatch

/// The threads of a plan: they share out numbered units of work and meet again at the end.
final class TrainingWorkers {
    let count: Int
    private let counter: UnsafeMutablePointer<Int>

    init(count: Int) {
        self.count = max(1, count)
        counter = .allocate(capacity: 1)
        counter.initialize(to: 0)
    }

    deinit { counter.deallocate() }

    /// Runs units 0 ..< `units`, each once, in any order.
    ///
    /// - Parameter body: Takes the unit and the number of the worker that runs it.
    func run(_ units: Int, _ body: (_ unit: Int, _ worker: Int) -> Void) {
        guard count > 1, units > 1 else {
            let saved = vf_denormals_flush()
            for unit in 0..<units { body(unit, 0) }
            vf_denormals_restore(saved)
            return
        }
        counter.pointee = 0
        // The closure runs on other threads only until this call returns.
        nonisolated(unsafe) let shared = (body: body, counter: counter)
        DispatchQueue.concurrentPerform(iterations: min(count, units)) { worker in
            let saved = vf_denormals_flush()
            while true {
                let unit = shared.counter.withMemoryRebound(to: UInt.self, capacity: 1) { Int(vt_take($0)) }
                if unit >= units { break }
                shared.body(unit, worker)
            }
            vf_denormals_restore(saved)
        }
    }
}
