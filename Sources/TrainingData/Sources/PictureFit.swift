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
        var failure: InputError?
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            do throws(FaceFailure) {
                if case .aligned = fit {
                    guard let landmarks else {
                        throw FaceFailure(.nonFiniteLandmarks, InputError(.missing, "no landmarks for this picture"))
                    }
                    _ = try extractor.extract(bytes, landmarks: landmarks, into: pixels)
                } else {
                    try extractor.extractAligned(bytes, resizing: fit == .resized, into: pixels)
                }
            } catch {
                failure = error.error
            }
        }
        if let failure { throw failure }
    }
}
