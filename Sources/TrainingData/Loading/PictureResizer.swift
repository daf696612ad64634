internal import ArtifactFiles
internal import FaceImaging

/// Resizes pictures bilinearly, as ``FaceImaging/FaceExtractor`` does with aligned faces of another size.
final class PictureResizer {
    let size: PictureSize
    private var extractor: FaceExtractor?
    private var resized: [UInt8]

    init(size: PictureSize) {
        self.size = size
        resized = Array(repeating: 0, count: size.byteCount)
        // Sizes were checked; were this one wrong, every picture would fail with the reason.
        extractor = (try? size.alignment()).flatMap { try? FaceExtractor(preprocessing: $0) }
    }

    /// Hands over the resized pixels.
    func resize(_ image: RGBImage, _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(InputError) {
        guard extractor != nil else { throw InputError(.usage, "pictures cannot have this size", found: "\(size)") }
        var failure: InputError?
        resized.withUnsafeMutableBufferPointer { pixels in
            do throws(FaceFailure) {
                try extractor?.extractAligned(image, resizing: true, into: pixels)
                body(UnsafeBufferPointer(pixels))
            } catch {
                failure = error.error
            }
        }
        if let failure { throw failure }
    }
}
