internal import ArtifactFiles
internal import CKernels

/// The part of a picture that alignment samples, in RGBX with a frame around it, in memory that is kept.
struct PixelCanvas: ~Copyable {
    /// What the frame holds: what alignment finds beyond the picture.
    enum Frame {
        case black
        /// The nearest pixel.
        case edge
    }

    private static let before = 1
    private static let after = 2
    /// Decoding writes whole vectors.
    private static let slack = 64
    /// The kernels address bytes with 32 bits.
    private static let byteLimit = Int(Int32.max)
    /// More than this is given back after use.
    private static let keptBytes = 1 << 26

    private(set) var width = 0
    private(set) var height = 0
    private(set) var stride = 0
    private var memory = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

    init() {}

    deinit { memory.deallocate() }

    /// Makes room for a picture part; its pixels and frame are undefined then.
    mutating func prepare(width: Int, height: Int) throws(InputError) {
        var newStride = ((Self.before + width + Self.after) * 4 + Self.slack + 63) & ~63
        // Rows a multiple of a page apart would compete for the same cache lines.
        if newStride.isMultiple(of: 4096) { newStride += 64 }
        let rows = Self.before + height + Self.after
        guard newStride * rows <= Self.byteLimit else {
            throw InputError(.limitExceeded, "the part of the picture that the face needs is too large")
        }
        (self.width, self.height, stride) = (width, height, newStride)
        guard memory.count < newStride * rows else { return }
        memory.deallocate()
        memory = .allocate(capacity: newStride * rows)
    }

    /// Gives back the memory of an unusually large picture.
    mutating func trim() {
        guard memory.count > Self.keptBytes else { return }
        memory.deallocate()
        memory = UnsafeMutableBufferPointer(start: nil, count: 0)
    }

    /// The picture part's first pixel; `nil` before ``prepare(width:height:)``.
    var start: UnsafeMutablePointer<UInt8>? { memory.baseAddress?.advanced(by: Self.before * (stride + 4)) }

    /// Copies a region of a picture.
    func fill(from image: borrowing RGBImage, region: PixelRegion) {
        guard let start else { return }
        let rowBytes = image.width * 3
        image.pixels.withUnsafeBufferPointer { pixels in
            guard let from = pixels.baseAddress else { return }
            for y in 0..<height {
                vf_rgb_to_rgbx(
                    from + (region.y + y) * rowBytes + region.x * 3,
                    start + y * stride,
                    region.width
                )
            }
        }
    }

    /// Writes the frame; after the pixels, because decoding may write over it.
    func drawFrame(_ frame: Frame) {
        guard let start else { return }
        for y in 0..<height {
            let row = UnsafeMutableRawPointer(start + y * stride)
            let end = row + width * 4
            let (first, last): (UInt32, UInt32) =
                switch frame {
                case .black: (0, 0)
                case .edge: (row.load(as: UInt32.self), (end - 4).load(as: UInt32.self))
                }
            (row - 4).storeBytes(of: first, as: UInt32.self)
            for column in 0..<Self.after { (end + 4 * column).storeBytes(of: last, as: UInt32.self) }
        }
        let rowBytes = (Self.before + width + Self.after) * 4
        let corner = UnsafeMutableRawPointer(start - 4)
        for row in [-1, height, height + 1] {
            switch frame {
            case .black: (corner + row * stride).initializeMemory(as: UInt8.self, repeating: 0, count: rowBytes)
            case .edge:
                (corner + row * stride)
                    .copyMemory(from: corner + min(max(row, 0), height - 1) * stride, byteCount: rowBytes)
            }
        }
    }

    /// Samples the picture part bilinearly.
    ///
    /// - Parameters:
    ///   - map: From a target pixel to a position in the part: x′ = m0·x + m1·y + m2, y′ = m3·x + m4·y + m5.
    ///   - face: Receives `[height, width, 3]`.
    func sample(
        map: [Double],
        into face: UnsafeMutablePointer<UInt8>,
        width targetWidth: Int,
        height targetHeight: Int,
        level: InstructionLevel
    ) {
        guard let start else { return }
        vf_warp_bilinear(
            start,
            stride,
            Int32(width),
            Int32(height),
            map,
            face,
            Int32(targetWidth),
            Int32(targetHeight),
            level.isa
        )
    }
}
