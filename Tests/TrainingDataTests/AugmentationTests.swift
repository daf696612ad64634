import ArtifactFiles
import FaceImaging
import SeededRandom
import Testing
import TrainingData

@Suite struct AugmentationTests {
    private let source = FormulaSource(classes: 1, perClass: 400)

    private func augmented(_ augmentation: Augmentation, _ sample: Int, round: Int = 0, repetition: Int = 0) -> (
        picture: RGBImage, isFlipped: Bool
    ) {
        let size = source.pictureSize
        let image = RGBImage(width: size.width, height: size.height, pixels: source.pixels(of: sample))
        var picture = AugmentedPicture(image)
        augmentation.apply(to: &picture, seed: 3, round: round, sample: sample, repetition: repetition)
        return (picture.image, picture.isFlipped)
    }

    /// The window of a picture on black, pixel by pixel.
    private func window(_ sample: Int, top: Int, left: Int, _ size: PictureSize) -> [UInt8] {
        let pixels = source.pixels(of: sample)
        return (0..<size.byteCount)
            .map { index in
                let (row, column) = (index / 3 / size.width + top, index / 3 % size.width + left)
                let isInside = (0..<5).contains(row) && (0..<6).contains(column)
                return isInside ? pixels[(row * 6 + column) * 3 + index % 3] : 0
            }
    }

    @Test(arguments: [(PictureSize(width: 6, height: 5), 2), (PictureSize(width: 3, height: 4), 1)])
    func paddedCropsAreWindowsDrawnUniformly(_ size: PictureSize, _ padding: Int) throws {
        let augmentation = Augmentation([PaddedCrop(padding: padding, window: size)])
        #expect(try augmentation.size(after: source.pictureSize) == size)
        let tops = -padding...5 + padding - size.height
        let lefts = -padding...6 + padding - size.width
        var counts: [SIMD2<Int>: Int] = [:]
        for sample in 0..<400 {
            let result = augmented(augmentation, sample).picture
            #expect(result.width == size.width && result.height == size.height)
            let places = tops.flatMap { top in lefts.map { SIMD2(top, $0) } }
                .filter { window(sample, top: $0.x, left: $0.y, size) == result.pixels }
            #expect(!places.isEmpty)
            for place in places { counts[place, default: 0] += 1 }
        }
        let expected = 400.0 / Double(tops.count * lefts.count)
        for top in tops {
            for left in lefts {
                let count = Double(counts[SIMD2(top, left)] ?? 0)
                #expect(abs(count - expected) < 5.5 * expected.squareRoot(), "\(top), \(left)")
            }
        }
    }

    @Test func drawsDependOnSampleRoundAndRepetitionAlone() {
        let all = Augmentation.cifar
        #expect(augmented(all, 5) == augmented(all, 5))
        func different(_ other: (Int) -> (picture: RGBImage, isFlipped: Bool)) -> Int {
            (0..<50).count { augmented(all, $0) != other($0) }
        }
        #expect(different { augmented(all, $0, round: 1) } > 40)
        #expect(different { augmented(all, $0, repetition: 1) } > 40)
    }

    /// A step's draws do not change when another step joins.
    @Test func stepsHaveStreamsOfTheirOwn() {
        let alone = Augmentation([PaddedCrop(padding: 2)])
        let both = Augmentation([PaddedCrop(padding: 2), HorizontalFlip()])
        for sample in 0..<50 { #expect(augmented(alone, sample).picture == augmented(both, sample).picture) }
    }

    @Test(arguments: [0.0, 0.25, 0.5, 1.0])
    func flipsTakeTheirShare(_ probability: Double) {
        let flip = Augmentation([HorizontalFlip(probability: probability)])
        let count = Double((0..<400).count { augmented(flip, $0).isFlipped })
        #expect(abs(count - 400 * probability) <= 5 * (400 * probability * (1 - probability)).squareRoot())
    }

    @Test func cutoutsAreSquaresAroundAnyPixel() {
        let cutout = Augmentation([Cutout(side: 3, colour: [1, 2, 3])])
        var seen = Set<[Int]>()
        for sample in 0..<400 {
            let result = augmented(cutout, sample).picture.pixels
            let original = source.pixels(of: sample)
            // The one middle whose square explains every pixel.
            let middles = (0..<30)
                .filter { middle in
                    (0..<30)
                        .allSatisfy { place in
                            let isCovered = abs(place / 6 - middle / 6) <= 1 && abs(place % 6 - middle % 6) <= 1
                            let pixel = Array(result[place * 3..<place * 3 + 3])
                            return pixel == (isCovered ? [1, 2, 3] : Array(original[place * 3..<place * 3 + 3]))
                        }
                }
            #expect(middles.count == 1)
            seen.insert(middles)
        }
        #expect(seen.count == 30, "every pixel is a middle sometimes")
    }

    @Test func erasedRectanglesHaveTheStatedSizes() throws {
        let erasing = RandomErasing(probability: 0.75, area: 0.1...0.4, aspectRatio: 0.5...2, colour: [1, 2, 3])
        let large = PictureSize(width: 40, height: 30)
        var erased = 0
        for sample in 0..<400 {
            var picture = AugmentedPicture(
                RGBImage(width: 40, height: 30, pixels: [UInt8](repeating: 9, count: large.byteCount))
            )
            Augmentation([erasing]).apply(to: &picture, seed: 1, round: 0, sample: sample)
            let places = (0..<1200).filter { picture.image.pixels[$0 * 3] == 1 }
            guard let first = places.first, let last = places.last else { continue }
            erased += 1
            let (rows, columns) = (last / 40 - first / 40 + 1, last % 40 - first % 40 + 1)
            #expect(places.count == rows * columns, "a rectangle")
            // Sides are rounded to pixels.
            #expect((0.085...0.42).contains(Double(places.count) / 1200))
            #expect((0.45...2.25).contains(Double(rows) / Double(columns)))
        }
        #expect(abs(erased - 300) < 45)
    }

    @Test func jitterStaysWithinItsFactors() {
        let none = Augmentation([ColourJitter(brightness: 0, contrast: 0, saturation: 0)])
        #expect(augmented(none, 3).picture.pixels == source.pixels(of: 3))
        let bright = Augmentation([ColourJitter(brightness: 0.5, contrast: 0, saturation: 0)])
        var factors: [Double] = []
        for sample in 0..<200 {
            let pairs = zip(source.pixels(of: sample), augmented(bright, sample).picture.pixels)
            let ratios = pairs.filter { $0.0 >= 100 && $0.1 < 255 }.map { Double($0.1) / Double($0.0) }
            if !ratios.isEmpty { factors.append(ratios.reduce(0, +) / Double(ratios.count)) }
        }
        #expect(factors.allSatisfy { (0.48...1.5).contains($0) })
        #expect(factors.count > 150)
        #expect((factors.min() ?? 1) < 0.55 && (factors.max() ?? 1) > 1.4)
    }

    @Test func settingsOutOfRangeAreNamed() {
        let size = source.pictureSize
        #expect(inputError { _ = try Augmentation([HorizontalFlip(probability: 1.5)]).size(after: size) } != nil)
        #expect(inputError { _ = try Augmentation([HorizontalFlip(probability: .nan)]).size(after: size) } != nil)
        #expect(inputError { _ = try Augmentation([PaddedCrop(padding: -1)]).size(after: size) } != nil)
        let wrong: [any AugmentationStep] = [
            ColourJitter(brightness: -1, contrast: 0, saturation: 0), Cutout(side: 0), Cutout(side: 2, colour: [1]),
            RandomErasing(probability: 2), RandomErasing(area: 0.5...1.5), RandomErasing(aspectRatio: 0...1),
        ]
        for step in wrong { #expect(inputError { _ = try step.size(after: size) }?.code == .usage) }
        let large = PaddedCrop(padding: 1, window: PictureSize(9))
        #expect(inputError { _ = try Augmentation([large]).size(after: size) }?.found?.contains("9x9") == true)
    }
}
