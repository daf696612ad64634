package import ArtifactFiles

extension Operation {
    /// The largest number of scalars a value may have: a hostile file must not make us allocate more.
    package static let largestValueCount = 1 << 28

    /// The shape that comes out of the given shapes.
    ///
    /// - Throws: ``InputError`` (`mismatch`) when the operands do not fit.
    package func outputShape(of operands: [ActivationShape]) throws(InputError) -> ActivationShape {
        let shape = try uncheckedOutputShape(of: operands)
        let extent = shape.extent
        let sides = [extent.height, extent.width, shape.channels]
        guard sides.allSatisfy({ $0 > 0 && $0 <= Self.largestValueCount }),
            sides.map(Double.init).reduce(1, *) <= Double(Self.largestValueCount)
        else { throw InputError(.limitExceeded, "the result's shape is out of bounds", found: "\(shape)") }
        return shape
    }

    private func uncheckedOutputShape(of operands: [ActivationShape]) throws(InputError) -> ActivationShape {
        switch self {
        case .add, .multiply:
            return try Self.broadcast(Self.exactly(2, operands))
        case .concatenate:
            return try Self.concatenation(operands)
        case .convolution(let convolution):
            return try convolution.outputShape(of: operands)
        default:
            return try unaryOutputShape(of: Self.exactly(1, operands)[0])
        }
    }

    private func unaryOutputShape(of input: ActivationShape) throws(InputError) -> ActivationShape {
        switch self {
        case .linear(let linear):
            guard case .vector = input else { throw Self.needs("a vector", input) }
            return .vector(linear.outFeatures)
        case .pool(let pool):
            return try pool.outputShape(of: input)
        case .globalAveragePool:
            guard case .spatial(_, _, let channels) = input else { throw Self.needs("a spatial value", input) }
            return .vector(channels)
        case .flatten:
            return .vector(input.count)
        case .pad(let padding, _):
            guard case .spatial(let height, let width, let channels) = input else {
                throw Self.needs("a spatial value", input)
            }
            let sides = [padding.top, padding.left, padding.bottom, padding.right]
            guard sides.allSatisfy({ (0...1 << 20).contains($0) }) else {
                throw InputError(.malformed, "a border is out of range", found: "\(sides)")
            }
            return .spatial(
                height: height + padding.top + padding.bottom,
                width: width + padding.left + padding.right,
                channels: channels
            )
        case .l2Normalize:
            guard case .vector = input else { throw Self.needs("a vector", input) }
            return input
        default:
            return input
        }
    }

    private static func exactly(_ count: Int, _ operands: [ActivationShape]) throws(InputError) -> [ActivationShape] {
        guard operands.count == count else {
            throw InputError(.malformed, "wrong number of inputs", expected: "\(count)", found: "\(operands.count)")
        }
        return operands
    }

    private static func broadcast(_ pair: [ActivationShape]) throws(InputError) -> ActivationShape {
        if pair[0] == pair[1] { return pair[0] }
        if pair[1] == .vector(pair[0].channels) { return pair[0] }
        if pair[0] == .vector(pair[1].channels) { return pair[1] }
        throw InputError(.mismatch, "the operands' shapes do not fit", expected: "\(pair[0])", found: "\(pair[1])")
    }

    private static func concatenation(_ operands: [ActivationShape]) throws(InputError) -> ActivationShape {
        guard let first = operands.first else { throw InputError(.malformed, "nothing to concatenate") }
        let channels = operands.map(\.channels).reduce(0, +)
        for operand in operands where operand.extent != first.extent {
            throw InputError(.mismatch, "the operands' extents differ", expected: "\(first)", found: "\(operand)")
        }
        guard case .spatial(let height, let width, _) = first else { return .vector(channels) }
        return .spatial(height: height, width: width, channels: channels)
    }

    fileprivate static func needs(_ what: String, _ found: ActivationShape) -> InputError {
        InputError(.mismatch, "the input's shape does not fit", expected: what, found: "\(found)")
    }

    /// The number of windows along one axis.
    fileprivate static func windows(
        _ size: Int,
        kernel: Int,
        stride: Int,
        padding: Int,
        dilation: Int = 1,
        roundsUp: Bool = false,
        firstPadding: Int = 0
    ) throws(InputError) -> Int {
        let limit = 1 << 20
        guard (1...limit).contains(kernel), (1...limit).contains(stride), (1...limit).contains(dilation),
            (0...limit).contains(padding), (0...padding).contains(firstPadding)
        else { throw InputError(.malformed, "kernel, stride, padding or dilation is out of range") }
        let span = size + padding - (dilation * (kernel - 1) + 1)
        guard span >= 0 else {
            throw InputError(.mismatch, "the kernel is larger than the padded input", found: "\(size + padding)")
        }
        guard roundsUp else { return span / stride + 1 }
        let count = (span + stride - 1) / stride + 1
        // As PyTorch and ONNX: the last window must start inside the input or its leading border.
        return (count - 1) * stride >= size + firstPadding ? count - 1 : count
    }
}

extension Convolution {
    fileprivate func outputShape(of operands: [ActivationShape]) throws(InputError) -> ActivationShape {
        let expected = epilogue.addsSecondInput ? 2 : 1
        guard operands.count == expected else {
            throw InputError(.malformed, "wrong number of inputs", expected: "\(expected)", found: "\(operands.count)")
        }
        guard case .spatial(let height, let width, let channels) = operands[0] else {
            throw Operation.needs("a spatial value", operands[0])
        }
        guard groups > 0, channels % groups == 0, outChannels > 0, outChannels % groups == 0 else {
            throw InputError(
                .mismatch,
                "channels do not divide into \(groups) groups",
                found: "\(channels) in, \(outChannels) out"
            )
        }
        let shape = ActivationShape.spatial(
            height: try Operation.windows(
                height,
                kernel: kernel.height,
                stride: stride.height,
                padding: padding.top + padding.bottom,
                dilation: dilation.height
            ),
            width: try Operation.windows(
                width,
                kernel: kernel.width,
                stride: stride.width,
                padding: padding.left + padding.right,
                dilation: dilation.width
            ),
            channels: outChannels
        )
        if epilogue.addsSecondInput, operands[1] != shape {
            throw InputError(
                .mismatch,
                "the addend's shape does not fit",
                expected: "\(shape)",
                found: "\(operands[1])"
            )
        }
        return shape
    }
}

extension Pool {
    fileprivate func outputShape(of input: ActivationShape) throws(InputError) -> ActivationShape {
        guard case .spatial(let height, let width, let channels) = input else {
            throw Operation.needs("a spatial value", input)
        }
        return .spatial(
            height: try Operation.windows(
                height,
                kernel: kernel.height,
                stride: stride.height,
                padding: padding.top + padding.bottom,
                roundsUp: roundsUp,
                firstPadding: padding.top
            ),
            width: try Operation.windows(
                width,
                kernel: kernel.width,
                stride: stride.width,
                padding: padding.left + padding.right,
                roundsUp: roundsUp,
                firstPadding: padding.left
            ),
            channels: channels
        )
    }
}
