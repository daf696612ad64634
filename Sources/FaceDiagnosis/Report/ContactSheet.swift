package import ArtifactFiles
package import FaceImaging

/// Aligned faces side by side with the places where the template wants eyes, nose and mouth, so that a wrong alignment
/// is seen at once.
package enum ContactSheet {
    private static let columns = 8
    private static let rows = 6
    private static let gap = 2
    private static let quality = 88
    private static let ink: [UInt8] = [0, 255, 80]
    private static let background: UInt8 = 40

    /// Draws a sheet.
    ///
    /// - Parameters:
    ///   - faces: Crops; those that failed are left out.
    ///   - template: The points to mark.
    /// - Returns: A JPEG file; nil without a crop.
    package static func jpeg(_ faces: AlignedFaces, template: FaceTemplate) throws(InputError) -> [UInt8]? {
        let shown = faces.isPresent.indices.filter { faces.isPresent[$0] }.prefix(columns * rows)
        guard !shown.isEmpty else { return nil }
        let lines = (shown.count + columns - 1) / columns
        let (cellWidth, cellHeight) = (faces.width + gap, faces.height + gap)
        let (width, height) = (columns * cellWidth + gap, lines * cellHeight + gap)
        var sheet = RGBImage(
            width: width,
            height: height,
            pixels: Array(repeating: background, count: width * height * 3)
        )
        let points = template.points(width: faces.width, height: faces.height).points
        for (place, face) in shown.enumerated() {
            let left = gap + place % columns * cellWidth
            let top = gap + place / columns * cellHeight
            let crop = Array(faces.crop(face))
            for y in 0..<faces.height {
                let start = ((top + y) * width + left) * 3
                sheet.pixels.replaceSubrange(
                    start..<start + faces.width * 3,
                    with: crop[y * faces.width * 3..<(y + 1) * faces.width * 3]
                )
            }
            for point in points {
                let (x, y) = (Int(point.x.rounded()), Int(point.y.rounded()))
                for (dx, dy) in [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]
                where (0..<faces.width).contains(x + dx) && (0..<faces.height).contains(y + dy) {
                    let start = ((top + y + dy) * width + left + x + dx) * 3
                    sheet.pixels.replaceSubrange(start..<start + 3, with: ink)
                }
            }
        }
        return try sheet.jpegData(quality: quality, chromaSubsampling: .none444)
    }
}
