public import ArtifactFiles
internal import FaceImaging
public import SeededRandom

/// Changes of brightness, contrast and saturation by random factors, in random order.
///
/// As torchvision's `ColorJitter` on Pillow pictures, without hue: factors are uniform in max(0, 1 − x) … 1 + x.
public struct ColourJitter: AugmentationStep {
    /// Largest change of the brightness factor, 0 … 4.
    public var brightness: Double
    /// Largest change of the contrast factor, 0 … 4.
    public var contrast: Double
    /// Largest change of the saturation factor, 0 … 4.
    public var saturation: Double

    /// A jitter.
    public init(brightness: Double, contrast: Double, saturation: Double) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
    }

    /// One phrase for logs.
    public var summary: String { "colour jitter \(brightness), \(contrast), \(saturation)" }

    /// The size stays.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize {
        try AugmentationRange.check(brightness, "brightness jitter", 0...4)
        try AugmentationRange.check(contrast, "contrast jitter", 0...4)
        try AugmentationRange.check(saturation, "saturation jitter", 0...4)
        return size
    }

    /// Draws an order and three factors.
    public func apply(to picture: inout AugmentedPicture, random: inout SeededGenerator) {
        var changes = zip(ColourChange.allCases, [brightness, contrast, saturation])
            .map { change, spread in (change, random.uniform(max(0, 1 - spread), 1 + spread)) }
        for last in [2, 1] { changes.swapAt(last, random.index(below: last + 1)) }
        for (change, factor) in changes { change.apply(Float(factor), to: &picture.image.pixels) }
    }
}

/// One change of colour, as Pillow's `ImageEnhance` does it, bit by bit.
package enum ColourChange: String, CaseIterable, Sendable {
    case brightness
    case contrast
    case saturation

    /// Moves every pixel from its degenerate form (black, the mean grey, its own grey) by a factor.
    package func apply(_ factor: Float, to pixels: inout [UInt8]) {
        pixels.withUnsafeMutableBufferPointer { pixels in
            let mean = self == .contrast ? Self.meanGrey(pixels) : 0
            for start in stride(from: 0, to: pixels.count - 2, by: 3) {
                let base = self == .saturation ? Self.grey(pixels, start) : mean
                for index in start..<start + 3 {
                    let value = Float(base) + factor * Float(Int(pixels[index]) - base)
                    pixels[index] = value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
                }
            }
        }
    }

    /// ITU-R 601 in 16-bit fixed point.
    private static func grey(_ pixels: UnsafeMutableBufferPointer<UInt8>, _ start: Int) -> Int {
        let sum = Int(pixels[start]) * 19595 + Int(pixels[start + 1]) * 38470 + Int(pixels[start + 2]) * 7471
        return (sum + 0x8000) >> 16
    }

    private static func meanGrey(_ pixels: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var sum = 0
        for start in stride(from: 0, to: pixels.count - 2, by: 3) { sum += grey(pixels, start) }
        return Int(Double(sum) / Double(max(1, pixels.count / 3)) + 0.5)
    }
}
