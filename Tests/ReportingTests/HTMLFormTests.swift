import Foundation
import Reporting
import Testing
import VerificationMetrics

@Suite struct HTMLFormTests {
    private static let picture: [UInt8] = [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]
    private static let pictures = Dictionary(uniqueKeysWithValues: (0..<4).map { ("f\($0).jpg", picture) })

    private func page(_ report: VerificationReport, pictures: [String: [UInt8]] = Self.pictures) throws -> String {
        try report.document(pictures: pictures).text("html")
    }

    @Test func pageIsWellFormedAndSelfContained() throws {
        let page = try page(try SampleRun().report())
        let elements = try MarkupElements(page: page).elements
        for element in elements {
            for (name, value) in element.attributes where ["src", "href", "xlink:href", "action"].contains(name) {
                #expect(value.hasPrefix("data:"), "\(element.name) \(name)=\(value)")
            }
        }
        #expect(elements.filter { $0.name == "svg" }.count == 3)
        // 6 hardest pairs of two sides and 4 faces on the sheet.
        #expect(elements.filter { $0.name == "img" }.count == 16)
        #expect(!page.contains("{{"))
    }

    @Test func hostileNamesChangeTextOnly() throws {
        let plain = try MarkupElements(page: try page(try SampleRun().report()))
        let page = try page(try SampleRun().report(hostile: true))
        let hostile = try MarkupElements(page: page)
        #expect(hostile.shape == plain.shape)
        #expect(hostile.text.contains(HostileText.script) && hostile.text.contains(HostileText.template))
        // The only scripts are ours: the states, and the code whose digest the policy names.
        #expect(page.components(separatedBy: "<script").count == 3)
        for scalar in ["\u{202e}", "\u{feff}", "\u{2028}", "\u{0}"] { #expect(!page.contains(scalar)) }
    }

    @Test func onlyOurOwnScriptMayRun() throws {
        let page = try page(try SampleRun().report())
        let policy = try #require(
            MarkupElements(page: page).elements.first { $0.attributes["http-equiv"] == "Content-Security-Policy" }
        )
        let content = try #require(policy.attributes["content"])
        #expect(content.hasPrefix("default-src 'none'; img-src data:; style-src 'sha256-"))
        #expect(!content.contains("unsafe"))
        #expect(!page.contains(" style=\"") && !page.contains(" onclick"))
    }

    @Test func picturesAreLeftOutOnRequest() throws {
        let elements = try MarkupElements(page: try page(try SampleRun().report(), pictures: [:])).elements
        #expect(!elements.contains { $0.name == "img" })
        #expect(elements.contains { $0.attributes["class"] == "pair" })
    }

    @Test func whatIsNoJPEGIsNotShown() throws {
        let pictures = ["f0.jpg": Array("<svg onload=alert(1)>".utf8), "f1.jpg": Self.picture]
        let page = try page(try SampleRun().report(), pictures: pictures)
        let sources = Set(try MarkupElements(page: page).elements.compactMap { $0.attributes["src"] })
        #expect(sources == ["data:image/jpeg;base64,/9j/4AECAw=="])
    }

    @Test func reportOfBareScoresHasNoEmptySections() throws {
        let run = SampleRun()
        let counts = ProtocolSummary(name: "scores", genuine: 30, impostor: 1740)
        let report = VerificationReport(name: "Other system", protocol: counts, measured: try run.measurement())
        let page = try page(report, pictures: [:])
        let text = try MarkupElements(page: page).text
        for title in ["Network", "Preprocessing", "Policy", "Aligned faces", "Failures", "Timing", "Inputs"] {
            #expect(!page.contains("<h3>\(title)</h3>") && !page.contains("<h2>\(title)"), "\(title)")
        }
        #expect(text.contains("Not resolved by this protocol") && text.contains("It would allow 0.17 false accepts."))
    }

    @Test func reportWithoutImpostorsSaysWhyThereAreNoNumbers() throws {
        let measured = try VerificationMeasurement(
            scores: .single([0.5, 0.25]),
            labels: [1, 1],
            subjects: nil,
            options: .init()
        )
        let counts = ProtocolSummary(name: "scores", genuine: 2, impostor: 0)
        let page = try page(VerificationReport(name: "x", protocol: counts, measured: measured))
        let text = try MarkupElements(page: page).text
        #expect(text.contains("no impostor comparisons"))
        #expect(!page.lowercased().contains("nan"))
    }

    @Test func figuresAreWellFormedFiles() throws {
        let files = try SampleRun().report(hostile: true).document().files(["svg"])
        #expect(files.map(\.name) == ["roc.svg", "det.svg", "scores.svg"])
        for file in files {
            #expect(try MarkupElements(page: file.text).elements.first?.name == "svg")
        }
    }
}
