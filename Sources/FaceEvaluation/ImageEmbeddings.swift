/// The embeddings of a protocol's images, upright and mirrored.
public struct ImageEmbeddings: Sendable {
    /// The number of images.
    public let imageCount: Int
    /// Length of one embedding.
    public let dimensions: Int
    /// 2 with the mirrored faces, 1 without.
    public let viewCount: Int
    /// `[imageCount, viewCount, dimensions]`; zeros where an image failed.
    public private(set) var values: [Float]
    /// Whether each image has an embedding.
    public private(set) var isEmbedded: [Bool]

    /// No embeddings yet.
    public init(imageCount: Int, dimensions: Int, viewCount: Int) {
        self.imageCount = imageCount
        self.dimensions = dimensions
        self.viewCount = viewCount
        values = [Float](repeating: 0, count: imageCount * dimensions * viewCount)
        isEmbedded = [Bool](repeating: false, count: imageCount)
    }

    /// Wraps embeddings that are there.
    ///
    /// - Parameters:
    ///   - values: `[imageCount, viewCount, dimensions]`.
    ///   - viewCount: 2 with the mirrored faces, 1 without.
    ///   - dimensions: Length of one embedding.
    public init(values: [Float], viewCount: Int, dimensions: Int) {
        precondition(values.count % (viewCount * dimensions) == 0)
        imageCount = values.count / (viewCount * dimensions)
        self.dimensions = dimensions
        self.viewCount = viewCount
        self.values = values
        isEmbedded = [Bool](repeating: true, count: imageCount)
    }

    /// Floats per image.
    var imageSize: Int { viewCount * dimensions }

    /// Gives workers the memory to write into; each writes the images it owns.
    mutating func withMutableStorage<Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<Bool>) throws(Failure) -> Void
    ) throws(Failure) {
        try values.withUnsafeMutableBufferPointer { values throws(Failure) in
            try isEmbedded.withUnsafeMutableBufferPointer { isEmbedded throws(Failure) in
                try body(values, isEmbedded)
            }
        }
    }
}

extension ImageEmbeddings {
    /// Sets an image's embeddings, all views.
    package mutating func set(_ embedding: [Float], image: Int) {
        precondition(embedding.count == imageSize)
        values.replaceSubrange(image * imageSize..<(image + 1) * imageSize, with: embedding)
        isEmbedded[image] = true
    }
}
