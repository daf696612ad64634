import NeuralCompute
import NeuralTraining

extension Tape {
    /// A tape on the CPU.
    convenience init(threads: Int = 1) { self.init(device: CPUDevice(threads: threads)) }
}
