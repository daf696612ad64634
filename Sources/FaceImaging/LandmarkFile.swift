package import ArtifactFiles

/// Landmarks of many pictures: lines of `path x1 y1 … x5 y5 [score]`, or of 68 points; as IJB's `…_5pts_score.txt`.
///
/// Fields are separated by blanks or tabs; a path holds none.
package enum LandmarkFile {
    /// Reads a file.
    ///
    /// - Returns: Path → points.
    /// - Throws: ``InputError`` that names the line: not enough numbers, no number, a path that occurs twice.
    package static func read(_ path: String) throws(InputError) -> [String: FaceLandmarks] {
        let file = try MappedFile(path: path)
        return try file.withBytes { bytes throws(InputError) in
            var found: [String: FaceLandmarks] = [:]
            var number = 0
            let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
            for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                number += 1
                let fields = line.split { $0 == 32 || $0 == 9 || $0 == 13 }
                if fields.isEmpty { continue }
                do throws(InputError) {
                    let (name, points) = try parse(fields)
                    guard found.updateValue(points, forKey: name) == nil else {
                        throw InputError(.malformed, "a second line for this picture", found: name)
                    }
                } catch {
                    var located = error.inFile(path)
                    located.place = "line \(number)"
                    throw located
                }
            }
            return found
        }
    }

    private static func parse(
        _ fields: [Slice<UnsafeRawBufferPointer>]
    ) throws(InputError) -> (name: String, points: FaceLandmarks) {
        // A score follows the coordinates or not: their number is even.
        for (count, score) in [(10, 1), (136, 1), (10, 0), (136, 0)] where fields.count == 1 + count + score {
            var numbers: [Double] = []
            for field in fields[1...] { numbers.append(try number(field)) }
            let name = String(decoding: fields[0], as: UTF8.self)
            return (name, try FaceLandmarks(coordinates: Array(numbers.prefix(count))))
        }
        throw InputError(
            .malformed,
            "not a line of landmarks",
            expected: "a path, 10 or 136 coordinates, and maybe a score",
            found: "\(fields.count) fields"
        )
    }

    private static func number(_ field: Slice<UnsafeRawBufferPointer>) throws(InputError) -> Double {
        let text = String(decoding: field, as: UTF8.self)
        // A byte of zero would end the number for the parser.
        guard !field.contains(0), let value = Double(text), value.isFinite else {
            throw InputError(.malformed, "not a finite number", found: "'\(text)'")
        }
        return value
    }
}
