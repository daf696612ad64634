internal import ArtifactFiles
internal import FaceImaging

/// One thread's way from sample numbers to network inputs.
final class SampleWorker {
    private let source: any TrainingSource
    private let settings: LoaderSettings
    private let policyReplaces: Bool
    private let reader: any TrainingReader
    private let resizers: [PictureResizer?]
    private var picture = AugmentedPicture(RGBImage(width: 0, height: 0, pixels: []))
    /// The nearest samples that are tried in the place of one that failed.
    private static let candidates = 32

    init(source: any TrainingSource, settings: LoaderSettings) {
        self.source = source
        self.settings = settings
        if case .replaced = settings.failedSamples { policyReplaces = true } else { policyReplaces = false }
        reader = source.makeReader()
        resizers = settings.preprocessings.map { preprocessing in
            settings.resizes ? PictureResizer(size: PictureSize(preprocessing)) : nil
        }
    }

    /// Makes the faces of some places of a batch.
    func make(_ places: Range<Int>, of batch: BatchInProgress) -> [BatchInProgress.Outcome] {
        places.map { place in
            var outcome = BatchInProgress.Outcome()
            let wanted = batch.plan.samples[place]
            for sample in [wanted] + (policyReplaces ? substitutes(for: wanted) : []) {
                do throws(InputError) {
                    try fill(place, of: batch, with: sample)
                    outcome.sample = sample
                    outcome.isFlipped = picture.isFlipped
                    break
                } catch {
                    let name = source.name(of: sample)
                    outcome.failures.append(SampleFailure(sample: sample, name: name, error: error))
                }
            }
            if !outcome.failures.isEmpty { outcome.failures[0].replacement = outcome.sample }
            return outcome
        }
    }

    /// The nearest samples, later ones first, of the same class before others: a function of the source alone.
    private func substitutes(for sample: Int) -> [Int] {
        let label = source.label(of: sample)
        let near = (1...Self.candidates / 2).flatMap { [sample + $0, sample - $0] }
            .filter { $0 >= 0 && $0 < source.sampleCount }
        return near.filter { source.label(of: $0) == label } + near.filter { source.label(of: $0) != label }
    }

    private func fill(_ place: Int, of batch: BatchInProgress, with sample: Int) throws(InputError) {
        try reader.read(sample, into: &picture.image)
        picture.isFlipped = false
        settings.augmentation.apply(
            to: &picture,
            seed: settings.seed,
            round: batch.plan.round,
            sample: sample,
            repetition: batch.repetitions[place]
        )
        for (view, preprocessing) in settings.preprocessings.enumerated() {
            let size = preprocessing.faceByteCount
            let range = place * size..<(place + 1) * size
            try pixels(for: view) { pixels in
                let upright = UnsafeMutableBufferPointer(rebasing: batch.views[view].values[range])
                preprocessing.normalise(pixels, into: upright, mirrored: picture.isFlipped)
                guard !batch.mirrored.isEmpty else { return }
                let mirrored = UnsafeMutableBufferPointer(rebasing: batch.mirrored[view].values[range])
                preprocessing.normalise(pixels, into: mirrored, mirrored: !picture.isFlipped)
            }
        }
    }

    /// Hands over the augmented picture at the size of a view.
    private func pixels(for view: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(InputError) {
        guard let resizer = resizers[view], resizer.size != picture.image.size else {
            guard picture.image.size == PictureSize(settings.preprocessings[view]) else {
                // A reader that does not keep its source's promise.
                throw InputError(
                    .mismatch,
                    "a picture of another size",
                    expected: "\(PictureSize(settings.preprocessings[view]))",
                    found: "\(picture.image.size)"
                )
            }
            picture.image.pixels.withUnsafeBufferPointer(body)
            return
        }
        try resizer.resize(picture.image, body)
    }
}

/// Resizes pictures bilinearly, as ``FaceImaging/FaceExtractor`` does with aligned faces of another size.
final class PictureResizer {
    let size: PictureSize
    private var extractor: FaceExtractor?
    private var resized: [UInt8]

    init(size: PictureSize) {
        self.size = size
        resized = Array(repeating: 0, count: size.byteCount)
        // Sizes were checked; were this one wrong, every picture would fail with the reason.
        extractor = (try? size.alignment()).flatMap { try? FaceExtractor(preprocessing: $0) }
    }

    /// Hands over the resized pixels.
    func resize(_ image: RGBImage, _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(InputError) {
        guard extractor != nil else { throw InputError(.usage, "pictures cannot have this size", found: "\(size)") }
        try resized.withUnsafeMutableBufferPointer { pixels throws(InputError) in
            do throws(FaceFailure) {
                try extractor?.extractAligned(image, resizing: true, into: pixels)
            } catch {
                throw error.error
            }
            body(UnsafeBufferPointer(pixels))
        }
    }
}
