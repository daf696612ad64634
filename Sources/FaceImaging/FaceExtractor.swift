public import ArtifactFiles

/// How a face came about.
public struct FaceExtraction: Hashable, Sendable {
    /// The upright image's width in pixels.
    public var pictureWidth: Int
    /// The upright image's height in pixels.
    public var pictureHeight: Int
    /// How the file's pixels lie; upright when EXIF is ignored.
    public var orientation: ImageOrientation
    /// From the upright image's pixels to the face's.
    public var alignment: SimilarityTransform
    /// The scale at which the picture was decoded.
    public var decodingScale: DecodingScale
}

/// Turns pictures and landmarks into aligned faces, keeping decoders and buffers from one to the next.
///
/// A face equals what OpenCV and scikit-image make of the same picture (`imdecode`, `SimilarityTransform.estimate`,
/// `warpAffine` with bilinear sampling and black beyond the picture), but for ±1 from rounding, unless the picture
/// was decoded at a reduced scale (see ``ReducedDecoding``); ``FaceExtraction/decodingScale`` tells.
///
/// Only the part of a JPEG that the face needs is reconstructed, but all of its data are read: whether a file is
/// damaged does not depend on where the face is. For one worker at a time.
public struct FaceExtractor: ~Copyable, @unchecked Sendable {
    // Sendable: the sole owner of its native decoders and buffers.
    /// Choices that are not part of a network's preprocessing.
    public struct Options: Hashable, Sendable {
        /// Pictures with more pixels are refused.
        public var pixelLimit = ImageDecoder.defaultPixelLimit
        /// Whether images are turned upright as EXIF says; landmarks are then those of the upright image.
        public var appliesOrientation = true
        /// When pictures are decoded at a reduced scale.
        public var reducedDecoding = ReducedDecoding.belowHalf

        /// Creates the defaults.
        public init() {}
    }

    /// How faces are aligned.
    public let preprocessing: FacePreprocessing
    /// Choices that are not part of it.
    public let options: Options
    private let level: InstructionLevel
    private let templatePoints: [SIMD2<Double>]
    private var decoder: ImageDecoder
    private var canvas: PixelCanvas
    private var wholePicture = RGBImage(width: 0, height: 0, pixels: [])
    private var file: FileBuffer
    var scratchFace: [UInt8]

    /// Creates an extractor.
    ///
    /// - Parameters:
    ///   - preprocessing: How faces are aligned.
    ///   - options: Further choices.
    /// - Throws: ``InputError`` when `preprocessing` is not valid.
    public init(preprocessing: FacePreprocessing, options: Options = Options()) throws(InputError) {
        try self.init(preprocessing: preprocessing, options: options, level: .current)
    }

    package init(
        preprocessing: FacePreprocessing,
        options: Options = Options(),
        level: InstructionLevel
    ) throws(InputError) {
        // Everything that may throw comes before the first native handle.
        try preprocessing.validate()
        let template = try FaceTemplate.named(preprocessing.template)
        templatePoints = template.points(width: preprocessing.width, height: preprocessing.height).points
        self.preprocessing = preprocessing
        self.options = options
        self.level = level
        scratchFace = Array(repeating: 0, count: preprocessing.faceByteCount)
        canvas = PixelCanvas()
        file = FileBuffer()
        decoder = ImageDecoder(pixelLimit: options.pixelLimit, appliesOrientation: options.appliesOrientation)
    }

    /// Aligns the face in a file.
    ///
    /// - Parameters:
    ///   - path: A JPEG or PNG file.
    ///   - landmarks: The face's points.
    ///   - face: Receives `[height, width, 3]`, RGB; undefined if an error is thrown.
    /// - Returns: How the face came about.
    /// - Throws: ``FaceFailure``, naming the file.
    public mutating func extract(
        file path: String,
        landmarks: FaceLandmarks,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> FaceExtraction {
        do throws(FaceFailure) {
            do throws(InputError) { try file.read(path) } catch { throw FaceFailure(error) }
            return try extract(file.bytes, landmarks: landmarks, into: face)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Aligns the face in a file's bytes.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - landmarks: The face's points.
    ///   - face: Receives `[height, width, 3]`, RGB; undefined if an error is thrown.
    /// - Returns: How the face came about.
    /// - Throws: ``FaceFailure``.
    public mutating func extract(
        _ bytes: UnsafeRawBufferPointer,
        landmarks: FaceLandmarks,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> FaceExtraction {
        let alignment = try alignment(of: landmarks)
        let info: PictureInfo
        do throws(InputError) { info = try decoder.reader.open(bytes) } catch { throw FaceFailure(error) }
        let scale =
            decoder.reader.canReduce ? options.reducedDecoding.scale(alignmentScale: alignment.scale) : .full
        return try sampleOpened(info, scale: scale, along: alignment, into: face)
    }

    /// Aligns the face in a picture.
    ///
    /// - Parameters:
    ///   - image: The picture.
    ///   - landmarks: The face's points.
    ///   - face: Receives `[height, width, 3]`, RGB; undefined if an error is thrown.
    /// - Returns: How the face came about.
    /// - Throws: ``FaceFailure``.
    public mutating func extract(
        _ image: RGBImage,
        landmarks: FaceLandmarks,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> FaceExtraction {
        try sample(image, along: alignment(of: landmarks), into: face)
    }
}

// MARK: Faces that are aligned already

extension FaceExtractor {
    /// Reads a face that is aligned already.
    ///
    /// - Parameters:
    ///   - path: A JPEG or PNG file.
    ///   - resizing: Whether a picture of another size is resized, bilinearly as OpenCV's `INTER_LINEAR_EXACT`
    ///     does, which may change its proportions.
    ///   - face: Receives `[height, width, 3]`, RGB; undefined if an error is thrown.
    /// - Throws: ``FaceFailure``, naming the file; `wrongSize` for another size unless `resizing`.
    public mutating func extractAligned(
        file path: String,
        resizing: Bool = false,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) {
        do throws(FaceFailure) {
            do throws(InputError) { try file.read(path) } catch { throw FaceFailure(error) }
            try extractAligned(file.bytes, resizing: resizing, into: face)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a face that is aligned already.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - resizing: Whether a picture of another size is resized.
    ///   - face: Receives `[height, width, 3]`, RGB; undefined if an error is thrown.
    /// - Returns: How the file's pixels lie; upright when EXIF is ignored.
    /// - Throws: ``FaceFailure``; `wrongSize` for another size unless `resizing`.
    @discardableResult
    public mutating func extractAligned(
        _ bytes: UnsafeRawBufferPointer,
        resizing: Bool = false,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> ImageOrientation {
        let orientation = try decodeWhole(bytes)
        try extractAligned(wholePicture, resizing: resizing, into: face)
        return orientation
    }

    /// Takes a picture as an aligned face.
    ///
    /// - Parameters:
    ///   - image: The face.
    ///   - resizing: Whether a picture of another size is resized.
    ///   - face: Receives `[height, width, 3]`, RGB; undefined if an error is thrown.
    /// - Throws: ``FaceFailure``; `wrongSize` for another size unless `resizing`.
    public mutating func extractAligned(
        _ image: RGBImage,
        resizing: Bool = false,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) {
        let (width, height) = (preprocessing.width, preprocessing.height)
        let target = target(face)
        if image.width == width && image.height == height {
            image.pixels.withUnsafeBufferPointer {
                target.update(from: $0.baseAddress ?? .init(target), count: $0.count)
            }
            return
        }
        guard resizing else {
            throw FaceFailure(
                .wrongSize,
                InputError(
                    .mismatch,
                    "not an aligned face of the network's size; a photograph needs the landmarks of its face (embed "
                        + "--landmarks FILE, evaluate --protocol-set landmarks=FILE, fit: aligned in a recipe), or has to "
                        + "be aligned before",
                    expected: "\(width)x\(height)",
                    found: "\(image.width)x\(image.height)"
                )
            )
        }
        let whole = PixelRegion(x: 0, y: 0, width: image.width, height: image.height)
        do throws(InputError) {
            try canvas.prepare(width: image.width, height: image.height)
        } catch {
            throw FaceFailure(error)
        }
        canvas.fill(from: image, region: whole)
        canvas.drawFrame(.edge)
        let stepX = Double(image.width) / Double(width)
        let stepY = Double(image.height) / Double(height)
        let map = [stepX, 0, (stepX - 1) / 2, 0, stepY, (stepY - 1) / 2]
        canvas.sample(map: map, into: target, width: width, height: height, level: level)
        canvas.trim()
    }
}

// MARK: Steps

extension FaceExtractor {
    private func alignment(of landmarks: FaceLandmarks) throws(FaceFailure) -> SimilarityTransform {
        guard landmarks.areFinite else {
            throw FaceFailure(.nonFiniteLandmarks, InputError(.malformed, "a landmark is not finite"))
        }
        guard let alignment = SimilarityTransform.leastSquares(from: landmarks.points, to: templatePoints) else {
            throw FaceFailure(
                .degenerateLandmarks,
                InputError(.malformed, "the landmarks determine no similarity transform")
            )
        }
        return alignment
    }

    private func target(_ face: UnsafeMutableBufferPointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        guard face.count == preprocessing.faceByteCount, let start = face.baseAddress else {
            preconditionFailure("a face buffer holds height × width × 3 bytes")
        }
        return start
    }

    private mutating func decodeWhole(_ bytes: UnsafeRawBufferPointer) throws(FaceFailure) -> ImageOrientation {
        // The memory of an unusually large picture is not kept.
        if wholePicture.pixels.count > 1 << 26 { wholePicture = RGBImage(width: 0, height: 0, pixels: []) }
        do throws(InputError) {
            return try decoder.decodeNoting(bytes, into: &wholePicture)
        } catch {
            throw FaceFailure(error)
        }
    }

    private func sampling(
        along alignment: SimilarityTransform,
        _ info: PictureInfo,
        scale: DecodingScale
    ) throws(FaceFailure) -> FaceSampling {
        try FaceSampling(
            alignment: alignment,
            faceWidth: preprocessing.width,
            faceHeight: preprocessing.height,
            pictureWidth: info.width,
            pictureHeight: info.height,
            orientation: info.orientation,
            scale: scale
        )
    }

    private mutating func sampleOpened(
        _ info: PictureInfo,
        scale: DecodingScale,
        along alignment: SimilarityTransform,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> FaceExtraction {
        let sampling = try sampling(along: alignment, info, scale: scale)
        do throws(InputError) {
            try canvas.prepare(width: sampling.region.width, height: sampling.region.height)
            guard let start = canvas.start else { throw CodecStatus.outOfMemory }
            let pixels = PixelTarget(pixels: start, stride: canvas.stride, pixelBytes: 4)
            try decoder.reader.decode(sampling.region, scale: scale, into: pixels)
        } catch {
            throw FaceFailure(error)
        }
        return finish(sampling, info, along: alignment, into: face)
    }

    private mutating func sample(
        _ image: RGBImage,
        along alignment: SimilarityTransform,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> FaceExtraction {
        let info = PictureInfo(width: image.width, height: image.height, orientation: .upright)
        let sampling = try sampling(along: alignment, info, scale: .full)
        do throws(InputError) {
            try canvas.prepare(width: sampling.region.width, height: sampling.region.height)
        } catch {
            throw FaceFailure(error)
        }
        canvas.fill(from: image, region: sampling.region)
        return finish(sampling, info, along: alignment, into: face)
    }

    private mutating func finish(
        _ sampling: FaceSampling,
        _ info: PictureInfo,
        along alignment: SimilarityTransform,
        into face: UnsafeMutableBufferPointer<UInt8>
    ) -> FaceExtraction {
        canvas.drawFrame(.black)
        canvas.sample(
            map: sampling.map,
            into: target(face),
            width: preprocessing.width,
            height: preprocessing.height,
            level: level
        )
        canvas.trim()
        let (width, height) = info.orientation.uprightSize(width: info.width, height: info.height)
        return FaceExtraction(
            pictureWidth: width,
            pictureHeight: height,
            orientation: info.orientation,
            alignment: alignment,
            decodingScale: sampling.scale
        )
    }
}

extension FaceExtractor {
    /// Aligns the face in a file's bytes and normalises it.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - landmarks: The face's points.
    ///   - input: Receives `[height, width, 3]`, as ``FacePreprocessing/normalise(_:into:mirrored:)`` makes it;
    ///     undefined if an error is thrown.
    ///   - mirrored: Receives the same of the face mirrored left to right, when given.
    /// - Returns: How the face came about.
    /// - Throws: ``FaceFailure``.
    public mutating func extract(
        _ bytes: UnsafeRawBufferPointer,
        landmarks: FaceLandmarks,
        normalisedInto input: UnsafeMutableBufferPointer<Float>,
        mirrored: UnsafeMutableBufferPointer<Float>? = nil
    ) throws(FaceFailure) -> FaceExtraction {
        // Taken out for the call, so that the face's memory and the extractor can both be changed.
        var face: [UInt8] = []
        swap(&face, &scratchFace)
        defer { swap(&face, &scratchFace) }
        return try face.withUnsafeMutableBufferPointer { face throws(FaceFailure) in
            let extraction = try extract(bytes, landmarks: landmarks, into: face)
            preprocessing.normalise(UnsafeBufferPointer(face), into: input)
            if let mirrored { preprocessing.normalise(UnsafeBufferPointer(face), into: mirrored, mirrored: true) }
            return extraction
        }
    }
}
