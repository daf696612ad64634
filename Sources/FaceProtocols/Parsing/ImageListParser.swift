/// Lines `image template medium` of an image list.
package struct ImageList {
    /// Where each row's image name lies in the file.
    package private(set) var names: [Range<Int>] = []
    /// The image names.
    package private(set) var paths: [String] = []
    package private(set) var templateIDs: [Int] = []
    package private(set) var mediumIDs: [Int] = []

    /// Reads all rows; a row with an error has the ids 0.
    package init(_ rows: TextRows, pathPolicy: PathPolicy, findings: inout FindingList) {
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        guard let base = rows.bytes.baseAddress else { return }
        while let line = reader.next() {
            let number = paths.count + 1
            var fields = RowFields(line)
            let count = fields.count()
            guard count == 3, let name = fields.next(), let template = fields.next(), let medium = fields.next(),
                let nameStart = name.baseAddress
            else {
                findings.addColumnCount(
                    count,
                    expected: "3 columns (image, template, medium)",
                    file: rows.file,
                    line: number
                )
                append(name: 0..<0, path: "", template: 0, medium: 0)
                continue
            }
            let start = nameStart - base
            append(
                name: start..<(start + name.count),
                path: Self.path(name, pathPolicy, file: rows.file, line: number, findings: &findings),
                template: findings.id(template, of: "template", file: rows.file, line: number) ?? 0,
                medium: findings.id(medium, of: "medium", file: rows.file, line: number) ?? 0
            )
        }
        findings.addCarriageReturns(reader.carriageReturnCount, of: paths.count, file: rows.file)
    }

    private mutating func append(name: Range<Int>, path: String, template: Int, medium: Int) {
        names.append(name)
        paths.append(path)
        templateIDs.append(template)
        mediumIDs.append(medium)
    }

    private static func path(
        _ name: UnsafeBufferPointer<UInt8>,
        _ policy: PathPolicy,
        file: String,
        line: Int,
        findings: inout FindingList
    ) -> String {
        guard let path = String(validating: name, as: UTF8.self) else {
            findings.add(.notUTF8, file: file, line: line, "the image name is not UTF-8", found: name.quoted)
            return ""
        }
        if let problem = policy.problem(of: path) {
            findings.add(
                .unsafePath,
                file: file,
                line: line,
                problem,
                expected: "a plain path inside the image folder",
                found: name.quoted
            )
        }
        return path
    }
}
