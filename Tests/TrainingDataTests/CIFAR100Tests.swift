import ArtifactFiles
import FaceImaging
import SeededRandom
import TestSupport
import Testing
import TrainingData

@Suite struct CIFAR100Tests {
    private let path = Fixture.path("TrainingData/cifar100/train.bin")

    @Test func recordsAreRead() throws {
        let expected = try ExpectedPictures("cifar100")
        let source = try CIFAR100Source(path: path)
        #expect(source.sampleCount == 4 && source.classCount == 100 && source.pictureSize == PictureSize(32))
        let reader = source.makeReader()
        for (place, sample) in expected.samples.enumerated() {
            #expect(source.label(of: place) == sample.label)
            #expect(try reader.picture(of: place).pixels == expected.picture(place))
        }
    }

    @Test func pixelsBecomeTorchvisionsInputs() throws {
        let expected = try ExpectedPictures("cifar100")
        let sweep = try EvaluationSweep(
            source: try CIFAR100Source(path: path),
            preprocessings: [try CIFAR100Source.preprocessing()],
            batchSize: 4,
            threads: 0
        )
        let batch = try #require(try sweep.next())
        let (mean, std) = ([0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761])
        for place in 0..<4 * 3072 {
            let pixel = Double(expected.pixels[place]) / 255
            #expect(abs(Double(batch.faces[place]) - (pixel - mean[place % 3]) / std[place % 3]) < 2e-6)
        }
    }

    @Test func otherFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        var bytes = [UInt8](repeating: 0, count: 2 * 3074)
        for length in [0, 1, 3073, 3075, 6147] {
            let path = try folder.write(Array(bytes.prefix(length)), "cut.bin")
            #expect(inputError { _ = try CIFAR100Source(path: path) }?.code == .truncated)
        }
        bytes[3075] = 100
        let path = try folder.write(bytes, "labels.bin")
        let error = inputError { _ = try CIFAR100Source(path: path) }
        #expect(error?.place == "record 1" && error?.found == "0 and 100")
        #expect(inputError { _ = try CIFAR100Source(path: "/nowhere") }?.code == .missing)
    }
}
