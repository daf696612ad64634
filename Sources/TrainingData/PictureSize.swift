internal import ArtifactFiles
public import FaceImaging

/// Width and height of a picture in pixels.
public struct PictureSize: Hashable, Sendable, CustomStringConvertible {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// A size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// A square.
    public init(_ side: Int) { self.init(width: side, height: side) }

    /// The size of a network's input.
    public init(_ preprocessing: FacePreprocessing) {
        self.init(width: preprocessing.width, height: preprocessing.height)
    }

    /// Bytes of an RGB picture of this size.
    public var byteCount: Int { width * height * 3 }

    /// `112x112`, width first.
    public var description: String { "\(width)x\(height)" }
}

extension PictureSize {
    /// Preprocessing that only aligns: this size, a template, pixels as they are.
    ///
    /// - Throws: ``InputError`` for a size out of range or an unknown template.
    func alignment(template: String = FaceTemplate.arcface.name) throws(InputError) -> FacePreprocessing {
        try FacePreprocessing(
            width: width,
            height: height,
            channels: .rgb,
            mean: [0, 0, 0],
            std: [1, 1, 1],
            template: template
        )
    }
}

extension RGBImage {
    /// The size.
    var size: PictureSize { PictureSize(width: width, height: height) }

    /// Takes a size; the pixels are undefined then.
    mutating func resize(to size: PictureSize) {
        if pixels.count != size.byteCount { pixels = [UInt8](repeating: 0, count: size.byteCount) }
        (width, height) = (size.width, size.height)
    }
}
