internal import ArtifactFiles
internal import FaceImaging

/// How a file's picture becomes one of the source's size.
public enum PictureFit: Hashable, Sendable, CustomStringConvertible {
    /// The file's picture has that size already; another one is an error.
    case exact
    /// Resized bilinearly, which may change its proportions.
    case resized
    /// Resized so that its shorter side is this long, then cut out of the middle; smooth when made smaller, as
    /// torchvision's `Resize` and `CenterCrop` with Pillow.
    case centreCrop(shorterSide: Int)
    /// A face, aligned to a template by landmarks.
    case aligned(template: String)

    /// One phrase for logs and digests.
    public var description: String {
        switch self {
        case .exact: "as they are"
        case .resized: "resized"
        case .centreCrop(let side): "shorter side \(side), middle cut out"
        case .aligned(let template): "aligned to \(template)"
        }
    }
}

/// Brings files' pictures to one size.
struct PictureFitter: ~Copyable {
    private let fit: PictureFit
    private let size: PictureSize
    private var extractor: FaceExtractor
    private var decoder: ImageDecoder
    private var whole = RGBImage(width: 0, height: 0, pixels: [])

    init(fit: PictureFit, size: PictureSize, ignoresOrientation: Bool = false) throws(InputError) {
        let alignment: FacePreprocessing
        if case .aligned(let template) = fit {
            alignment = try size.alignment(template: template)
        } else {
            alignment = try size.alignment()
        }
        if case .centreCrop(let side) = fit {
            guard (min(size.width, size.height)...8192).contains(side) else {
                throw InputError(
                    .usage,
                    "the shorter side does not fit the size that is cut out",
                    expected: "\(min(size.width, size.height)) … 8192",
                    found: "\(side)"
                )
            }
        }
        var options = FaceExtractor.Options()
        options.appliesOrientation = !ignoresOrientation
        extractor = try FaceExtractor(preprocessing: alignment, options: options)
        decoder = ImageDecoder(appliesOrientation: !ignoresOrientation)
        self.fit = fit
        self.size = size
    }

    /// Reads a picture.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - landmarks: The face's points, for ``PictureFit/aligned(template:)``.
    ///   - image: Replaced by the picture.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        landmarks: FaceLandmarks?,
        into image: inout RGBImage
    ) throws(InputError) {
        if case .centreCrop(let side) = fit {
            try decoder.decode(bytes, into: &whole)
            image = try PictureResampling.centreCrop(whole, shorterSide: side, size: size)
            return
        }
        image.resize(to: size)
        if case .aligned = fit, landmarks == nil { throw InputError(.missing, "no landmarks for this picture") }
        do throws(FaceFailure) {
            try image.pixels.withUnsafeMutableBufferPointer { pixels throws(FaceFailure) in
                if case .aligned = fit, let landmarks {
                    _ = try extractor.extract(bytes, landmarks: landmarks, into: pixels)
                } else {
                    try extractor.extractAligned(bytes, resizing: fit == .resized, into: pixels)
                }
            }
        } catch {
            throw error.error
        }
    }
}

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
