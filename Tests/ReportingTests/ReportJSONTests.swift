import ArtifactFiles
import Reporting
import Testing
import VerificationMetrics

@Suite struct ReportJSONTests {
    /// The file was written before keys were sorted.
    @Test func schemaIsFrozen() throws {
        try GoldenText.expectSameValues(try SampleRun().report().jsonText(), as: "report.json")
    }

    @Test(arguments: [false, true]) func readsWhatItWrites(hostile: Bool) throws {
        let report = try SampleRun().report(hostile: hostile)
        let text = try report.jsonText()
        let back = try VerificationReport(json: Array(text.utf8))
        #expect(back == report)
        #expect(try back.jsonText() == text)
    }

    @Test func frozenFileIsStillRead() throws {
        let report = try VerificationReport(path: GoldenText.path("report.json"))
        #expect(report == (try SampleRun().report()))
    }

    /// Reports of older versions have neither the three states nor an effective count, and percentiles.
    @Test func reportsWithoutResolutionAreRead() throws {
        var text = try SampleRun().report().jsonText()
        text = text.replacing("subject-bootstrap-wilson", with: "subject-bootstrap")
        text = text.replacing(/\s*"resolution" : "[a-z]+",/, with: "")
        text = text.replacing(/\s*"effectiveCount" : [0-9.e+]+,/, with: "")
        #expect(!text.contains("resolution") && !text.contains("effectiveCount"))
        let report = try VerificationReport(json: Array(text.utf8))
        let points = report.verification.operatingPoints.compactMap(\.outcome.value)
        #expect(points.map(\.resolved) == [false, true, true, true])
        #expect(points.map(\.resolution) == [.unresolved, .few, .few, .resolved])
        #expect(points[3].interval.value?.method == .subjectBootstrap)
    }

    @Test func undefinedResultsKeepTheirReason() throws {
        let measured = try VerificationMeasurement(
            scores: .single([0.5, 0.25]),
            labels: [1, 1],
            subjects: nil,
            options: .init()
        )
        let counts = ProtocolSummary(name: "scores", genuine: 2, impostor: 0)
        let report = VerificationReport(name: "no impostors", protocol: counts, measured: measured)
        let text = try report.jsonText()
        let spaceless = text.filter { !$0.isWhitespace }
        #expect(spaceless.contains("{\"farTarget\":1e-06,\"undefined\":\"no-impostor\"}"))
        #expect(spaceless.contains("\"eer\":{\"undefined\":\"no-impostor\"}"))
        let back = try VerificationReport(json: Array(text.utf8))
        #expect(back == report)
        #expect(back.verification.operatingPoints[0].outcome.undefinedReason?.description == "no impostor comparisons")
        #expect(!text.contains("nan") && !text.contains("\"checkpoint\""))
    }

    @Test(arguments: [
        ("\"schema\" : 1,", "\"schema\" : 2,", InputError.Code.unsupported, "newer version"),
        ("\"schema\" : 1,", "\"schema\" : 0,", .unsupported, "schema 0"),
        ("\"schema\" : 1,", "", .missing, "schema"),
        ("\"schema\" : 1,", "\"schema\" : \"1\",", .malformed, "schema"),
        ("\"genuine\" : 30,", "\"genuine\" : -30,", .malformed, "negative"),
        ("\"genuine\" : 30,", "\"genuine\" : 3,", .malformed, "accepted"),
        ("\"auc\" : ", "\"auc\" : \"", .malformed, "JSON"),
        ("\"auc\" : ", "\"auc\" : 1e999, \"x\" : ", .malformed, "not valid"),
        ("\"picture\" : \"f0.jpg\"", "\"picture\" : \"../f0.jpg\"", .forbidden, "plain file name"),
        ("\"operatingPoints\" : [", "\"operatingPoints\" : {}, \"x\" : [", .malformed, "verification.operatingPoints"),
        ("\"farTarget\" : 0.001,", "\"farTarget\" : 1.5,", .malformed, "(0, 1]"),
        ("\"farTarget\" : 0.001,", "\"farTarget\" : -1e-300,", .malformed, "(0, 1]"),
        ("\"acceptedImpostors\" : 1,", "\"acceptedImpostors\" : 2,", .malformed, "contradict"),
        ("\"method\" : \"", "\"method\" : \"un", .malformed, "method"),
        ("\"level\" : 0.95,", "\"level\" : 95,", .malformed, "interval"),
        ("\"histogram\" : {", "\"histogram\" : {\"low\" : 1, \"high\" : 0, \"genuine\" : [], ", .malformed, "bins"),
        ("\"roc\" : {", "\"roc\" : {\"acceptedGenuine\" : [-1], ", .malformed, "curves.roc"),
    ])
    func refusesWhatCannotBe(old: String, new: String, code: InputError.Code, word: String) throws {
        let text = try SampleRun().report().jsonText()
        let broken = text.replacing(old, with: new)
        try #require(broken != text)
        let error = #expect(throws: InputError.self) {
            try VerificationReport(json: Array(broken.utf8), file: "report.json")
        }
        #expect(error?.code == code)
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
        #expect(error?.file == "report.json")
    }

    @Test func whatIsNoNumberIsNotWritten() throws {
        var report = try SampleRun().report()
        report.checkpoint?.notes = ["/ stays"]
        report.timing?.totalSeconds = .nan
        let error = #expect(throws: InputError.self) { try report.jsonText() }
        #expect(error?.place == "key \"timing.totalSeconds\"")
        report.timing = nil
        #expect(try report.jsonText().contains("\"/ stays\""))
    }

    @Test func unknownKeysAreSkipped() throws {
        let report = try SampleRun().report()
        let text = try report.jsonText()
            .replacing("\"schema\" : 1,", with: "\"schema\" : 1, \"later\" : {\"a\" : [1]},")
        #expect(try VerificationReport(json: Array(text.utf8)) == report)
    }

    @Test func truncationIsAnError() throws {
        let bytes = Array(try SampleRun().report().jsonText().utf8)
        for length in stride(from: 0, to: bytes.count - 2, by: 211) {
            #expect(throws: InputError.self) { try VerificationReport(json: Array(bytes.prefix(length))) }
        }
    }
}
