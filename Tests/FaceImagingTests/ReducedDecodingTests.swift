import ArtifactFiles
import FaceImaging
import Foundation
import Testing

@Suite("Decoding at a reduced scale")
struct ReducedDecodingTests {
    @Test("Happens only below a half, and never enlarges what was decoded")
    func rule() {
        for scale in stride(from: 0.01, to: 3, by: 0.01) {
            let chosen = ReducedDecoding.belowHalf.scale(alignmentScale: scale)
            #expect(ReducedDecoding.never.scale(alignmentScale: scale) == .full)
            #expect(chosen == .full || scale < 0.5)
            #expect(chosen == .full || scale * Double(chosen.reduction) < 1)
        }
        #expect(ReducedDecoding.belowHalf.scale(alignmentScale: 0.5) == .full)
        #expect(ReducedDecoding.belowHalf.scale(alignmentScale: 0.4999) == .half)
        #expect(ReducedDecoding.belowHalf.scale(alignmentScale: 0.2) == .quarter)
        #expect(ReducedDecoding.belowHalf.scale(alignmentScale: 0.1) == .eighth)
    }

    /// A picture whose red grows by the column and whose green by the row, so that a shift shows in the values.
    static func slope(width: Int, height: Int) -> RGBImage {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width { pixels += [UInt8(x * 255 / (width - 1)), UInt8(y * 255 / (height - 1)), 128] }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    static func slope(_ side: Int) -> RGBImage { slope(width: side, height: side) }

    @Test(
        "Does not move the face: on a slope it looks as it does from all pixels",
        arguments: [2.5, 4.5, 9.0],
        [false, true]
    )
    func staysInPlace(shrink: Double, progressive: Bool) throws {
        let side = Int(shrink * 130)
        let bytes = try Self.slope(side).jpegData(quality: 98, progressive: progressive, chromaSubsampling: .none444)
        let centre = Double(side) / 2
        let landmarks = FaceLandmarks.placed(x: centre, y: centre, scale: shrink, angle: 0.1)
        var options = FaceExtractor.Options()
        var reduced = try FaceExtractor(preprocessing: .insightface, options: options)
        options.reducedDecoding = .never
        var full = try FaceExtractor(preprocessing: .insightface, options: options)
        let (small, extraction) = try reduced.face(bytes, landmarks)
        let (whole, plain) = try full.face(bytes, landmarks)
        #expect(plain.decodingScale == .full)
        #expect(extraction.decodingScale == (shrink > 8 ? .eighth : shrink > 4 ? .quarter : .half))
        #expect(extraction.alignment == plain.alignment)
        // Half a decoded pixel would be 0.5 × 255 / 130 ≈ 1 level everywhere; rounding alone stays well below.
        var bias = [0, 0, 0]
        for index in small.pixels.indices { bias[index % 3] += Int(small.pixels[index]) - Int(whole.pixels[index]) }
        for channel in 0..<3 { #expect(abs(Double(bias[channel]) / (112 * 112)) < 0.25) }
        #expect(small.difference(from: whole).mean < 0.6)
    }

    @Test("PNG files are never reduced")
    func pngIsWhole() throws {
        let bytes = try Self.slope(400).pngData()
        var extractor = try FaceExtractor(preprocessing: .insightface)
        let (_, extraction) = try extractor.face(bytes, .placed(x: 200, y: 200, scale: 3, angle: 0))
        #expect(extraction.decodingScale == .full)
    }
}
