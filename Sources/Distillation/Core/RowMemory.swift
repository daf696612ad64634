internal import NeuralCompute
internal import NeuralGraph
internal import NeuralTraining

/// Rows that a method remembers from step to step, in the device's memory from the first step on: embeddings of samples,
/// centres of classes, a queue.
final class RowMemory {
    /// `[rows, columns]`.
    let shape: [Int]
    private var place: Place

    private enum Place {
        case host(Matrix)
        case device(DeviceTensor, any Device)
    }

    init(_ rows: Matrix) {
        shape = [rows.rows, rows.columns]
        place = .host(rows)
    }

    /// All rows, for a run's state.
    var tensor: Tensor {
        switch place {
        case .host(let rows): Tensor(shape: shape, values: rows.elements)
        case .device(let tensor, let device): Tensor(shape: shape, values: device.matrix(of: tensor).elements)
        }
    }

    /// Replaces all rows.
    func restore(_ elements: [Float]) {
        place = .host(Matrix(rows: shape[0], columns: shape[1], elements: elements))
    }

    /// The rows where losses read them.
    func placed(on device: any Device) -> DeviceTensor {
        switch place {
        case .device(let tensor, _): return tensor
        case .host(let rows):
            let tensor = device.tensor(rows)
            place = .device(tensor, device)
            return tensor
        }
    }

    /// Changes rows by their indices, one after the other: a row that comes again has what it was changed to.
    ///
    /// - Parameter change: From the position in `indices` and the row to what takes its place.
    func update(
        _ indices: [Int],
        on device: any Device,
        _ change: (_ position: Int, _ row: ArraySlice<Float>) -> [Float]
    ) {
        let tensor = placed(on: device)
        let before = device.matrix(of: device.apply(.gatherRows(indices), to: [tensor]).value)
        var changed: [Int: [Float]] = [:]
        for (position, index) in indices.enumerated() {
            let row = change(position, changed[index].map { $0[...] } ?? before.row(position))
            changed[index] = row
            device.write(row, to: tensor, fromRow: index)
        }
    }
}
