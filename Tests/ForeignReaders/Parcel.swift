/// Several files in one input.
enum Parcel {
    /// Stands between two files.
    static let separator: [UInt8] = Array("\0|next|\0".utf8)

    /// One input of several files.
    static func join(_ files: [[UInt8]]) -> [UInt8] { Array(files.joined(separator: separator)) }

    /// The files; those that are missing are empty.
    static func split(_ bytes: [UInt8], into count: Int) -> [[UInt8]] {
        var files: [[UInt8]] = []
        var start = 0
        var place = 0
        while place + separator.count <= bytes.count, files.count < count - 1 {
            if bytes[place] == 0, bytes[place..<place + separator.count].elementsEqual(separator) {
                files.append(Array(bytes[start..<place]))
                place += separator.count
                start = place
            } else {
                place += 1
            }
        }
        files.append(Array(bytes[start...]))
        return files + Array(repeating: [], count: count - files.count)
    }
}
