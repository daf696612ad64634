internal import ArtifactFiles
internal import FaceImaging
internal import NeuralCompute
internal import NeuralGraph

/// One thread of an ``EmbeddingPipeline``.
final class EmbeddingWorker {
    /// A view (upright or mirrored) of a face that waits for the network.
    private struct Pending {
        var face: Int
        var view: Int
        var digest: ContentDigest?
    }

    private let pipeline: EmbeddingPipeline
    private let source: any FaceSource
    private let target: EmbeddingTarget
    private let shared: SharedProgress
    private let reader: any FaceReader
    private let network: any InferenceWorker
    private let viewCount: Int
    private let dimensions: Int
    private let faceSize: Int
    private let batch: UnsafeMutableBufferPointer<Float>
    private let outputs: UnsafeMutableBufferPointer<Float>
    private let pixels: UnsafeMutableBufferPointer<UInt8>
    private var pending: [Pending] = []
    private var times = StageTimes()
    private var reducedCount = 0
    private var turnedCount = 0
    private let capacity: Int

    init(
        pipeline: EmbeddingPipeline,
        network: any InferenceWorker,
        source: any FaceSource,
        target: EmbeddingTarget,
        shared: SharedProgress
    ) {
        self.pipeline = pipeline
        self.network = network
        self.source = source
        self.target = target
        self.shared = shared
        reader = source.makeReader()
        viewCount = pipeline.includesMirrored ? 2 : 1
        dimensions = pipeline.plan.outputShape.count
        faceSize = pipeline.plan.inputShape.count
        // Whole passes, and always room for one more face with all its views.
        capacity = (pipeline.plan.facesPerPass + viewCount - 1) / viewCount * viewCount
        batch = .allocate(capacity: capacity * faceSize)
        outputs = .allocate(capacity: capacity * dimensions)
        pixels = .allocate(capacity: faceSize)
        pending.reserveCapacity(capacity)
    }

    deinit {
        batch.deallocate()
        outputs.deallocate()
        pixels.deallocate()
    }

    func run() {
        defer { shared.add(times, reducedCount: reducedCount, turnedCount: turnedCount) }
        do throws(InputError) {
            while let faces = shared.claim() {
                var cached = 0
                for face in faces where try take(face) { cached += 1 }
                shared.finished(faces.count, cached: cached)
            }
            try embedPending()
        } catch {
            shared.fail(error)
        }
    }

    /// Brings a face to the network's door; returns whether all of it was in the cache.
    private func take(_ face: Int) throws(InputError) -> Bool {
        let start = ContinuousClock.now
        let views: [Pending]
        do throws(FailureCause) {
            let digest = try reader.load(face, wantsDigest: pipeline.cache != nil)
            views = missingViews(of: face, digest)
            times.read += (ContinuousClock.now - start).inSeconds
            guard !views.isEmpty else { return true }
            let alignStart = ContinuousClock.now
            let treatment = try reader.align(into: pixels)
            if treatment.contains(.reduced) { reducedCount += 1 }
            if treatment.contains(.turned) { turnedCount += 1 }
            times.align += (ContinuousClock.now - alignStart).inSeconds
        } catch {
            shared.add(FailedImage(row: face, name: source.name(of: face), cause: error))
            return false
        }
        let embedStart = ContinuousClock.now
        for view in views {
            let slot = UnsafeMutableBufferPointer(
                rebasing: batch[pending.count * faceSize..<(pending.count + 1) * faceSize]
            )
            pipeline.preprocessing.normalise(UnsafeBufferPointer(pixels), into: slot, mirrored: view.view == 1)
            pending.append(view)
        }
        times.embed += (ContinuousClock.now - embedStart).inSeconds
        if pending.count + viewCount > capacity { try embedPending() }
        return false
    }

    /// The views that the cache does not have; the others are copied from it.
    private func missingViews(of face: Int, _ digest: ContentDigest?) -> [Pending] {
        var missing: [Pending] = []
        for view in 0..<viewCount {
            let digest = digest.map { Self.digest($0, view: view) }
            if let cache = pipeline.cache, let digest, let row = row(face, view).baseAddress,
                cache.copy(digest, to: row)
            {
                continue
            }
            missing.append(Pending(face: face, view: view, digest: digest))
        }
        if missing.isEmpty { target.isEmbedded[face] = true }
        return missing
    }

    private static func digest(_ face: ContentDigest, view: Int) -> ContentDigest {
        ContentDigest(of: face.bytes + [UInt8(view)])
    }

    private func row(_ face: Int, _ view: Int) -> UnsafeMutableBufferPointer<Float> {
        let start = (face * viewCount + view) * dimensions
        return UnsafeMutableBufferPointer(rebasing: target.values[start..<start + dimensions])
    }

    private func embedPending() throws(InputError) {
        guard !pending.isEmpty else { return }
        let start = ContinuousClock.now
        network.run(UnsafeBufferPointer(batch), count: pending.count, output: outputs)
        times.embed += (ContinuousClock.now - start).inSeconds
        if let failure = pipeline.plan.failure { throw failure }
        for (index, view) in pending.enumerated() {
            let output = UnsafeMutableBufferPointer(
                rebasing: outputs[index * dimensions..<(index + 1) * dimensions]
            )
            try check(output, face: view.face)
            _ = row(view.face, view.view).update(from: output)
            target.isEmbedded[view.face] = true
            if let cache = pipeline.cache, let digest = view.digest, let base = output.baseAddress {
                try cache.store(digest, base)
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private func check(_ output: UnsafeMutableBufferPointer<Float>, face: Int) throws(InputError) {
        var square = 0.0
        for value in output { square += Double(value) * Double(value) }
        guard square.isFinite && square > 0 else {
            throw InputError(
                .malformed,
                "the network's output is \(square == 0 ? "all zero" : "not finite")",
                file: source.name(of: face),
                expected: "a finite embedding"
            )
        }
    }
}
