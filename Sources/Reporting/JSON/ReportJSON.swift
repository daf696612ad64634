public import ArtifactFiles
internal import Foundation

extension VerificationReport {
    /// The report as the text of `report.json`; the same report gives the same bytes.
    ///
    /// - Throws: `InputError` (`malformed`) when a number is NaN or infinite or numbers contradict each other: what
    ///   could not be read back is not written.
    public func jsonText() throws(InputError) -> String {
        try check()
        do {
            return try OrderedJSONEncoder.text(of: self)
        } catch EncodingError.invalidValue(let value, let context) {
            throw InputError(
                .malformed,
                "a report cannot hold the number \(value)",
                place: JSONPlace.text(context.codingPath)
            )
        } catch {
            throw InputError(.malformed, "the report cannot be written as JSON: \(error)")
        }
    }

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
            let header = try decoder.decode(SchemaHeader.self, from: data)
            try header.check()
            self = try decoder.decode(VerificationReport.self, from: data)
            try check()
        } catch let error as InputError {
            throw file.map(error.inFile) ?? error
        } catch let error as DecodingError {
            let readable = JSONPlace.inputError(error)
            throw file.map(readable.inFile) ?? readable
        } catch {
            throw InputError(.malformed, "not a report: \(error)", file: file)
        }
    }

    /// Reads a `report.json`.
    ///
    /// - Throws: `InputError`: `missing`, `malformed` with the key, `limitExceeded` or `unsupported`.
    public init(path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        guard file.count <= Self.sizeLimit else {
            throw InputError(
                .limitExceeded,
                "the report is too large",
                file: path,
                expected: "at most \(Self.sizeLimit) bytes",
                found: "\(file.count)"
            )
        }
        try self.init(json: file.withBytes { Array($0) }, file: path)
    }

    /// The largest `report.json` that is read: a real one is below a megabyte.
    private static let sizeLimit = 64 << 20
}

/// The one key that every version writes.
private struct SchemaHeader: Decodable {
    var schema: Int

    func check() throws(InputError) {
        guard schema != VerificationReport.currentSchema else { return }
        let problem =
            schema > VerificationReport.currentSchema
            ? "written by a newer version: report schema \(schema) is not known here"
            : "report schema \(schema) was never released"
        throw InputError(
            .unsupported,
            problem,
            place: "key \"schema\"",
            expected: "\(VerificationReport.currentSchema)",
            found: "\(schema)"
        )
    }
}

/// Where in a JSON text something is.
enum JSONPlace {
    static func text(_ path: [any CodingKey]) -> String? {
        guard !path.isEmpty else { return nil }
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return "key \"\(text)\""
    }

    static func inputError(_ error: DecodingError) -> InputError {
        switch error {
        case .keyNotFound(let key, let context):
            InputError(.missing, "the key is missing", place: text(context.codingPath + [key]))
        case .typeMismatch(let type, let context):
            InputError(
                .malformed,
                "wrong type",
                place: text(context.codingPath),
                expected: "\(type)"
            )
        case .valueNotFound(let type, let context):
            InputError(
                .malformed,
                "no value",
                place: text(context.codingPath),
                expected: "\(type)",
                found: "null"
            )
        case .dataCorrupted(let context):
            InputError(.malformed, "not valid JSON: \(context.debugDescription)", place: text(context.codingPath))
        @unknown default: InputError(.malformed, "cannot be read: \(error)")
        }
    }
}
