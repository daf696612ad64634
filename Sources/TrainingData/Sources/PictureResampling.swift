internal import ArtifactFiles
internal import FaceImaging

/// Smooth resizing, as Pillow's `resize` with `BILINEAR`: a triangle filter that widens with the reduction.
enum PictureResampling {
    /// Weights of the source pixels that make one target pixel.
    private struct Taps {
        var first: Int
        var weights: [Double]
    }

    /// Resizes so that the shorter side has a length, and cuts a window out of the middle.
    ///
    /// As torchvision: the longer side is `shorterSide · longer / shorter` rounded down, the window's corner is
    /// `round((side − window) / 2)` with halves to even.
    static func centreCrop(_ image: RGBImage, shorterSide: Int, size: PictureSize) throws(InputError) -> RGBImage {
        let (width, height) = (image.width, image.height)
        let shorter = min(width, height)
        guard shorter > 0, max(width, height) / shorter < 256 else {
            throw InputError(.malformed, "a picture out of all proportion", found: "\(width)x\(height)")
        }
        let newWidth = width <= height ? shorterSide : shorterSide * width / height
        let newHeight = width <= height ? shorterSide * height / width : shorterSide
        guard newWidth >= size.width, newHeight >= size.height else {
            throw InputError(
                .mismatch,
                "the resized picture is smaller than what is cut out",
                expected: "\(size)",
                found: "\(newWidth)x\(newHeight)"
            )
        }
        let left = Int((Double(newWidth - size.width) / 2).rounded(.toNearestOrEven))
        let top = Int((Double(newHeight - size.height) / 2).rounded(.toNearestOrEven))
        let columns = taps(from: width, to: newWidth, range: left..<left + size.width)
        let rows = taps(from: height, to: newHeight, range: top..<top + size.height)
        return resample(image, columns: columns, rows: rows)
    }

    private static func taps(from length: Int, to newLength: Int, range: Range<Int>) -> [Taps] {
        let scale = Double(length) / Double(newLength)
        let support = max(scale, 1)
        return range.map { place in
            let centre = (Double(place) + 0.5) * scale
            let first = max(0, Int(centre - support + 0.5))
            let end = min(length, Int(centre + support + 0.5))
            let weights = (first..<end).map { max(0, 1 - abs((Double($0) - centre + 0.5) / support)) }
            let sum = weights.reduce(0, +)
            return Taps(first: first, weights: weights.map { $0 / sum })
        }
    }

    /// Along the rows first, rounded to 8 bits, then along the columns, as Pillow.
    private static func resample(_ image: RGBImage, columns: [Taps], rows: [Taps]) -> RGBImage {
        let across = resampleRows(image.pixels, width: image.width, height: image.height, columns)
        let turned = transposed(across, width: columns.count, height: image.height)
        let down = resampleRows(turned, width: image.height, height: columns.count, rows)
        let pixels = transposed(down, width: rows.count, height: columns.count)
        return RGBImage(width: columns.count, height: rows.count, pixels: pixels)
    }

    private static func resampleRows(_ pixels: [UInt8], width: Int, height: Int, _ taps: [Taps]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: height * taps.count * 3)
        for (place, tap) in taps.enumerated() {
            for row in 0..<height {
                let from = (row * width + tap.first) * 3
                let to = (row * taps.count + place) * 3
                for channel in 0..<3 {
                    var sum = 0.5
                    for (index, weight) in tap.weights.enumerated() {
                        sum += weight * Double(pixels[from + index * 3 + channel])
                    }
                    result[to + channel] = UInt8(min(max(sum, 0), 255))
                }
            }
        }
        return result
    }

    private static func transposed(_ pixels: [UInt8], width: Int, height: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: pixels.count)
        for row in 0..<height {
            for column in 0..<width {
                for channel in 0..<3 {
                    result[(column * height + row) * 3 + channel] = pixels[(row * width + column) * 3 + channel]
                }
            }
        }
        return result
    }
}
