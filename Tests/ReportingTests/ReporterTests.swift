import ArtifactFiles
import Reporting
import Testing

@Suite struct ReporterTests {
    @Test(arguments: ["report.md", "report.csv", "curve.csv"]) func textIsAsLookedAt(name: String) async throws {
        let document = ReportDocument(report: try await SampleRun().report())
        let files = try Reporters.all.flatMap { try $0.files(for: document) }
        let file = try #require(files.first { $0.name == name })
        try GoldenText.expect(file.text, matches: name)
    }

    @Test func unknownFormatListsTheKnown() {
        let error = #expect(throws: InputError.self) { try Reporters.named("docx") }
        #expect(error?.description == "unknown report format 'docx' (expected one of json, md, html, tex, csv, svg)")
    }

    @Test(arguments: Reporters.all.map(\.name)) func sameReportSameBytes(name: String) async throws {
        let reporter = try Reporters.named(name)
        let document = ReportDocument(report: try await SampleRun().report())
        #expect(try reporter.files(for: document) == reporter.files(for: document))
    }
}
