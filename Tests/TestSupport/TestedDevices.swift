public import NeuralCompute

extension Devices {
    /// The names of the devices that tests run on: those without preconditions, and PyTorch's CPU where PyTorch is found.
    public static let tested: [String] = {
        let torch = "torch:cpu"
        do {
            _ = try open(torch, threads: 2)
            return ["cpu", "reference", torch]
        } catch {
            // Said once, so that nobody takes a run without PyTorch for one with it.
            print("tests on \(torch) are left out: \(error)")
            return ["cpu", "reference"]
        }
    }()
}
