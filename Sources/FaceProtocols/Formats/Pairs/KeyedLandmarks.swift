internal import ArtifactFiles
internal import FaceImaging

/// A file of landmarks whose lines may stand in any order: image, 5 or 68 points, score; or CSV or JSON of a face
/// detector (``LandmarkFile``).
enum KeyedLandmarks {
    case lines(LandmarkParser.Outcome, rowOfName: [String: Int])
    case detector(LandmarkFile)

    /// Reads a file.
    ///
    /// - Returns: nil, with a finding, when it has errors.
    init?(_ source: ProtocolSource, setting: String, findings: inout FindingList) throws(InputError) {
        guard let file = source.optionalSetting(setting) else { return nil }
        let mapped = try source.open(file)
        let detected = try mapped.withBytes { bytes throws(InputError) in
            LandmarkFile.isStructured(bytes) ? try LandmarkFile(bytes, file: file) : nil
        }
        if let detected {
            self = .detector(detected)
            return
        }
        let workers = source.options.workers
        let parsed = mapped.withBytes { bytes -> (LandmarkParser.Outcome, [String: Int])? in
            guard let rows = TextRows(bytes, file: file, findings: &findings),
                let names = Self.names(rows, &findings)
            else { return nil }
            let ranges = names.map(\.range)
            let parser = LandmarkParser(
                rows: rows,
                listBytes: rows.bytes,
                listNames: ranges,
                listFile: file,
                workers: workers
            )
            guard let outcome = parser.parse(findings: &findings) else { return nil }
            var rowOfName: [String: Int] = [:]
            for (row, name) in names.enumerated() {
                if rowOfName.updateValue(row, forKey: name.text) != nil {
                    findings.add(
                        .imageOrder,
                        file: file,
                        line: row + 1,
                        "a second line for one image",
                        found: "'\(name.text)'"
                    )
                }
            }
            return (outcome, rowOfName)
        }
        guard let parsed else { return nil }
        self = .lines(parsed.0, rowOfName: parsed.1)
    }

    private static func names(_ rows: TextRows, _ findings: inout FindingList) -> [(range: Range<Int>, text: String)]? {
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        var names: [(range: Range<Int>, text: String)] = []
        guard let base = rows.bytes.baseAddress else { return [] }
        while let line = reader.next() {
            var fields = RowFields(line)
            guard let name = fields.next(), let start = name.baseAddress else {
                findings.addColumnCount(0, expected: "12 or 138 columns", file: rows.file, line: names.count + 1)
                return nil
            }
            guard let text = String(validating: name, as: UTF8.self) else {
                findings.add(.notUTF8, file: rows.file, line: names.count + 1, "the image name is not UTF-8")
                return nil
            }
            names.append((start - base..<start - base + name.count, text))
        }
        return names
    }

    /// The faces of images in the given order; one without a line has NaN, and so fails with a finding.
    func images(_ paths: [String]) -> FaceImages {
        switch self {
        case .lines(let outcome, let rowOfName): Self.images(paths, outcome, rowOfName)
        case .detector(let file): Self.images(paths, file)
        }
    }

    private static func images(_ paths: [String], _ file: LandmarkFile) -> FaceImages {
        let landmarks = paths.flatMap { path in
            (try? file.face(of: path))?.points.flatMap { [Float($0.x), Float($0.y)] }
                ?? [Float](repeating: .nan, count: 10)
        }
        let indices = paths.indices.map { UInt32($0) }
        return FaceImages(
            paths: paths,
            templates: indices,
            media: indices,
            landmarksPerFace: 5,
            landmarks: landmarks,
            detectorScores: [Float](repeating: 1, count: paths.count),
            hasDetectorScores: false
        )
    }

    private static func images(
        _ paths: [String],
        _ outcome: LandmarkParser.Outcome,
        _ rowOfName: [String: Int]
    ) -> FaceImages {
        let size = outcome.landmarksPerFace * 2
        var landmarks: [Float] = []
        landmarks.reserveCapacity(paths.count * size)
        var scores: [Float] = []
        for path in paths {
            if let row = rowOfName[path] {
                landmarks += outcome.landmarks[row * size..<(row + 1) * size]
                scores.append(outcome.detectorScores[row])
            } else {
                landmarks += [Float](repeating: .nan, count: size)
                scores.append(1)
            }
        }
        let indices = paths.indices.map { UInt32($0) }
        return FaceImages(
            paths: paths,
            templates: indices,
            media: indices,
            landmarksPerFace: outcome.landmarksPerFace,
            landmarks: landmarks,
            detectorScores: scores,
            hasDetectorScores: true
        )
    }
}
