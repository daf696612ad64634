internal import NeuralGraph

/// A value of the graph as an ONNX tensor sees it.
struct ONNXActivation {
    /// What an axis of the ONNX tensor is.
    enum Role: String {
        case batch
        case channel
        case row
        case column
        /// Length 1, without a counterpart in the graph's value.
        case unit
    }

    /// An axis; the batch's length is unknown and stored as 1.
    struct Axis: Equatable {
        var role: Role
        var length: Int
    }

    var value: ValueID
    var axes: [Axis]
    /// Rows, columns and channels of the picture that was flattened in that order.
    ///
    /// The graph's own `flatten` puts channels first: only a matrix product, whose weight can follow, may read such a
    /// value.
    var flattenedFrom: (rows: Int, columns: Int, channels: Int)?

    /// The lengths per face.
    var lengths: [Int] { axes.filter { $0.role != .batch }.map(\.length) }

    /// `[N, 64, 56, 56]`.
    var shapeText: String {
        "[" + axes.map { $0.role == .batch ? "N" : "\($0.length)" }.joined(separator: ", ") + "]"
    }

    /// Whether axes come as batch, channel, row, column.
    var isNCHW: Bool { axes.map(\.role) == [.batch, .channel, .row, .column] }

    /// The position of a role.
    func position(_ role: Role) -> Int? { axes.firstIndex { $0.role == role } }

    /// The axis that a possibly negative ONNX axis number means.
    func axis(_ number: Int) -> Int? {
        let index = number < 0 ? number + axes.count : number
        return axes.indices.contains(index) ? index : nil
    }

    /// The axes of a picture.
    static func nchw(_ value: ValueID, _ shape: ActivationShape) -> ONNXActivation {
        let extent = shape.extent
        return ONNXActivation(
            value: value,
            axes: [
                Axis(role: .batch, length: 1), Axis(role: .channel, length: shape.channels),
                Axis(role: .row, length: extent.height), Axis(role: .column, length: extent.width),
            ]
        )
    }

    /// The axes of a vector, with units behind.
    static func vector(_ value: ValueID, _ count: Int, units: Int = 0) -> ONNXActivation {
        ONNXActivation(
            value: value,
            axes: [Axis(role: .batch, length: 1), Axis(role: .channel, length: count)]
                + Array(repeating: Axis(role: .unit, length: 1), count: units)
        )
    }
}

/// The Euclidean norm of a vector, on its way to a division.
struct ONNXNorm {
    var of: ValueID
    var isSquared: Bool
    /// The least value it may have.
    var minimum: Float = 0
}

/// What an ONNX name stands for while a graph is read.
enum ONNXValue {
    case constant(ONNXConstant)
    case activation(ONNXActivation)
    case norm(ONNXNorm)
}
