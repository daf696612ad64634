extension RGBImage {
    /// The picture as it is meant to be seen.
    ///
    /// - Parameter orientation: EXIF's value 1…8 for the pixels as stored: 1 upright, 2 mirrored, 3 upside down,
    ///   4 flipped, 5 transposed, 6 to be turned right, 7 transverse, 8 to be turned left. Others count as 1.
    /// - Returns: The upright picture.
    public func upright(from orientation: Int) -> RGBImage {
        guard (2...8).contains(orientation) else { return self }
        let isTransposed = orientation >= 5
        let (newWidth, newHeight) = isTransposed ? (height, width) : (width, height)
        // Walks the new picture; where its first pixel is in the old one, and how far apart its neighbours are.
        let isFromRight = [2, 3, 7, 8].contains(orientation)
        let isFromBottom = [3, 4, 6, 7].contains(orientation)
        let along = (x: isFromRight ? -3 : 3, y: (isFromBottom ? -3 : 3) * width)
        let start = (isFromRight ? (width - 1) * 3 : 0) + (isFromBottom ? (height - 1) * width * 3 : 0)
        let (stepX, stepY) = isTransposed ? (along.y, along.x) : (along.x, along.y)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
            var written = 0
            pixels.withUnsafeBufferPointer { old in
                for y in 0..<newHeight {
                    var from = start + y * stepY
                    for _ in 0..<newWidth {
                        for channel in 0..<3 { out[written + channel] = old[from + channel] }
                        written += 3
                        from += stepX
                    }
                }
            }
            count = written
        }
        return RGBImage(width: newWidth, height: newHeight, pixels: turned)
    }
}
