public import ArtifactFiles

/// The format of rendered pictures.
public struct SyntheticFaceSettings: Hashable, Sendable {
    /// Width and height in pixels, 48 … 320; a face takes about 60 % of them.
    public let imageSize: Int

    /// Checked settings.
    ///
    /// - Parameter imageSize: Width and height in pixels, 48 … 320.
    /// - Throws: `InputError` outside of that range.
    public init(imageSize: Int = 160) throws(InputError) {
        guard (48...320).contains(imageSize) else {
            throw InputError(
                .usage,
                "image size out of range",
                place: "'imageSize'",
                expected: "48 … 320 pixels",
                found: "\(imageSize)"
            )
        }
        self.imageSize = imageSize
    }
}
