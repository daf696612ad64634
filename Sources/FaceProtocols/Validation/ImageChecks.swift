/// Checks of the rows of images that need no image.
struct ImageChecks {
    let value: VerificationProtocol
    let origins: ProtocolOrigins

    func run(_ findings: inout FindingList) {
        checkDuplicates(&findings)
        checkDefects(&findings)
        checkScores(&findings)
        checkLandmarkOrder(&findings)
        checkMedia(&findings)
    }

    private func checkDuplicates(_ findings: inout FindingList) {
        guard value.images.container == nil else { return }
        let paths = names
        // The set alone is the common case; the lines of first occurrences are looked for when there is something to say.
        guard Set(paths).count < paths.count else { return }
        var first: [String: Int] = [:]
        for (image, path) in paths.enumerated() {
            guard let earlier = first[path] else {
                first[path] = image
                continue
            }
            let (here, there) = (origins.place(ofImage: image), origins.place(ofImage: earlier))
            let other = here.file == there.file ? "" : " of \(there.file ?? "another file")"
            let line = there.line.map { "\($0)" } ?? "?"
            findings.add(
                .duplicateImage,
                at: here,
                "the image '\(value.images.paths[image])' is also in line \(line)\(other)"
            )
        }
    }

    /// What tells rows apart: the image, and the template too where photographs with several faces are the rule.
    private var names: [String] {
        guard origins.sharesImages else { return value.images.paths }
        return zip(value.images.paths, value.images.templates).map { "\($0) \($1)" }
    }

    private func checkDefects(_ findings: inout FindingList) {
        for image in 0..<value.images.count {
            guard let defect = value.images.defect(of: image) else { continue }
            let place = origins.place(ofImage: image)
            let (kind, problem): (ProtocolFinding.Kind, String) =
                switch defect {
                case .nonFiniteLandmark: (.nonFiniteLandmark, "a landmark is not finite")
                case .coincidentLandmarks: (.coincidentLandmarks, "all landmarks lie in one point")
                case .nonFiniteDetectorScore: (.nonFiniteDetectorScore, "the detector score is not finite")
                case .noFaceBox: (.noFaceBox, "there are neither landmarks nor a face box with an area")
                }
            findings.add(
                kind,
                at: .init(origins.landmarks ?? place.file, place.line),
                "\(problem); the image '\(value.images.paths[image])' counts as failed"
            )
        }
    }

    private func checkScores(_ findings: inout FindingList) {
        guard value.images.hasDetectorScores else { return }
        for (image, score) in value.images.detectorScores.enumerated() where score.isFinite && !(0...1 ~= score) {
            findings.add(
                .detectorScoreRange,
                at: .init(origins.landmarks, origins.firstImageLine + image),
                "the detector score is no confidence",
                expected: "0 to 1",
                found: "\(score)"
            )
        }
    }

    /// Counts faces whose eyes are exchanged or whose mouth is above the eyes; a few are turned faces, most are a
    /// mistake in the order of the points or of x and y.
    private func checkLandmarkOrder(_ findings: inout FindingList) {
        let images = value.images
        guard images.landmarksPerFace == 5, images.count > 0 else { return }
        var exchanged = 0
        var inverted = 0
        images.landmarks.withUnsafeBufferPointer { points in
            for start in stride(from: 0, to: points.count, by: 10) {
                if points[start] > points[start + 2] { exchanged += 1 }
                if points[start + 1] + points[start + 3] > points[start + 7] + points[start + 9] { inverted += 1 }
            }
        }
        for (count, problem) in [
            (exchanged, "the left eye is right of the right eye"), (inverted, "the mouth is above the eyes"),
        ] where count * 2 > images.count {
            findings.add(
                .landmarkOrder,
                at: .init(origins.landmarks),
                "in \(count) of \(images.count) faces \(problem)",
                expected: "left eye, right eye, nose, left and right corner of the mouth, x before y"
            )
        }
    }

    private func checkMedia(_ findings: inout FindingList) {
        guard value.templates.count > 1 else { return }
        if value.mediumIDs.count == 1 {
            findings.add(
                .singleMedium,
                at: .init(origins.images),
                "all images carry the medium \(value.mediumIDs[0]), as if they were one video"
            )
            return
        }
        let shared = Self.sharedCount(value, groups: (0..<UInt32(value.templates.count)).map { $0 })
        if shared > 0 {
            findings.add(
                .sharedMedium,
                at: .init(origins.images),
                "media that occur in more than one template: \(shared)"
            )
        }
        guard let subjects = value.subjects else { return }
        let foreign = Self.sharedCount(value, groups: subjects.indices)
        if foreign > 0 {
            findings.add(
                .mediumOfSeveralSubjects,
                at: .init(origins.images),
                "media that occur in templates of more than one subject: \(foreign)"
            )
        }
    }

    /// How many media have images in templates of different groups.
    private static func sharedCount(_ value: VerificationProtocol, groups: [UInt32]) -> Int {
        let unseen = UInt32.max - 1
        var groupOfMedium = [UInt32](repeating: unseen, count: value.mediumIDs.count)
        var isShared = [Bool](repeating: false, count: value.mediumIDs.count)
        for (template, medium) in zip(value.images.templates, value.images.media) {
            let group = groups[Int(template)]
            if groupOfMedium[Int(medium)] == unseen {
                groupOfMedium[Int(medium)] = group
            } else if groupOfMedium[Int(medium)] != group {
                isShared[Int(medium)] = true
            }
        }
        return isShared.count { $0 }
    }
}
