import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

@Suite struct NISTFormatTests {
    private func check(_ value: VerificationProtocol, _ expected: [String: Any]) throws {
        #expect(value.images.paths == expected["paths"] as? [String])
        #expect(value.images.templates.map { value.templates.ids[Int($0)] } == expected["templates"] as? [Int])
        #expect(value.images.media.map { value.mediumIDs[Int($0)] } == expected["media"] as? [Int])
        let subjects = try #require(expected["subjects"] as? [[Any]])
        let stated = try #require(value.subjects)
        #expect(stated.origin == .stated)
        for (template, entry) in subjects.enumerated() {
            #expect(value.templates.ids[template] == entry[0] as? Int)
            #expect(stated.names[Int(stated.indices[template])] == entry[1] as? String)
        }
        let pairs = (0..<value.comparisons.count)
            .map { index in
                [value.comparisons.first[index], value.comparisons.second[index]].map { value.templates.ids[Int($0)] }
                    + [Int(value.comparisons.labels[index])]
            }
        #expect(pairs == expected["pairs"] as? [[Int]])
        let landmarks = try #require(expected["landmarks"] as? [Any])
        #expect(value.images.landmarkOrigin == .faceBoxes)
        for (image, points) in landmarks.enumerated() {
            guard let points = points as? [Double] else {
                #expect(value.images.defect(of: image) == .noFaceBox)
                continue
            }
            // Both sides compute in Double and round once; half a unit of Float at 200 pixels is 8e-6.
            for (found, wanted) in zip(value.images.landmarks(of: image), points) {
                #expect(abs(Double(found) - wanted) < 2e-5)
            }
        }
        let searches = try #require(expected["searches"] as? [[String: Any]])
        #expect(value.searches.map(\.name) == searches.map { $0["name"] as? String })
        for (search, wanted) in zip(value.searches, searches) {
            #expect(search.gallery.map { value.templates.ids[Int($0)] } == wanted["gallery"] as? [Int])
            #expect(search.probes.map { value.templates.ids[Int($0)] } == wanted["probes"] as? [Int])
        }
    }

    @Test func theOlderLayoutIsReadAsCSVReadsIt() throws {
        let data = try SampleFormat.older.copy()
        let reading = try SampleFormat.older.reading(data)
        try check(try reading.validProtocol(), SampleFormat.older.expected())
        // What the report shows: the boxes and the face without one.
        #expect(reading.findings.counts[.faceBoxes] == 1 && reading.findings.counts[.noFaceBox] == 1)
        #expect(reading.findings.findings.contains { $0.kind == .faceBoxes && $0.severity == .warning })
    }

    @Test func theNewerLayoutIsReadAsCSVReadsIt() throws {
        for (format, part) in [(SampleFormat.newer, "test1"), (.search, "test4")] {
            let data = try format.copy()
            let reading = try format.reading(data)
            let expected = try #require(try format.expected()[part] as? [String: Any])
            try check(try reading.validProtocol(), expected)
            #expect(reading.findings.counts[.derivedMedia] == 1)
        }
    }

    /// The convention: a template point lies in the square as it lies in 112×112.
    @Test func aBoxStandsForTheTemplatesPoints() {
        let points = FaceBox(x: 100, y: 50, width: 56, height: 112).landmarks(scale: 1)
        #expect(abs(Double(points[0]) - (100 + 28 - 56 + 38.2946)) < 1e-4)
        #expect(abs(Double(points[1]) - (50 + 51.6963)) < 1e-4)
        let doubled = FaceBox(x: 0, y: 0, width: 112, height: 112).landmarks(scale: 2)
        #expect(abs(Double(doubled[9]) - (56 - 112 + 2 * 92.2041)) < 1e-4)
        let unusable: [(x: Double, width: Double, height: Double)] = [
            (0, 0, 5), (0, 5, -1), (.nan, 5, 5), (0, .infinity, 5),
        ]
        for box in unusable {
            let box = FaceBox(x: box.x, y: 0, width: box.width, height: box.height)
            #expect(!box.isUsable && box.landmarks(scale: 1).allSatisfy { $0.isNaN })
        }
    }

    @Test func landmarksGoLineForLine() throws {
        let data = try SampleFormat.newer.copy()
        let paths = try SampleFormat.newer.reading(data).validProtocol().images.paths
        let lines = paths.enumerated()
            .map { "\($1) " + (0..<10).map { "\($0 * 7 + 3)" }.joined(separator: " ") + " 0.\($0 + 1)" }
        let yaml = SampleFormat.newer.yaml + "\n  landmarks: points.txt\n"
        try data.write(lines.joined(separator: "\n") + "\n", "points.txt")
        let value = try read(data.path, yaml, ProtocolReadOptions()).validProtocol()
        #expect(value.images.landmarkOrigin == .stated && value.images.hasDetectorScores)
        #expect(value.images.detectorScores[1] == 0.2)
        #expect(value.images.landmarks(of: 3).elementsEqual((0..<10).map { Float($0 * 7 + 3) }))
        try data.write(([lines[1], lines[0]] + lines[2...]).joined(separator: "\n"), "points.txt")
        #expect(try read(data.path, yaml, ProtocolReadOptions()).findings.counts[.imageOrder] == 2)
        try data.write(lines.dropLast().joined(separator: "\n"), "points.txt")
        #expect(try read(data.path, yaml, ProtocolReadOptions()).findings.counts[.rowCount] == 1)
    }
}
