public import ArtifactFiles

/// A named parameter's values.
public struct Tensor: Hashable, Sendable {
    /// Axis lengths, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The values in C order, single precision whatever the file held.
    public let values: [Float]

    /// Wraps values.
    ///
    /// - Parameters:
    ///   - shape: Axis lengths.
    ///   - values: As many as the shape says.
    public init(shape: [Int], values: [Float]) {
        precondition(shape.reduce(1, *) == values.count, "shape \(shape) does not hold \(values.count) values")
        self.shape = shape
        self.values = values
    }
}

/// The parameters of a network by name, in the order in which they were added.
public struct Weights: Hashable, Sendable {
    /// The names in order.
    public private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]

    /// No parameters.
    public init() {}

    /// The tensor of a name; setting nil removes it.
    public subscript(name: String) -> Tensor? {
        get { tensors[name] }
        set {
            guard let newValue else {
                if tensors.removeValue(forKey: name) != nil { names.removeAll { $0 == name } }
                return
            }
            if tensors.updateValue(newValue, forKey: name) == nil { names.append(name) }
        }
    }

    /// The tensor of a name, checked.
    ///
    /// - Parameters:
    ///   - name: The parameter.
    ///   - shape: What its shape must be.
    /// - Throws: ``InputError`` that names the parameter and both shapes.
    public func tensor(_ name: String, shape: [Int]) throws(InputError) -> Tensor {
        guard let tensor = tensors[name] else {
            throw InputError(.missing, "the parameter is missing", place: "parameter '\(name)'", expected: "\(shape)")
        }
        guard tensor.shape == shape else {
            throw InputError(
                .mismatch,
                "the parameter's shape does not fit",
                place: "parameter '\(name)'",
                expected: "\(shape)",
                found: "\(tensor.shape)"
            )
        }
        return tensor
    }

    /// Whether there is a tensor of this name.
    public func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// The number of scalars.
    public var scalarCount: Int { tensors.values.reduce(0) { $0 + $1.values.count } }
}
