import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

private let list = TemporaryData.list
private let landmarks = TemporaryData.landmarks
private let pairs = TemporaryData.pairs
private let subjects = TemporaryData.subjects

@Suite struct MutationTests {
    /// The fixture's sizes; no digests, so that the checks stand on their own.
    private static let counted =
        plainDescriptor + "\ncounts: {images: 11, templates: 6, comparisons: 11, genuine: 2, subjects: 4}\n"

    private static func original() throws -> (value: VerificationProtocol, findings: FindingList) {
        let data = try TemporaryData(copyOf: "tiny")
        let reading = try read(data.path, counted, ProtocolReadOptions())
        return (try reading.validProtocol(), reading.findings)
    }

    @Test func theFixtureItselfHasNothingButNotes() throws {
        let (_, findings) = try Self.original()
        #expect(findings.count(.error) == 0 && findings.count(.warning) == 0)
        #expect(findings.counts == [.sharedMedium: 1, .mediumOfSeveralSubjects: 1])
    }

    @Test(arguments: Mutation.all) func eachChangeIsReportedOrHarmless(_ mutation: Mutation) throws {
        let (original, originalFindings) = try Self.original()
        let data = try TemporaryData(copyOf: "tiny")
        defer { FileSystem.remove("\(data.path).outside") }
        try mutation.apply(data)
        let reading: ProtocolReading
        do {
            reading = try read(data.path, Self.counted, ProtocolReadOptions(workers: 2))
        } catch let error as InputError {
            guard case .refused(let code) = mutation.outcome else { throw error }
            #expect(error.code == code)
            return
        }
        let findings = reading.findings
        let value = try? reading.validProtocol()
        #expect((value == nil) == (findings.count(.error) > 0))
        switch mutation.outcome {
        case .found(let kind):
            #expect(findings.counts[kind] != nil, "\(findings.lines)")
            #expect((value == nil) == (kind.severity == .error), "\(findings.lines)")
        case .foundAt(let kind, let file, let line):
            let isFound = findings.findings.contains { $0.kind == kind && $0.file == file && $0.line == line }
            #expect(isFound, "\(findings.lines)")
            if kind.severity == .error { #expect(value == nil) }
        case .refused:
            Issue.record("not refused: \(findings.lines)")
        case .sameWithNote(let kind):
            #expect(findings.counts[kind] == 1, "\(findings.lines)")
            #expect(value == original)
            #expect(findings.count(.warning) == originalFindings.count(.warning))
        case .same:
            #expect(value == original, "\(findings.lines)")
            #expect(findings.count(.warning) == originalFindings.count(.warning))
        case .reordered:
            let value = try #require(value, "\(findings.lines)")
            #expect(Contents(value) == Contents(original))
            #expect(value != original)
            #expect(findings.count(.warning) == originalFindings.count(.warning))
        }
    }

    @Test(arguments: Mutation.all + Mutation.values) func aDigestTellsEveryChangeOfATextFile(_ mutation: Mutation)
        throws
    {
        let data = try TemporaryData(copyOf: "tiny")
        defer { FileSystem.remove("\(data.path).outside") }
        let files = [list, landmarks, pairs, subjects]
        let original = try files.map { try data.bytes($0) }
        let digests = zip(files, original).map { "  \($0): \(ContentDigest(of: $1))" }.joined(separator: "\n")
        try mutation.apply(data)
        let changed = zip(files, original).filter { file, bytes in (try? data.bytes(file)) != bytes }.map(\.0)
        do {
            let reading = try read(data.path, "\(plainDescriptor)\ndigests:\n\(digests)\n", ProtocolReadOptions())
            let reported = reading.findings.findings.filter { $0.kind == .digest }.compactMap(\.file)
            #expect(reported == changed.sorted())
            if !changed.isEmpty { #expect(throws: InputError.self) { try reading.validProtocol() } }
        } catch let error as InputError {
            // A missing or linked file cannot be digested.
            #expect(error.code == .missing || error.code == .forbidden)
        }
    }

    @Test func thereAreManyMutations() { #expect(Mutation.all.count >= 100) }
}

/// A protocol without its order: what any number depends on.
private struct Contents: Hashable {
    var images: [String]
    var comparisons: [String]
    var subjects: [String?]

    init(_ value: VerificationProtocol) {
        images = (0..<value.images.count)
            .map { image in
                let template = value.templates.ids[Int(value.images.templates[image])]
                let medium = value.mediumIDs[Int(value.images.media[image])]
                let points = value.images.landmarks(of: image).map { "\($0.bitPattern)" }
                return
                    "\(value.images.paths[image]) \(template) \(medium) \(points) \(value.images.detectorScores[image].bitPattern)"
            }
            .sorted()
        comparisons = (0..<value.comparisons.count)
            .map { index in
                let (first, second) = (value.comparisons.first[index], value.comparisons.second[index])
                let ids = [first, second].map { value.templates.ids[Int($0)] }.sorted()
                return "\(ids) \(value.comparisons.labels[index])"
            }
            .sorted()
        subjects = value.templates.ids.indices.map { index in
            value.subjects.map { $0.names[Int($0.indices[index])] }
        }
    }
}
