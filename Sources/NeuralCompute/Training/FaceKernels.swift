internal import NeuralGraph
internal import SeededRandom

/// A function of one number, with its derivative: `factor(channel) · x + term(channel)`, or a non-linearity.
struct PointwiseKernel: FaceKernel {
    enum Function {
        case activation(Activation)
        case channelAffine(scale: String, shift: String)
        case scalarAffine(scale: Float, shift: Float)
    }

    let function: Function
    let count: Int
    let channels: Int

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let x = inputs[0]
        switch function {
        case .scalarAffine(let scale, let shift):
            for index in 0..<count { output[index] = x[index] * scale + shift }
        case .channelAffine(let scale, let shift):
            let (scale, shift) = (state.parameter(scale), state.parameter(shift))
            for index in 0..<count { output[index] = x[index] * scale[index % channels] + shift[index % channels] }
        case .activation(.relu): for index in 0..<count { output[index] = x[index] < 0 ? 0 : x[index] }
        case .activation(.clip(let low, let high)):
            for index in 0..<count { output[index] = x[index] < low ? low : x[index] > high ? high : x[index] }
        case .activation(.leakyRelu(let slope)):
            for index in 0..<count { output[index] = x[index] < 0 ? x[index] * slope : x[index] }
        case .activation(.sigmoid):
            for index in 0..<count { output[index] = Float(1 / (1 + exponential(-Double(x[index])))) }
        case .activation(.prelu): preconditionFailure("PReLU has a step of its own")
        }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let x = inputs[0]
        switch function {
        case .scalarAffine(let scale, _): for index in 0..<count { target[index] += gradient[index] * scale }
        case .channelAffine(let scale, _):
            let scale = state.parameter(scale)
            for index in 0..<count { target[index] += gradient[index] * scale[index % channels] }
        case .activation(.relu): for index in 0..<count where x[index] > 0 { target[index] += gradient[index] }
        case .activation(.clip(let low, let high)):
            for index in 0..<count where x[index] > low && x[index] < high { target[index] += gradient[index] }
        case .activation(.leakyRelu(let slope)):
            for index in 0..<count { target[index] += x[index] > 0 ? gradient[index] : gradient[index] * slope }
        case .activation(.sigmoid):
            for index in 0..<count {
                let y = Float(1 / (1 + exponential(-Double(x[index]))))
                target[index] += gradient[index] * y * (1 - y)
            }
        case .activation(.prelu): preconditionFailure("PReLU has a step of its own")
        }
    }
}

/// A sum or a product of two values, one of which may be `[channels]`.
struct PairKernel: FaceKernel {
    let multiplies: Bool
    let count: Int
    /// Length of each operand: `count`, or that of a vector that is repeated.
    let lengths: [Int]

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let (left, right) = (inputs[0], inputs[1])
        for index in 0..<count {
            let (a, b) = (left[index % lengths[0]], right[index % lengths[1]])
            output[index] = multiplies ? a * b : a + b
        }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let other = 1 - operand
        for index in 0..<count {
            let factor = multiplies ? inputs[other][index % lengths[other]] : 1
            target[index % lengths[operand]] += gradient[index] * factor
        }
    }
}

/// Numbers that change places: output[i] = input[from(i)], or a constant.
struct MoveKernel: FaceKernel {
    /// For each output its operand and place, or nil for the constant.
    let sources: [(operand: Int, place: Int)?]
    let constant: Float

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        for (index, source) in sources.enumerated() {
            output[index] = source.map { inputs[$0.operand][$0.place] } ?? constant
        }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        for (index, source) in sources.enumerated() {
            guard let source, source.operand == operand else { continue }
            target[source.place] += gradient[index]
        }
    }

    /// Channel, row, column order.
    static func flatten(_ shape: ActivationShape) -> MoveKernel {
        let positions = shape.count / shape.channels
        return MoveKernel(
            sources: (0..<shape.count).map { (0, $0 % positions * shape.channels + $0 / positions) },
            constant: 0
        )
    }

    /// Operands side by side along the channels.
    static func concatenate(_ shapes: [ActivationShape]) -> MoveKernel {
        let positions = shapes[0].count / shapes[0].channels
        var sources: [(operand: Int, place: Int)?] = []
        for position in 0..<positions {
            for (operand, shape) in shapes.enumerated() {
                for channel in 0..<shape.channels { sources.append((operand, position * shape.channels + channel)) }
            }
        }
        return MoveKernel(sources: sources, constant: 0)
    }

    /// A border of a constant.
    static func pad(_ padding: Padding, _ shape: ActivationShape, constant: Float) -> MoveKernel {
        let (height, width) = shape.extent
        var sources: [(operand: Int, place: Int)?] = []
        for row in -padding.top..<height + padding.bottom {
            for column in -padding.left..<width + padding.right {
                let isInside = (0..<height).contains(row) && (0..<width).contains(column)
                for channel in 0..<shape.channels {
                    sources.append(isInside ? (0, (row * width + column) * shape.channels + channel) : nil)
                }
            }
        }
        return MoveKernel(sources: sources, constant: constant)
    }

    /// The value as it is.
    static func copy(_ shape: ActivationShape) -> MoveKernel {
        MoveKernel(sources: (0..<shape.count).map { (0, $0) }, constant: 0)
    }
}

/// Dropout: a number stays with probability 1 − rate and is then divided by that; the identity in evaluation.
struct DropoutKernel: FaceKernel {
    let rate: Float
    let count: Int
    /// Names the random stream.
    let step: Int

    private func apply(face: Int, _ state: TrainingState, _ body: (_ index: Int, _ factor: Float) -> Void) {
        guard case .training(let seed, let firstFace) = state.mode, rate > 0 else {
            for index in 0..<count { body(index, 1) }
            return
        }
        // Forward and backward draw the same numbers.
        var random = SeededGenerator(seed: seed, stream: UInt64(step) << 32 | UInt64(firstFace + face))
        let kept = 1 / (1 - rate)
        for index in 0..<count { body(index, random.uniform() < Double(rate) ? 0 : kept) }
    }

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        apply(face: face, state) { output[$0] = $1 == 0 ? 0 : inputs[0][$0] * $1 }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        apply(face: face, state) { if $1 != 0 { target[$0] += gradient[$0] * $1 } }
    }
}

/// Division by the Euclidean norm, at least epsilon.
struct UnitKernel: FaceKernel {
    let epsilon: Float
    let count: Int

    private func norm(_ x: UnsafePointer<Float>) -> Double {
        var square = 0.0
        for index in 0..<count { square += Double(x[index]) * Double(x[index]) }
        return square.squareRoot()
    }

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let divisor = max(norm(inputs[0]), Double(epsilon))
        for index in 0..<count { output[index] = Float(Double(inputs[0][index]) / divisor) }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let x = inputs[0]
        let norm = norm(x)
        let divisor = max(norm, Double(epsilon))
        var along = 0.0
        // Below epsilon the divisor is a constant.
        if norm > Double(epsilon) {
            for index in 0..<count { along += Double(gradient[index]) * Double(x[index]) }
            along /= norm * norm
        }
        for index in 0..<count {
            target[index] += Float((Double(gradient[index]) - along * Double(x[index])) / divisor)
        }
    }
}

/// Maximum or mean over windows; the mean over all pixels is one window.
struct PoolKernel: FaceKernel {
    let pool: Pool
    let input: ActivationShape
    let output: ActivationShape

    /// Runs over an output's window: its numbers' places, and the divisor of a mean.
    private func window(_ index: Int, _ body: (_ places: (rows: Range<Int>, columns: Range<Int>), _ count: Int) -> Void)
    {
        let (height, width) = input.extent
        let position = index / input.channels
        let top = position / output.extent.width * pool.stride.height - pool.padding.top
        let left = position % output.extent.width * pool.stride.width - pool.padding.left
        let rows = max(top, 0)..<max(max(top, 0), min(top + pool.kernel.height, height))
        let columns = max(left, 0)..<max(max(left, 0), min(left + pool.kernel.width, width))
        // As PyTorch: padding counts where asked, what lies beyond it (rounding up) never does.
        let covered =
            pool.countsPadding
            ? (min(top + pool.kernel.height, height + pool.padding.bottom) - top)
                * (min(left + pool.kernel.width, width + pool.padding.right) - left)
            : rows.count * columns.count
        body((rows, columns), covered)
    }

    private func place(_ row: Int, _ column: Int, _ index: Int) -> Int {
        (row * input.extent.width + column) * input.channels + index % input.channels
    }

    /// The first of the largest, as PyTorch; NaN is larger than anything.
    private func largest(_ x: UnsafePointer<Float>, _ index: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Int? {
        var best: Int?
        for row in rows {
            for column in columns {
                let place = place(row, column, index)
                guard let held = best else {
                    best = place
                    continue
                }
                if x[place] > x[held] || (x[place].isNaN && !x[held].isNaN) { best = place }
            }
        }
        return best
    }

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        let x = inputs[0]
        for index in 0..<self.output.count {
            window(index) { places, count in
                if pool.kind == .maximum {
                    output[index] = largest(x, index, places.rows, places.columns).map { x[$0] } ?? -.infinity
                    return
                }
                var sum = 0.0
                for row in places.rows { for column in places.columns { sum += Double(x[place(row, column, index)]) } }
                output[index] = Float(sum / Double(count))
            }
        }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        for index in 0..<output.count {
            window(index) { places, count in
                if pool.kind == .maximum {
                    if let best = largest(inputs[0], index, places.rows, places.columns) {
                        target[best] += gradient[index]
                    }
                    return
                }
                let share = gradient[index] / Float(count)
                for row in places.rows { for column in places.columns { target[place(row, column, index)] += share } }
            }
        }
    }
}
