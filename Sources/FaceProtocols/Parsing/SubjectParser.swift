/// A CSV file `template,subject` with that header.
struct SubjectParser {
    let rows: TextRows

    /// Reads all rows.
    ///
    /// - Parameters:
    ///   - templates: The templates of the protocol.
    ///   - findings: Receives what is wrong.
    /// - Returns: Each template's subject; nil where the file has none.
    func parse(templates: Templates, findings: inout FindingList) -> [String?] {
        var subjects = [String?](repeating: nil, count: templates.count)
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        let header = reader.next()
        guard let header, header.elementsEqual("template,subject".utf8) else {
            findings.add(
                .badHeader,
                file: rows.file,
                line: 1,
                "wrong header",
                expected: "'template,subject'",
                found: header?.quoted ?? "an empty file"
            )
            return subjects
        }
        var number = 1
        while let line = reader.next() {
            number += 1
            guard let (id, subject) = row(line, number, &findings) else { continue }
            guard let template = templates.index(of: id) else {
                findings.add(
                    .subjectOfUnknownTemplate,
                    file: rows.file,
                    line: number,
                    "template \(id) has no image; its subject is ignored"
                )
                continue
            }
            add(subject, to: template, id, number, &subjects, &findings)
        }
        findings.addCarriageReturns(reader.carriageReturnCount, of: number, file: rows.file)
        return subjects
    }

    private func row(
        _ line: UnsafeBufferPointer<UInt8>,
        _ number: Int,
        _ findings: inout FindingList
    ) -> (template: Int, subject: String)? {
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        let isBlank = line.allSatisfy(TextRows.isSeparator)
        guard fields.count == 2, !fields[1].isEmpty, !line.contains(UInt8(ascii: "\"")) else {
            findings.addColumnCount(
                isBlank ? 0 : fields.count,
                expected: "2 columns (template, subject) without quotation marks",
                file: rows.file,
                line: number
            )
            return nil
        }
        guard let subject = String(validating: fields[1], as: UTF8.self) else {
            findings.add(.notUTF8, file: rows.file, line: number, "the subject is not UTF-8", found: line.quoted)
            return nil
        }
        let field = UnsafeBufferPointer(rebasing: fields[0])
        return findings.id(field, of: "template", file: rows.file, line: number).map { ($0, subject) }
    }

    private func add(
        _ subject: String,
        to template: Int,
        _ id: Int,
        _ number: Int,
        _ subjects: inout [String?],
        _ findings: inout FindingList
    ) {
        if let earlier = subjects[template] {
            if earlier == subject {
                findings.add(.duplicateSubject, file: rows.file, line: number, "template \(id) is listed twice")
            } else {
                findings.add(
                    .subjectDisagreement,
                    file: rows.file,
                    line: number,
                    "template \(id) has two subjects",
                    expected: "'\(earlier)'",
                    found: "'\(subject)'"
                )
            }
        }
        subjects[template] = subject
    }
}
