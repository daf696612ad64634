internal import ArtifactFiles
internal import Foundation

/// Landmarks as programs write them in JSON.
///
/// The document is an object of paths, a list of records with a path (or an object that holds one), or an object per line.
/// A path's value or a record holds one face, or a list or object (`face_1`, …) of just one:
/// - points by name (`left_eye`, `nose`, `mouth_right`, …), under `landmarks` (RetinaFace) or `keypoints` (MTCNN);
/// - five or 68 points or their coordinates in order, under `kps` (InsightFace), `landmarks` and the like; also as
///   one list of x and one of y;
/// - MediaPipe's 468 or 478 points, of which the eyes' corners are averaged. They are shares of the image's sides; the
///   record says `width` and `height`. Share s of a side of n pixels is the position s·n − 1/2.
enum LandmarkJSON {
    /// A face without its path.
    private struct Face {
        var landmarks: FaceLandmarks
        var isNamed = false
    }

    /// Where an image's size stands.
    private typealias Size = (width: Double, height: Double)

    private static let pointKeys = [
        "landmarks", "keypoints", "kps", "landmark", "points", "landmark2d68", "landmark3d68", "facelandmarks",
    ]
    private static let listKeys = ["images", "records", "results", "annotations", "faces", "data"]
    private static let deepest = 6

    static func read(_ text: String) throws(InputError) -> [LandmarkFile.Entry] {
        if let document = parse(text) { return try entries(document) }
        // An object per line.
        var entries: [LandmarkFile.Entry] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            guard let record = parse(String(line)) as? [String: Any] else {
                var error = InputError(.malformed, "not JSON", found: "'\(line.prefix(60))'")
                error.place = "line \(index + 1)"
                throw error
            }
            if let entry = try entry(record, place: "line \(index + 1)") { entries.append(entry) }
        }
        return entries
    }

    private static func parse(_ text: String) -> Any? { try? JSONSerialization.jsonObject(with: Data(text.utf8)) }

    private static func entries(_ document: Any) throws(InputError) -> [LandmarkFile.Entry] {
        if let object = document as? [String: Any] {
            if path(of: object) != nil { return try entry(object, place: "the record").map { [$0] } ?? [] }
            let lists = listKeys.compactMap { object[$0] as? [[String: Any]] }
            if let list = lists.first(where: { $0.first.flatMap { path(of: $0) } != nil }) { return try records(list) }
            var entries: [LandmarkFile.Entry] = []
            for (path, value) in object.sorted(by: { $0.key < $1.key }) {
                let place = "'\(path.prefix(80))'"
                guard let face = try face(value, place: place) else { continue }
                entries.append(
                    LandmarkFile.Entry(path: path, face: face.landmarks, isNamed: face.isNamed, place: place)
                )
            }
            return entries
        }
        guard let list = document as? [[String: Any]] else {
            throw InputError(.malformed, "not a list of records", expected: "objects with a path and landmarks")
        }
        return try records(list)
    }

    private static func records(_ list: [[String: Any]]) throws(InputError) -> [LandmarkFile.Entry] {
        var entries: [LandmarkFile.Entry] = []
        for (index, record) in list.enumerated() {
            if let entry = try entry(record, place: "record \(index + 1)") { entries.append(entry) }
        }
        return entries
    }

    private static func entry(_ record: [String: Any], place: String) throws(InputError) -> LandmarkFile.Entry? {
        guard let path = path(of: record) else {
            var error = InputError(.malformed, "the record names no image", expected: "a key such as 'path' or 'file'")
            error.place = place
            throw error
        }
        guard let face = try face(record, place: place) else { return nil }
        return LandmarkFile.Entry(path: path, face: face.landmarks, isNamed: face.isNamed, place: place)
    }

    private static func path(of record: [String: Any]) -> String? {
        let keys = Dictionary(record.keys.map { (LandmarkNames.plain($0), $0) }, uniquingKeysWith: min)
        return LandmarkNames.paths.lazy.compactMap { keys[$0].flatMap { record[$0] as? String } }.first
    }

    /// The one face of a value; nil where a detector found none.
    private static func face(_ value: Any, place: String) throws(InputError) -> Face? {
        do throws(InputError) {
            let faces = try faces(value, size: nil, depth: 0)
            guard faces.count <= 1 else {
                throw InputError(
                    .malformed,
                    "several faces in one image",
                    expected: "the one that is meant: keep the largest, or the most central",
                    found: "\(faces.count)"
                )
            }
            return faces.first
        } catch {
            throw error.at(place)
        }
    }

    /// The faces of a value.
    private static func faces(_ value: Any, size: Size?, depth: Int) throws(InputError) -> [Face] {
        guard depth < deepest else { throw InputError(.malformed, "landmarks nested too deeply") }
        if value is NSNull { return [] }
        if let face = try points(value, size: size) { return [face] }
        if let object = value as? [String: Any] {
            let size = self.size(object) ?? size
            let keys = Dictionary(object.keys.map { (LandmarkNames.plain($0), $0) }, uniquingKeysWith: min)
            for key in pointKeys {
                if let inner = keys[key].flatMap({ object[$0] }) {
                    return try faces(inner, size: size, depth: depth + 1)
                }
            }
            let inner = object.sorted { $0.key < $1.key }.map(\.value)
                .filter { $0 is [String: Any] || $0 is [[String: Any]] }
            if inner.isEmpty { throw unknown(found: "keys \(object.keys.sorted().prefix(8).joined(separator: ", "))") }
            return try all(inner, size: size, depth: depth)
        }
        guard let list = value as? [Any] else { throw unknown(found: "\(type(of: value))") }
        // Lists of points are recognised above; one of numbers only is none that is known.
        guard list.allSatisfy({ !($0 is NSNumber) }) else { throw unknown(found: "\(list.count) numbers") }
        return try all(list, size: size, depth: depth)
    }

    private static func all(_ values: [Any], size: Size?, depth: Int) throws(InputError) -> [Face] {
        var faces: [Face] = []
        for value in values { faces += try self.faces(value, size: size, depth: depth + 1) }
        return faces
    }

    private static func unknown(found: String) -> InputError {
        InputError(
            .malformed,
            "no landmarks that are known",
            expected: "5 or 68 points, 468 or 478 of MediaPipe, or points called left_eye … mouth_right",
            found: found
        )
    }

    private static func size(_ record: [String: Any]) -> Size? {
        for (width, height) in [("width", "height"), ("image_width", "image_height"), ("img_width", "img_height")] {
            if let width = record[width] as? Double, let height = record[height] as? Double, width > 0, height > 0 {
                return (width, height)
            }
        }
        return nil
    }

    // MARK: Points

    /// One face's points; nil for what is not a face.
    private static func points(_ value: Any, size: Size?) throws(InputError) -> Face? {
        if let object = value as? [String: Any] {
            var named: [String: SIMD2<Double>] = [:]
            for (key, value) in object {
                if let name = LandmarkNames.name(LandmarkNames.plain(key)), let point = point(value) {
                    named[name] = point
                }
            }
            let points = LandmarkNames.points.compactMap { named[$0] }
            return points.count == 5 ? Face(landmarks: try landmarks(points, size), isNamed: true) : nil
        }
        guard let list = value as? [Any] else { return nil }
        if let numbers = list as? [Double], [10, 136].contains(numbers.count) {
            let points = stride(from: 0, to: numbers.count, by: 2).map { SIMD2(numbers[$0], numbers[$0 + 1]) }
            return Face(landmarks: try landmarks(points, size))
        }
        if let axes = list as? [[Double]], axes.count == 2, axes[0].count == axes[1].count,
            [5, 68].contains(axes[0].count)
        {
            return Face(landmarks: try landmarks(zip(axes[0], axes[1]).map { SIMD2($0, $1) }, size))
        }
        guard [5, 68, 468, 478].contains(list.count) else { return nil }
        let points = list.compactMap { point($0) }
        return points.count == list.count ? Face(landmarks: try landmarks(points, size)) : nil
    }

    /// `[x, y]`, `[x, y, z]` or `{"x": …, "y": …}`.
    private static func point(_ value: Any) -> SIMD2<Double>? {
        if let numbers = value as? [Double], (2...3).contains(numbers.count) { return SIMD2(numbers[0], numbers[1]) }
        guard let object = value as? [String: Any], let x = object["x"] as? Double, let y = object["y"] as? Double
        else {
            return nil
        }
        return SIMD2(x, y)
    }

    private static func landmarks(_ points: [SIMD2<Double>], _ size: Size?) throws(InputError) -> FaceLandmarks {
        var points = points
        guard points.allSatisfy({ Float($0.x).isFinite && Float($0.y).isFinite }) else {
            throw InputError(.malformed, "a landmark is not finite")
        }
        // A face of a pixel or two is none: these are shares of the image's sides.
        if points.allSatisfy({ abs($0.x) <= 2 && abs($0.y) <= 2 }) {
            guard let size else {
                throw InputError(
                    .missing,
                    "the landmarks are shares of the image's sides, and its size is not stated",
                    expected: "'width' and 'height' in the record, or coordinates in pixels"
                )
            }
            points = points.map { $0 * SIMD2(size.width, size.height) - 0.5 }
        }
        points = points.map { SIMD2(Double(Float($0.x)), Double(Float($0.y))) }
        if points.count > 68 {
            // The mesh of MediaPipe's Face Mesh and Face Landmarker (canonical_face_model.obj); left is the image's.
            points = [
                (points[33] + points[133]) / 2, (points[362] + points[263]) / 2, points[1], points[61], points[291],
            ]
        }
        return try FaceLandmarks(coordinates: points.flatMap { [$0.x, $0.y] })
    }
}
