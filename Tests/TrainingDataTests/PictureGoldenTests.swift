import ArtifactFiles
import FaceImaging
import Foundation
import TestSupport
import Testing
import TrainingData

/// Colours and sizes against Pillow.
@Suite struct PictureGoldenTests {
    private struct Colour: Decodable {
        var change: String
        var factor: Double
    }

    private struct Resizing: Decodable {
        var file: String
        var shorterSide: Int
        var width: Int
        var height: Int
    }

    @Test func colourChangesAreThoseOfPillow() throws {
        let cases = try JSONDecoder().decode([Colour].self, from: Fixture.data("TrainingData/colour/cases.json"))
        let pictures = try [UInt8](Fixture.data("TrainingData/colour/pictures.rgb"))
        let size = pictures.count / (cases.count + 1)
        for (place, item) in cases.enumerated() {
            var pixels = Array(pictures[..<size])
            try #require(ColourChange(rawValue: item.change)).apply(Float(item.factor), to: &pixels)
            let expected = pictures[(place + 1) * size..<(place + 2) * size]
            #expect(pixels.elementsEqual(expected), "\(item)")
        }
    }

    @Test func cutOutMiddlesAreThoseOfPillow() throws {
        let cases = try JSONDecoder().decode([Resizing].self, from: Fixture.data("TrainingData/resizing/cases.json"))
        let expected = try [UInt8](Fixture.data("TrainingData/resizing/expected.rgb"))
        let folder = try TemporaryFolder()
        var start = 0
        for (number, item) in cases.enumerated() {
            let file = try [UInt8](Fixture.data("TrainingData/resizing/\(item.file)"))
            try folder.write(file, "\(number)/a/\(item.file)")
            let source = try FolderSource(
                root: "\(folder.path)/\(number)",
                size: PictureSize(width: item.width, height: item.height),
                fit: .centreCrop(shorterSide: item.shorterSide)
            )
            let pixels = try source.makeReader().picture(of: 0).pixels
            // Pillow sums in 22-bit fixed point: a value that lies at one half may fall the other way.
            let differences = zip(pixels, expected[start...]).map { abs(Int($0) - Int($1)) }
            #expect(differences.allSatisfy { $0 <= 1 }, "\(item.file): \(differences.max() ?? 0)")
            #expect(differences.count { $0 != 0 } < pixels.count / 100 + 1, "\(item.file)")
            start += pixels.count
        }
        #expect(start == expected.count)
    }
}
