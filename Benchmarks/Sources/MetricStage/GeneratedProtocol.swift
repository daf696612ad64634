import Foundation

/// Counts of a generated protocol; scale 1 is IJB-C.
struct GeneratedSize {
    var images: Int
    var enrolled: Int
    var verification: Int
    var comparisons: Int
    var genuine: Int

    init(scale: Double) {
        images = Int(469_375 * scale)
        enrolled = max(2, Int(3_531 * scale.squareRoot()))
        verification = max(2, Int(19_593 * scale.squareRoot()))
        comparisons = Int(15_658_489 * scale)
        genuine = Int(19_557 * scale.squareRoot())
    }
}

/// Meta files in the IJB-C layout: templates of enrolled subjects first, comparisons ordered by the enrolled template.
struct GeneratedProtocol {
    let size: GeneratedSize

    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder + "/meta", withIntermediateDirectories: true)
        var media = ""
        var points = ""
        let templates = size.enrolled + size.verification
        for image in 0..<size.images {
            let template = image < templates ? image : (image &* 2_654_435_761 >> 7) % templates
            media += "\(image + 1).jpg \(template) \(template * 40 + (image >> 3) % 5)\n"
            points += "\(image + 1).jpg 38.29 51.69 73.53 51.50 56.02 71.73 41.54 92.36 70.72 92.20 0.99\n"
        }
        try media.write(toFile: folder + "/meta/ijbc_face_tid_mid.txt", atomically: true, encoding: .utf8)
        try points.write(toFile: folder + "/meta/ijbc_name_5pts_score.txt", atomically: true, encoding: .utf8)
        try comparisons().write(to: URL(fileURLWithPath: folder + "/meta/ijbc_template_pair_label.txt"))
    }

    /// Verification template v belongs to enrolled subject v mod enrolled; each row takes every n-th of the others.
    private func comparisons() -> Data {
        var data = Data(capacity: size.comparisons * 15)
        let impostors = size.comparisons - size.genuine
        var written = (genuine: 0, impostor: 0)
        for row in 0..<size.enrolled {
            let quota = impostors * (row + 1) / size.enrolled - written.impostor
            var taken = 0
            for column in 0..<size.verification {
                let isGenuine = column % size.enrolled == row
                if isGenuine ? written.genuine >= size.genuine : taken >= quota { continue }
                if isGenuine { written.genuine += 1 } else { taken += 1 }
                data.append(contentsOf: "\(row) \(size.enrolled + column) \(isGenuine ? 1 : 0)\n".utf8)
            }
            written.impostor += taken
        }
        return data
    }
}
