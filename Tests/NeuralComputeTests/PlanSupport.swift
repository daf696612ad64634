import NeuralCompute
import NeuralGraph
import TestSupport

/// Every device, opened with two threads.
enum TestDevices {
    static let names = Devices.tested

    static func open(_ name: String) throws -> any Device { try Devices.open(name, threads: 2) }
}

extension Device {
    /// A tensor from rows of numbers.
    func tensor(rows: Int, _ elements: [Float]) -> DeviceTensor {
        tensor(Matrix(rows: rows, columns: elements.count / rows, elements: elements))
    }
}

extension TrainingPlan {
    /// The output of the last pass.
    var outputs: [Float] { device.matrix(of: output).elements }

    func parameter(_ name: String) -> NetworkParameter? { parameters.first { $0.specification.name == name } }

    func gradient(of name: String) -> [Float] {
        parameter(name).map { device.matrix(of: $0.gradient).elements } ?? []
    }

    func value(of name: String) -> [Float] { parameter(name).map { device.matrix(of: $0.value).elements } ?? [] }

    var allGradients: [Float] { parameters.flatMap { device.matrix(of: $0.gradient).elements } }

    var allValues: [Float] { parameters.flatMap { device.matrix(of: $0.value).elements } }

    /// Writes all numbers of a parameter.
    func set(_ name: String, _ values: [Float]) {
        guard let parameter = parameter(name) else { return }
        device.write(values, to: parameter.value, fromRow: 0)
    }

    func forward(_ faces: [Float], _ count: Int, _ mode: ForwardMode) { forward(faces, range: 0..<count, mode: mode) }

    /// Backward from a gradient of the output.
    func backward(_ gradient: [Float], taps: [Int: [Float]] = [:]) {
        let count = device.matrix(of: output).rows
        backward(
            outputGradient: device.tensor(rows: count, gradient),
            tapGradients: taps.mapValues { device.tensor(rows: count, $0) }
        )
    }
}
