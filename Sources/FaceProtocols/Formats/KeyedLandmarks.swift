internal import ArtifactFiles
internal import FaceImaging

extension FaceImages {
    /// Faces that are templates and media of their own, with the landmarks of a file whose lines may stand in any order:
    /// image, 5 or 68 points, score; or CSV or JSON of a face detector (``LandmarkFile``).
    ///
    /// An image without a line has NaN, and so fails with a finding. Without a file the faces are aligned already; where it
    /// has errors, the findings say so.
    ///
    /// - Parameter setting: The setting that may name the file.
    init(
        _ paths: [String],
        landmarksBy setting: String,
        of source: ProtocolSource,
        findings: inout FindingList
    ) throws(InputError) {
        self.init(aligned: paths)
        guard let file = source.optionalSetting(setting) else { return }
        let mapped = try source.open(file)
        let detected = try mapped.withBytes { bytes throws(InputError) in
            LandmarkFile.isStructured(bytes) ? try LandmarkFile(bytes, file: file) : nil
        }
        if let detected {
            self.init(
                paths: paths,
                templates: templates,
                media: media,
                landmarksPerFace: 5,
                landmarks: paths.flatMap { path in
                    (try? detected.face(of: path))?.points.flatMap { [Float($0.x), Float($0.y)] }
                        ?? [Float](repeating: .nan, count: 10)
                },
                detectorScores: detectorScores,
                hasDetectorScores: false
            )
            return
        }
        let stated = mapped.withBytes { bytes in
            TextRows(bytes, file: file, findings: &findings)
                .flatMap { Self.stated(paths, $0, workers: source.options.workers, findings: &findings) }
        }
        if let stated { self.init(paths: paths, templates: templates, media: media, stated: stated) }
    }

    /// The landmarks of images in the given order.
    private static func stated(
        _ paths: [String],
        _ rows: TextRows,
        workers: Int,
        findings: inout FindingList
    ) -> LandmarkParser.Outcome? {
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        var names: [String] = []
        while let line = reader.next() {
            var fields = RowFields(line)
            guard let field = fields.next() else {
                findings.addColumnCount(0, expected: "12 or 138 columns", at: rows.place(names.count))
                return nil
            }
            guard let name = String(validating: field, as: UTF8.self) else {
                findings.add(.notUTF8, at: rows.place(names.count), "the image name is not UTF-8")
                return nil
            }
            names.append(name)
        }
        guard let read = LandmarkParser(rows: rows, order: nil, workers: workers).parse(findings: &findings) else {
            return nil
        }
        var rowOfName: [String: Int] = [:]
        for (row, name) in names.enumerated() where rowOfName.updateValue(row, forKey: name) != nil {
            findings.add(.imageOrder, at: rows.place(row), "a second line for one image", found: "'\(name)'")
        }
        let size = read.landmarksPerFace * 2
        var landmarks: [Float] = []
        landmarks.reserveCapacity(paths.count * size)
        var scores: [Float] = []
        for path in paths {
            if let row = rowOfName[path] {
                landmarks += read.landmarks[row * size..<(row + 1) * size]
                scores.append(read.detectorScores[row])
            } else {
                landmarks += [Float](repeating: .nan, count: size)
                scores.append(1)
            }
        }
        return LandmarkParser.Outcome(
            landmarksPerFace: read.landmarksPerFace,
            landmarks: landmarks,
            detectorScores: scores
        )
    }
}
