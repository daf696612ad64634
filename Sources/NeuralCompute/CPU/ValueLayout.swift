internal import NeuralGraph

/// How a value lies in memory: channels last, with a border around the picture where a reader's kernel needs one.
struct ValueLayout: Hashable {
    var height: Int
    var width: Int
    var channels: Int
    /// The border kept around the picture.
    var border = Padding()

    init(_ shape: ActivationShape) {
        (height, width) = shape.extent
        channels = shape.channels
    }

    /// Floats from one row to the next.
    var rowPitch: Int { (width + border.left + border.right) * channels }
    /// Offset of the first pixel of the picture.
    var origin: Int { border.top * rowPitch + border.left * channels }
    /// Floats of one face, border included.
    var faceSize: Int { (height + border.top + border.bottom) * rowPitch }
    /// Whether pixels follow each other without a gap, also from face to face.
    var isContiguous: Bool { border.isZero }
}

extension Padding {
    /// The smallest border that covers both.
    func union(_ other: Padding) -> Padding {
        Padding(
            top: max(top, other.top),
            left: max(left, other.left),
            bottom: max(bottom, other.bottom),
            right: max(right, other.right)
        )
    }
}
