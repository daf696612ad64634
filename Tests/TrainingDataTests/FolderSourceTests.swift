import ArtifactFiles
import FaceImaging
import SyntheticFaces
import Testing
import TrainingData

@Suite struct FolderSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func picture(_ seed: Int, _ size: PictureSize = PictureSize(8)) -> RGBImage {
        let pixels = (0..<size.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ seed &* 71) }
        return RGBImage(width: size.width, height: size.height, pixels: pixels)
    }

    private func makeTree() throws {
        for (number, name) in ["b/2.png", "b/10.PNG", "a/x.png", "c/1.png"].enumerated() {
            try folder.write(picture(number).pngData(), name)
        }
        try folder.write([1], "a/.hidden")
        try folder.write([1], "notes.txt")
    }

    private func open(_ fit: PictureFit = .exact, size: PictureSize = PictureSize(8)) throws -> FolderSource {
        try FolderSource(root: folder.path, size: size, fit: fit)
    }

    @Test func foldersAreClassesInOrderOfTheirNames() throws {
        try makeTree()
        let source = try open()
        #expect(source.classNames == ["a", "b", "c"])
        #expect((0..<4).map(source.name(of:)) == ["a/x.png", "b/10.PNG", "b/2.png", "c/1.png"])
        #expect((0..<4).map(source.label(of:)) == [0, 1, 1, 2])
        let reader = source.makeReader()
        for (sample, number) in [2, 1, 0, 3].enumerated() {
            #expect(try reader.picture(of: sample) == picture(number))
        }
    }

    @Test func digestsTellDataSetsApart() throws {
        try makeTree()
        let first = try open()
        #expect(try open().digest == first.digest)
        #expect(try open(.resized).digest != first.digest)
        try folder.write(picture(9).pngData(), "c/2.png")
        let second = try open()
        #expect(second.digest != first.digest)
        try folder.write(picture(9, PictureSize(9)).pngData(), "c/2.png")
        #expect(try open().digest != second.digest)
    }

    @Test func mistakesAreNamed() throws {
        #expect(inputError { _ = try open() }?.problem == "no folder of an identity")
        try makeTree()
        try FileSystem.createFolder(FileSystem.join(folder.path, "d"))
        let empty = inputError { _ = try open() }
        #expect(empty?.code == .missing)
        #expect(empty?.file?.hasSuffix("/d") == true)
        try folder.write([1], "d/picture.gif")
        #expect(inputError { _ = try open() }?.file?.hasSuffix("d/picture.gif") == true)
        #expect(inputError { _ = try FolderSource(root: "/nowhere", size: PictureSize(8)) }?.code == .missing)
        #expect(inputError { _ = try open(size: PictureSize(0)) }?.code == .usage)
    }

    @Test func damagedAndOddFilesFailAlone() throws {
        try makeTree()
        try folder.write(Array(picture(5).pngData().dropLast(20)), "c/2.png")
        try folder.write(picture(5, PictureSize(9)).pngData(), "c/3.png")
        let source = try open()
        let reader = source.makeReader()
        #expect(inputError { _ = try reader.picture(of: 4) }?.file?.hasSuffix("c/2.png") == true)
        let odd = inputError { _ = try reader.picture(of: 5) }
        #expect(odd?.expected == "8x8" && odd?.found == "9x9")
        #expect(try reader.picture(of: 0) == picture(2))
    }

    @Test func treesOfSyntheticFacesAreAligned() throws {
        let population = try SyntheticPopulation(seed: 3, settings: SyntheticFaceSettings(imageSize: 96))
        let plan = try SyntheticTrainingPlan(population: population, identities: [4, 9], imagesPerIdentity: 2)
        let renderer = SyntheticFaceRenderer(settings: population.settings)
        var lines = ""
        var expected: [[UInt8]] = []
        let alignment = try FacePreprocessing.formula(PictureSize(56))
        var extractor = try FaceExtractor(preprocessing: alignment)
        for item in plan.items {
            let face = population.render(item.shot, with: renderer)
            let file = try folder.write(try face.image.jpegData(quality: 90), "train/\(item.path)")
            lines += "\(item.path) " + face.landmarks.points.map { "\($0.x) \($0.y)" }.joined(separator: " ") + " 0.9\n"
            var pixels = [UInt8](repeating: 0, count: 56 * 56 * 3)
            try pixels.withUnsafeMutableBufferPointer {
                _ = try extractor.extract(file: file, landmarks: face.landmarks, into: $0)
            }
            expected.append(pixels)
        }
        let root = FileSystem.join(folder.path, "train")
        let fit = PictureFit.aligned(template: "arcface")
        #expect(inputError { _ = try FolderSource(root: root, size: PictureSize(56), fit: fit) }?.code == .missing)
        try folder.write(Array(lines.utf8), "train/landmarks.txt")
        let source = try FolderSource(root: root, size: PictureSize(56), fit: fit)
        #expect(source.classNames == ["000004", "000009"])
        let reader = source.makeReader()
        for sample in 0..<4 { #expect(try reader.picture(of: sample).pixels == expected[sample]) }
    }

    @Test(arguments: [
        ("a/x.png 1 2 3 4 5 6 7 8 9", "line 1"), ("a/x.png 1 2 3 4 5 6 7 8 9 nan 1", "line 1"),
        ("\na/x.png 1 2 3 4 5 6 7 8 9 x", "line 2"),
        ("a/x.png 1 2 3 4 5 6 7 8 9 10\na/x.png 1 2 3 4 5 6 7 8 9 10", "line 2"),
    ])
    func landmarkLinesAreChecked(_ text: String, _ place: String) throws {
        try makeTree()
        try folder.write(Array(text.utf8), "landmarks.txt")
        let error = inputError { _ = try open(.aligned(template: "arcface")) }
        #expect(error?.place == place)
        #expect(error?.file?.hasSuffix("landmarks.txt") == true)
    }

    @Test func picturesWithoutLandmarksAreNamed() throws {
        try makeTree()
        try folder.write(Array("a/x.png 1 2 3 4 5 6 7 8 9 10".utf8), "landmarks.txt")
        let error = inputError { _ = try open(.aligned(template: "arcface")) }
        #expect(error?.code == .missing && error?.description.contains("'b/10.PNG'") == true)
    }

    @Test func someClassesCanBeChosen() throws {
        try makeTree()
        let whole = try open()
        let subset = try SubsetSource(whole, classes: [2, 0])
        #expect(subset.sampleCount == 2 && subset.classCount == 2)
        #expect((0..<2).map(subset.name(of:)) == ["a/x.png", "c/1.png"])
        #expect((0..<2).map(subset.label(of:)) == [1, 0])
        #expect(try subset.makeReader().picture(of: 1) == whole.makeReader().picture(of: 3))
        #expect(subset.digest != whole.digest)
        for wrong in [[], [0, 0], [3], [-1]] {
            #expect(inputError { _ = try SubsetSource(whole, classes: wrong) }?.code == .usage)
        }
    }
}
