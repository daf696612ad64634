import Parallelism
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
    private struct Failed: Error, Equatable { let part: Int }

    @Test(arguments: [-1, 0, 1, 2, 7]) func everyPartIsDoneOnceAndResultsAreInOrder(threads: Int) {
        for parts in [0, 1, 2, 5, 1000] {
            let done = Mutex([Int](repeating: 0, count: parts))
            let squares = ThreadPool(threads)
                .map(parts) { part in
                    done.withLock { $0[part] += 1 }
                    return part * part
                }
            #expect(squares == (0..<parts).map { $0 * $0 })
            #expect(done.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test(arguments: [1, 2, 5]) func everyThreadHasItsOwnWorker(threads: Int) {
        let made = Mutex<Set<Int>>([])
        let places = ThreadPool(threads)
            .map(
                500,
                worker: { thread in
                    #expect((0..<threads).contains(thread))
                    #expect(made.withLock { $0.insert(thread).inserted })
                    return (thread: thread, parts: 0)
                },
                body: { worker, _ in
                    worker.parts += 1
                    return worker
                }
            )
        let counts = Dictionary(grouping: places, by: \.thread).mapValues(\.count)
        // A worker that two threads shared would lose counts.
        for (thread, count) in counts { #expect(places.last { $0.thread == thread }?.parts == count) }
    }

    @Test(arguments: [1, 2, 8]) func theLowestFailingPartIsThrown(threads: Int) {
        for _ in 0..<20 {
            let begun = Mutex(0)
            #expect(throws: Failed(part: 40)) {
                try ThreadPool(threads)
                    .run(100_000) { part throws(Failed) in
                        begun.withLock { $0 += 1 }
                        if part >= 40, part % 3 == 1 { throw Failed(part: part) }
                    }
            }
            #expect(begun.withLock { $0 } < 100_000)
        }
        #expect(throws: Failed(part: -1)) {
            try ThreadPool(threads)
                .run(3, worker: { _ throws(Failed) -> Int in throw Failed(part: -1) }, body: { _, _ throws(Failed) in })
        }
    }
}
