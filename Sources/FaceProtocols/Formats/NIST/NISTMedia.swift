/// Which images are frames of one video.
struct NISTMedia {
    /// How they are told.
    enum Rule: String, CaseIterable {
        /// SIGHTING_ID where every file has it, or else the file names.
        case auto
        /// SIGHTING_ID.
        case sighting
        /// `frames/<video>_<n>.<ext>`.
        case filename

        static let known = allCases.map(\.rawValue)
    }

    let rule: Rule

    /// Each row's medium.
    ///
    /// - Returns: nil, with a finding, when SIGHTING_ID is asked for and absent.
    func ids(of table: NISTTemplateTable, findings: inout FindingList) -> [Int]? {
        let missing = table.sightings.firstIndex(of: nil)
        if rule == .sighting, let missing {
            let place = table.origins.place(ofImage: missing)
            findings.add(.badHeader, file: place.file, line: 1, "no column SIGHTING_ID", expected: "SIGHTING_ID")
            return nil
        }
        if rule != .filename, missing == nil { return table.sightings.compactMap { $0 } }
        var numbers: [Substring: Int] = [:]
        var frames = 0
        let ids = table.paths.map { path in
            let video = Self.video(of: path)
            if video != nil { frames += 1 }
            let key = video ?? path[...]
            let number = numbers[key] ?? numbers.count
            numbers[key] = number
            return number
        }
        findings.add(
            .derivedMedia,
            file: nil,
            "media by file name: \(frames) images are frames (frames/<video>_<n>) and \(ids.count - frames) are stills"
        )
        return ids
    }

    /// `frames/123` of `frames/123_00045.jpg`; nil for a still.
    static func video(of path: String) -> Substring? {
        guard path.hasPrefix("frames/") || path.contains("/frames/") else { return nil }
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let underscore = path[name...].lastIndex(of: "_"), underscore > name else { return nil }
        return path[..<underscore]
    }
}
