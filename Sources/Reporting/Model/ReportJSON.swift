public import ArtifactFiles
internal import Foundation
internal import VerificationMetrics

/// The JSON of every command: keys sorted, numbers in the shortest decimal that reads back as the same number.
package enum JSONText {
    /// The text, with a line feed at its end; the same value gives the same bytes.
    ///
    /// - Parameters:
    ///   - value: What is written.
    ///   - allowsNonFinite: Whether NaN and infinities are written as texts; otherwise they are an error.
    package static func of(_ value: some Encodable, allowsNonFinite: Bool = false) throws(InputError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        if allowsNonFinite {
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf",
                negativeInfinity: "-inf",
                nan: "nan"
            )
        }
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch EncodingError.invalidValue(let value, let context) {
            throw InputError(.malformed, "JSON cannot hold the number \(value)", place: place(context.codingPath))
        } catch {
            throw InputError(.malformed, "cannot be written as JSON: \(error)")
        }
    }

    fileprivate static func error(_ error: DecodingError) -> InputError {
        switch error {
        case .keyNotFound(let key, let context):
            InputError(.missing, "the key is missing", place: place(context.codingPath + [key]))
        case .typeMismatch(let type, let context):
            InputError(.malformed, "wrong type", place: place(context.codingPath), expected: "\(type)")
        case .valueNotFound(let type, let context):
            InputError(.malformed, "no value", place: place(context.codingPath), expected: "\(type)", found: "null")
        case .dataCorrupted(let context):
            InputError(.malformed, "not valid: \(context.debugDescription)", place: place(context.codingPath))
        @unknown default: InputError(.malformed, "cannot be read: \(error)")
        }
    }

    private static func place(_ path: [any CodingKey]) -> String? {
        let text = path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
        return text.isEmpty ? nil : "key \"\(text.hasPrefix(".") ? String(text.dropFirst()) : text)\""
    }
}

extension VerificationReport {
    /// The text of `report.json`.
    ///
    /// - Throws: `InputError` (`malformed`) when a number is NaN or infinite.
    public func jsonText() throws(InputError) -> String { try JSONText.of(self) }

    /// Reads the text of a `report.json`.
    ///
    /// The schema number is checked first: a file of another layout is refused by name, never misread. Keys that this
    /// version does not know are skipped, since a schema may grow by keys.
    ///
    /// - Parameters:
    ///   - json: The text.
    ///   - file: What messages call it.
    /// - Throws: `InputError`: `malformed` with the key, `missing` or `unsupported`.
    public init(json: [UInt8], file: String? = nil) throws(InputError) {
        do {
            let data = Data(json)
            let decoder = JSONDecoder()
            try decoder.decode(SchemaHeader.self, from: data).check()
            self = try decoder.decode(VerificationReport.self, from: data)
            try check()
        } catch {
            let readable = (error as? DecodingError).map(JSONText.error)
            let problem = readable ?? error as? InputError ?? InputError(.malformed, "not a report: \(error)")
            throw file.map(problem.inFile) ?? problem
        }
    }

    /// Reads a `report.json`.
    ///
    /// - Throws: `InputError`: `missing`, `malformed` with the key, `limitExceeded` or `unsupported`.
    public init(path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        // A real one is of a few megabytes.
        let limit = 64 << 20
        guard file.count <= limit else {
            throw InputError(
                .limitExceeded,
                "the report is too large",
                file: path,
                expected: "at most \(limit) bytes",
                found: "\(file.count)"
            )
        }
        try self.init(json: file.withBytes { Array($0) }, file: path)
    }
}

/// The one key that every version writes.
private struct SchemaHeader: Decodable {
    var schema: Int

    func check() throws(InputError) {
        let known = VerificationReport.currentSchema
        guard schema != known else { return }
        throw InputError(
            .unsupported,
            schema > known
                ? "written by a newer version: report schema \(schema) is not known here"
                : "report schema \(schema) was never released",
            place: "key \"schema\"",
            expected: "\(known)",
            found: "\(schema)"
        )
    }
}

// MARK: What a report made elsewhere must hold before anything is drawn from it

extension VerificationReport {
    private func check() throws(InputError) {
        let counts = self.protocol
        // Beyond 2⁵³ counts could neither be added nor turned into rates.
        try require((0...1 << 53).contains(counts.genuine), "protocol.genuine", "a count negative or beyond all bounds")
        try require(
            (0...1 << 53).contains(counts.impostor),
            "protocol.impostor",
            "a count negative or beyond all bounds"
        )
        for point in verification.operatingPoints + (modes ?? []).flatMap(\.operatingPoints) {
            try check(point)
        }
        for interval in intervals {
            let isInterval = isRate(interval.low) && isRate(interval.high) && interval.low <= interval.high
            try require(isInterval && interval.level > 0 && interval.level < 1, "interval", "not an interval of a rate")
        }
        if let curve = curves.roc.value {
            let lists = [(curve.acceptedImpostors, counts.impostor), (curve.acceptedGenuine, counts.genuine)]
            try require(
                lists.allSatisfy { $0.0.count == curve.thresholds.count },
                "curves.roc",
                "lists differ in length"
            )
            let rises = lists.allSatisfy { list, most in
                zip([0] + list, list + [most]).allSatisfy { $0 <= $1 }
            }
            try require(rises, "curves.roc", "counts fall, or exceed those of the protocol")
        }
        if let histogram = curves.histogram.value {
            let fits = [(histogram.genuine, counts.genuine), (histogram.impostor, counts.impostor)]
                .allSatisfy { bins, most in
                    // Hostile counts could overflow an integer's sum.
                    !bins.isEmpty && bins.allSatisfy { (0...most).contains($0) }
                        && bins.reduce(0) { $0 + Double($1) } <= Double(most)
                }
            let areEqual = histogram.genuine.count == histogram.impostor.count && histogram.low < histogram.high
            try require(fits && areEqual, "curves.histogram", "the bins do not fit together")
        }
        for gallery in identification?.galleries ?? [] {
            let rates = gallery.cmc + (gallery.dir.value ?? []).flatMap { [$0.fpir, $0.tpir] }
            let isFine = rates.allSatisfy(isRate) && gallery.cmc.count <= 1 << 20 && gallery.unmated >= 0
            try require(isFine, "identification.galleries", "a curve that cannot be")
        }
        for name in pictureNames where !Self.isPictureName(name) {
            throw InputError(
                .forbidden,
                "a picture must be a plain file name",
                place: "key \"picture\"",
                found: "'\(name)'"
            )
        }
    }

    private func check(_ point: AtFAR<ReportedPoint>) throws(InputError) {
        let counts = self.protocol
        try require(isRate(point.farTarget) && point.farTarget > 0, "farTarget", "a FAR target is in (0, 1]")
        guard let measured = point.outcome.value else { return }
        let isCounted =
            (0...counts.genuine).contains(measured.acceptedGenuine) && measured.allowedImpostors >= 0
            && (0...counts.impostor).contains(measured.acceptedImpostors)
        try require(isCounted, "operatingPoints", "more comparisons are accepted than there are")
        // The denominators are the protocol's counts: a rate that contradicts them was counted over something else.
        let genuine = measured.tar * Double(counts.genuine) - Double(measured.acceptedGenuine)
        let impostors = measured.far * Double(counts.impostor) - Double(measured.acceptedImpostors)
        let agree = isRate(measured.tar) && isRate(measured.far) && abs(genuine) < 0.01 && abs(impostors) < 0.01
        try require(agree, "operatingPoints", "rates and counts contradict each other")
    }

    private var intervals: [Interval] {
        let points = verification.operatingPoints + (modes ?? []).flatMap(\.operatingPoints)
        let thresholds = (verification.thresholds ?? []).flatMap { [$0.fmr, $0.fnmr, $0.far, $0.frr] }
        return points.compactMap { $0.outcome.value?.interval.value }
            + [verification.eerInterval, verification.aucInterval].compactMap { $0?.value }
            + thresholds.compactMap { $0.value?.interval.value }
    }

    private func isRate(_ value: Double) -> Bool { value >= 0 && value <= 1 }

    private func require(_ holds: Bool, _ key: String, _ problem: String) throws(InputError) {
        guard !holds else { return }
        throw InputError(.malformed, problem, place: "key \"\(key)\"")
    }

    /// Letters, digits, `-`, `_` and dots inside: nothing that could lead out of the folder.
    static func isPictureName(_ name: String) -> Bool {
        name.wholeMatch(of: /[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}/.asciiOnlyCharacterClasses()) != nil
    }
}
