import ArtifactFiles
import FaceImaging
import Foundation
import Synchronization
import Testing
import TrainingData

@Suite struct BatchLoaderTests {
    private func settings(threads: Int, augmentation: Augmentation = .cifar) throws -> LoaderSettings {
        LoaderSettings(augmentation: augmentation, preprocessings: [try .formula()], seed: 11, threads: threads)
    }

    private func loader(
        _ source: FormulaSource,
        threads: Int,
        firstStep: Int = 0,
        endStep: Int? = nil,
        change: (inout LoaderSettings) -> Void = { _ in }
    ) throws -> BatchLoader {
        var settings = try settings(threads: threads)
        change(&settings)
        let sampler = try ShuffledSampler(sampleCount: source.sampleCount, batchSize: 8, seed: 2)
        return try BatchLoader(
            source: source,
            sampler: sampler,
            settings: settings,
            firstStep: firstStep,
            endStep: endStep
        )
    }

    /// Everything of a batch that training sees.
    private struct Content: Equatable {
        var step: Int
        var samples: [Int]
        var labels: [Int]
        var flipped: [Bool]
        var faces: [Float]

        init(_ batch: TrainingBatch) {
            step = batch.step
            samples = batch.samples
            labels = batch.labels
            flipped = batch.flipped
            faces = Array(batch.faces)
        }
    }

    @Test func batchesDependOnNeitherThreadsNorTheFirstStep() throws {
        let source = FormulaSource(classes: 10, perClass: 5, broken: [7, 20, 49])
        let plain = try loader(source, threads: 0)
        let expected = try (0..<20).map { _ in Content(try plain.next()) }
        for threads in [1, 2, 5] {
            let other = try loader(source, threads: threads)
            for step in 0..<20 { #expect(Content(try other.next()) == expected[step]) }
            #expect(other.failures == plain.failures)
        }
        let resumed = try loader(source, threads: 2, firstStep: 13)
        for step in 13..<20 { #expect(Content(try resumed.next()) == expected[step]) }
    }

    @Test func facesAreTheSamplesPreprocessed() throws {
        let source = FormulaSource(classes: 4, perClass: 4)
        let loader = try loader(source, threads: 1) { $0.augmentation = .flip }
        var flips = 0
        for _ in 0..<10 {
            let batch = try loader.next()
            #expect(batch.count == 8 && batch.faces.count == 8 * 90)
            for place in 0..<8 {
                let pixels = source.pixels(of: batch.samples[place])
                #expect(batch.labels[place] == batch.samples[place] / 4)
                flips += batch.flipped[place] ? 1 : 0
                for row in 0..<5 {
                    for column in 0..<6 {
                        let from = batch.flipped[place] ? 5 - column : column
                        for channel in 0..<3 {
                            let value = batch.faces[((place * 5 + row) * 6 + column) * 3 + channel]
                            let pixel = Float(pixels[(row * 6 + from) * 3 + channel])
                            // One rounding of a division or a product with the reciprocal.
                            #expect(abs(value - (pixel - 127.5) / 127.5) <= 1e-6)
                        }
                    }
                }
            }
        }
        #expect((20...60).contains(flips), "\(flips) of 80")
    }

    @Test func everyViewShowsTheSamePicture() throws {
        let source = FormulaSource(classes: 4, perClass: 4)
        let teacher = try FacePreprocessing(
            width: 6,
            height: 5,
            channels: .bgr,
            mean: [0, 0, 0],
            std: [1, 1, 1],
            template: "arcface"
        )
        let loader = try loader(source, threads: 1) { $0.preprocessings.append(teacher) }
        for _ in 0..<5 {
            let batch = try loader.next()
            #expect(batch.views.count == 2)
            for pixel in 0..<8 * 30 {
                for channel in 0..<3 {
                    let student = batch.faces[pixel * 3 + channel] * 127.5 + 127.5
                    #expect(abs(student - batch.views[1][pixel * 3 + 2 - channel]) < 1e-3)
                }
            }
        }
    }

    @Test func otherSizesAreRefusedUnlessResized() throws {
        let source = FormulaSource(classes: 4, perClass: 4)
        let big = try FacePreprocessing.formula(PictureSize(width: 12, height: 10))
        let error = inputError { _ = try loader(source, threads: 1) { $0.preprocessings = [big] } }
        #expect(error?.code == .mismatch)
        #expect(error?.description.contains("12x10") == true && error?.description.contains("6x5") == true)
        let resizing = try loader(source, threads: 1) {
            $0.preprocessings.append(big)
            $0.resizes = true
        }
        let batch = try resizing.next()
        #expect(batch.faces.count == 8 * 90 && batch.views[1].count == 8 * 360)
        // Bilinear enlargement keeps values within their range.
        #expect(batch.views[1].allSatisfy { abs($0) <= 1.00001 })
    }

    @Test func brokenSamplesAreReplacedByTheNearestOfTheirClass() throws {
        let source = FormulaSource(classes: 4, perClass: 4, broken: [4, 7, 8, 9, 10, 11])
        let loader = try loader(source, threads: 2)
        var seen: [Int: Int] = [:]
        for _ in 0..<12 {
            for failure in try loader.next().failures {
                if let replacement = failure.replacement { seen[failure.sample] = replacement }
            }
        }
        // Class 2 has no readable sample: the nearest of another class stands in; distance before direction.
        #expect(seen == [4: 5, 7: 6, 8: 6, 9: 12, 10: 12, 11: 12])
        #expect(Set(loader.failures.map(\.sample)) == [4, 7, 8, 9, 10, 11])
        #expect(loader.failures.count == 6, "each sample counts once")
        #expect(loader.failures.first?.name.hasPrefix("sample-") == true)
    }

    @Test func labelsFollowTheReplacement() throws {
        let source = FormulaSource(classes: 4, perClass: 4, broken: [8, 9, 10, 11])
        let loader = try loader(source, threads: 1)
        for _ in 0..<6 {
            let batch = try loader.next()
            #expect(batch.labels == batch.samples.map { $0 / 4 })
            #expect(!batch.labels.contains(2))
        }
    }

    @Test(arguments: [0, 1, 3])
    func tooManyBrokenSamplesEndTheRun(_ threads: Int) throws {
        let source = FormulaSource(classes: 10, perClass: 4, broken: Set(0..<20))
        let loader = try loader(source, threads: threads) { $0.failedSamples = .replaced(limit: 5) }
        var steps = 0
        let error = inputError {
            while true {
                _ = try loader.next()
                steps += 1
            }
        }
        #expect(error?.code == .limitExceeded)
        #expect(error?.description.contains("broken on purpose") == true)
        #expect(error?.description.contains("at most 5 of 40") == true)
        #expect(loader.failures.count == 6)
        #expect(steps == 0, "the same step for any number of threads")
        #expect(inputError { _ = try loader.next() } == error)
    }

    @Test func aDesertOfBrokenSamplesEndsTheRun() throws {
        let source = FormulaSource(classes: 2, perClass: 50, broken: Set(0..<100))
        let loader = try loader(source, threads: 1) { $0.failedSamples = .replaced(limit: 1000) }
        #expect(inputError { _ = try loader.next() }?.description.contains("no sample near") == true)
    }

    @Test func readsNoFurtherAheadThanAsked() throws {
        let source = FormulaSource(classes: 20, perClass: 20)
        let loader = try loader(source, threads: 3) { $0.batchesAhead = 2 }
        for step in 0..<4 {
            _ = try loader.next()
            usleep(30_000)
            #expect(source.control.reads.load(ordering: .relaxed) <= (step + 3) * 8)
        }
    }

    @Test func stopsAtTheLastStep() throws {
        let loader = try loader(FormulaSource(classes: 4, perClass: 4), threads: 2, firstStep: 3, endStep: 5)
        #expect(try loader.next().step == 3)
        #expect(try loader.next().step == 4)
        #expect(inputError { _ = try loader.next() }?.code == .usage)
    }

    @Test(.timeLimit(.minutes(1))) func neitherStopNorTheEndOfLifeWaitsForAReader() throws {
        let source = FormulaSource(classes: 20, perClass: 20)
        let stopped = try loader(source, threads: 3)
        _ = try stopped.next()
        source.control.blocked.store(true, ordering: .releasing)
        stopped.stop()
        #expect(inputError { _ = try stopped.next() }?.code == .usage)
        do {
            let abandoned = try loader(source, threads: 2)
            #expect(abandoned.failures.isEmpty)
        }
        source.control.blocked.store(false, ordering: .releasing)
        while stopped.runningThreadCount > 0 { usleep(1000) }
    }

    @Test func batchesOutliveTheirLoader() throws {
        let source = FormulaSource(classes: 4, perClass: 4)
        var batches: [TrainingBatch] = []
        do {
            let loader = try loader(source, threads: 2)
            for _ in 0..<6 { batches.append(try loader.next()) }
        }
        let again = try loader(source, threads: 0)
        for batch in batches { #expect(Content(batch) == Content(try again.next())) }
    }

    @Test func aSweepShowsEverySampleOnceInOrder() throws {
        let source = FormulaSource(classes: 5, perClass: 5, broken: [3, 24])
        for threads in [0, 2] {
            let sweep = try EvaluationSweep(
                source: source,
                preprocessings: [try .formula()],
                batchSize: 4,
                threads: threads,
                includesMirrored: true,
                failureLimit: 2
            )
            var samples: [Int] = []
            while let batch = try sweep.next() {
                #expect(batch.faces.count == batch.count * 90)
                #expect(batch.flipped.allSatisfy { !$0 })
                for place in 0..<batch.count {
                    let pixels = source.pixels(of: batch.samples[place])
                    let middle = (2 * 6 + 1) * 3
                    #expect(abs(batch.faces[place * 90 + middle] * 127.5 + 127.5 - Float(pixels[middle])) < 1e-3)
                    let mirrored = batch.mirroredViews[0][place * 90 + (2 * 6 + 4) * 3]
                    #expect(mirrored == batch.faces[place * 90 + middle])
                }
                samples += batch.samples
            }
            #expect(samples == (0..<25).filter { $0 != 3 && $0 != 24 })
            #expect(sweep.failures.map(\.sample) == [3, 24])
        }
        let strict = try EvaluationSweep(
            source: source,
            preprocessings: [try .formula()],
            batchSize: 4,
            threads: 1
        )
        #expect(inputError { while try strict.next() != nil {} }?.code == .limitExceeded)
    }

    @Test func aStatedClassCountIsChecked() {
        let source = FormulaSource(classes: 4, perClass: 1)
        #expect(inputError { try source.requireClassCount(4) } == nil)
        let error = inputError { try source.requireClassCount(93431) }
        #expect(error?.code == .mismatch)
        #expect(error?.expected == "93431" && error?.found == "4")
    }
}
