public import ArtifactFiles

/// Builds a graph node by node, with the dotted names of the reference PyTorch modules.
public struct GraphBuilder {
    private let inputShape: ActivationShape
    private var nodes: [Node] = []

    /// A graph with nothing but its input.
    public init(inputShape: ActivationShape) { self.inputShape = inputShape }

    /// Appends a node.
    ///
    /// - Returns: The value it makes.
    @discardableResult
    public mutating func append(_ name: String, _ operation: Operation, _ inputs: ValueID...) -> ValueID {
        append(name, operation, inputs)
    }

    /// Appends a node.
    ///
    /// - Returns: The value it makes.
    @discardableResult
    public mutating func append(_ name: String, _ operation: Operation, _ inputs: [ValueID]) -> ValueID {
        nodes.append(Node(name: name, operation: operation, inputs: inputs))
        return ValueID(nodes.count)
    }

    /// Checks and returns the graph.
    ///
    /// - Parameter output: The result; the last value when nil.
    /// - Throws: ``InputError`` as ``Graph/init(inputShape:nodes:output:)``.
    public func graph(output: ValueID? = nil) throws(InputError) -> Graph {
        try Graph(inputShape: inputShape, nodes: nodes, output: output)
    }
}

extension GraphBuilder {
    /// A convolution whose weight is `name.weight`, without bias.
    @discardableResult
    public mutating func convolution(
        _ name: String,
        _ input: ValueID,
        outChannels: Int,
        kernel: Extent,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1,
        hasBias: Bool = false
    ) -> ValueID {
        append(
            name,
            .convolution(
                Convolution(
                    outChannels: outChannels,
                    kernel: kernel,
                    stride: Extent(stride),
                    padding: Padding(padding),
                    groups: groups,
                    weight: name + ".weight",
                    bias: hasBias ? name + ".bias" : nil
                )
            ),
            input
        )
    }

    /// A normalisation with PyTorch's parameter names below `name`.
    @discardableResult
    public mutating func batchNormalization(
        _ name: String,
        _ input: ValueID,
        epsilon: Float = 1e-5,
        scaleIsFixed: Bool = false
    ) -> ValueID {
        append(
            name,
            .batchNormalization(
                BatchNormalization(
                    mean: name + ".running_mean",
                    variance: name + ".running_var",
                    scale: name + ".weight",
                    shift: name + ".bias",
                    epsilon: epsilon,
                    scaleIsFixed: scaleIsFixed
                )
            ),
            input
        )
    }

    /// A PReLU whose slopes are `name.weight`.
    @discardableResult
    public mutating func prelu(_ name: String, _ input: ValueID) -> ValueID {
        append(name, .activation(.prelu(slope: name + ".weight")), input)
    }

    /// A fully connected layer with PyTorch's parameter names below `name`.
    @discardableResult
    public mutating func linear(_ name: String, _ input: ValueID, outFeatures: Int, hasBias: Bool = true) -> ValueID {
        append(
            name,
            .linear(
                Linear(
                    outFeatures: outFeatures,
                    weight: name + ".weight",
                    bias: hasBias ? name + ".bias" : nil
                )
            ),
            input
        )
    }
}
