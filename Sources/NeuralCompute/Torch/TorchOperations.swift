#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension TorchDevice {
    /// Computes an operation; see ``Device``.
    public func apply(_ operation: TensorOperation, to inputs: [DeviceTensor]) -> OperationResult {
        let operands = inputs.map(\.onTorch)
        let a = operands[0]
        switch operation {
        case .map(let function): return map(function, a)
        case .combine(let combination): return combine(combination, a, operands[1])
        case .product:
            let b = operands[1]
            return result(product(a.handle, b.handle), a.rows, b.columns) { [self] g in
                [product(g, transpose(b.handle)), product(transpose(a.handle), g)]
            }
        case .productTransposed:
            let b = operands[1]
            return result(product(a.handle, transpose(b.handle)), a.rows, b.rows) { [self] g in
                [product(g, b.handle), product(transpose(g), a.handle)]
            }
        case .productWithNormalizedRows(let leastNorm): return cosines(a, operands[1], Double(leastNorm))
        case .normalizeRows(let leastNorm): return normalizeRows(a, Double(leastNorm))
        case .transpose:
            return result(contiguous(transpose(a.handle), a.columns, a.rows), a.columns, a.rows) { [self] g in
                [contiguous(transpose(g), a.rows, a.columns)]
            }
        case .rowSums: return sums(a, over: [1])
        case .columnSums: return sums(a, over: [0])
        case .sum: return sums(a, over: [0, 1])
        case .logSoftmax:
            let y = logSoftmax(a.handle)
            return result(y, a.rows, a.columns) { [self] g in
                [call("_log_softmax_backward_data", [.tensor(g), .tensor(y), .int(1), .type(library.float32)])[0]]
            }
        case .crossEntropy(let loss): return crossEntropy(a, loss)
        case .klDivergence(let temperature): return divergence(a, operands[1], Double(temperature))
        case .reshape(let rows, let columns):
            return result(reshape(a.handle, [rows, columns]), rows, columns) { [self] g in
                [reshape(g, [a.rows, a.columns])]
            }
        case .gatherRows(let rows): return gatherRows(a, rows)
        case .gatherPositions(let positions, let channels): return gatherPositions(a, positions, channels)
        case .concatenateColumns:
            let b = operands[1]
            return result(concatenate([a.handle, b.handle], axis: 1), a.rows, a.columns + b.columns) { [self] g in
                [narrow(g, axis: 1, from: 0, count: a.columns), narrow(g, axis: 1, from: a.columns, count: b.columns)]
            }
        case .candidateProducts(let candidates): return candidateProducts(a, operands[1], candidates)
        }
    }

    /// A value, and the gradients of its operands from its own.
    private func result(
        _ value: TorchHandle,
        _ rows: Int,
        _ columns: Int,
        _ gradients: @escaping (TorchHandle) -> [TorchHandle]
    ) -> OperationResult {
        OperationResult(TorchTensor(value, rows: rows, columns: columns)) { [self] upstream, slots in
            for (slot, term) in zip(slots, gradients(upstream.onTorch.handle)) {
                if let slot { accumulate(slot, term) }
            }
        }
    }

    private func accumulate(_ slot: GradientSlot, _ term: TorchHandle) {
        var isFirst = false
        let (tensor, holdsSum) = slot.next {
            isFirst = true
            return TorchTensor(term, rows: slot.rows, columns: slot.columns, isFixed: false)
        }
        guard !isFirst else { return }
        let sum = tensor.onTorch
        let value = holdsSum ? add(sum.handle, term) : term
        // Terms may be shared with other gradients: only memory that was lent is written to.
        if sum.isFixed { assign(value, to: sum.handle) } else { sum.handle = value }
    }

    private func contiguous(_ x: TorchHandle, _ rows: Int, _ columns: Int) -> TorchHandle {
        reshape(reshape(x, [rows * columns]), [rows, columns])
    }

    // MARK: Elements

    private func map(_ function: ElementFunction, _ x: TorchTensor) -> OperationResult {
        let value = x.handle
        func elementwise(_ y: TorchHandle, _ gradient: @escaping (TorchHandle) -> TorchHandle) -> OperationResult {
            result(y, x.rows, x.columns) { [gradient($0)] }
        }
        switch function {
        case .squared: return elementwise(multiply(value, value)) { [self] in multiply($0, multiply(value, 2)) }
        case .squareRoot:
            let y = unary("sqrt", value)
            return elementwise(y) { [self] g in
                choose(greater(y, scalar(0)), divide(multiply(g, 0.5), y), scalar(0))
            }
        case .exponential:
            let y = unary("exp", value)
            return elementwise(y) { [self] in multiply($0, y) }
        case .logarithm: return elementwise(unary("log", value)) { [self] in divide($0, value) }
        case .rectified:
            return elementwise(unary("relu", value)) { [self] in choose(greater(value, scalar(0)), $0, scalar(0)) }
        case .magnitude: return elementwise(unary("abs", value)) { [self] in multiply($0, unary("sign", value)) }
        case .sigmoid:
            let y = unary("sigmoid", value)
            return elementwise(y) { [self] g in multiply(g, multiply(y, add(multiply(y, -1), 1))) }
        case .smoothAbsolute:
            let size = unary("abs", value)
            let y = choose(greater(scalar(1), size), multiply(multiply(value, value), 0.5), add(size, -0.5))
            return elementwise(y) { [self] g in multiply(g, clamp(value, -1, 1)) }
        case .clamped(let low, let high):
            let y = clamp(value, Double(low), Double(high))
            // Where the value did not move, the derivative is 1.
            return elementwise(y) { [self] g in
                choose(call("eq.Tensor", [.tensor(y), .tensor(value)])[0], g, scalar(0))
            }
        case .affine(let factor, let offset):
            return elementwise(add(multiply(value, Double(factor)), Double(offset))) { [self] in
                multiply($0, Double(factor))
            }
        }
    }

    func clamp(_ x: TorchHandle, _ low: Double, _ high: Double) -> TorchHandle {
        call("clamp.Tensor", [.tensor(x), .optionalTensor(scalar(low)), .optionalTensor(scalar(high))])[0]
    }

    private func combine(_ combination: ElementCombination, _ a: TorchTensor, _ b: TorchTensor) -> OperationResult {
        let (x, y) = (a.handle, b.handle)
        let (rows, columns) = (max(a.rows, b.rows), max(a.columns, b.columns))
        func spread(_ g: TorchHandle, _ partial: TorchHandle?, to operand: TorchTensor) -> TorchHandle {
            reduce(partial.map { multiply(g, $0) } ?? g, rows, columns, to: operand)
        }
        switch combination {
        case .add:
            return result(add(x, y), rows, columns) { g in [spread(g, nil, to: a), spread(g, nil, to: b)] }
        case .subtract:
            return result(subtract(x, y), rows, columns) { [self] g in
                [spread(g, nil, to: a), spread(multiply(g, -1), nil, to: b)]
            }
        case .multiply:
            return result(multiply(x, y), rows, columns) { g in [spread(g, y, to: a), spread(g, x, to: b)] }
        case .divide:
            return result(divide(x, y), rows, columns) { [self] g in
                let first = divide(g, y)
                return [spread(first, nil, to: a), spread(first, multiply(divide(x, y), -1), to: b)]
            }
        }
    }

    /// A gradient summed over what an operand was broadcast over.
    private func reduce(_ g: TorchHandle, _ rows: Int, _ columns: Int, to operand: TorchTensor) -> TorchHandle {
        var axes: [Int] = []
        if operand.rows != rows { axes.append(0) }
        if operand.columns != columns { axes.append(1) }
        return axes.isEmpty ? g : sum(g, over: axes)
    }

    private func sums(_ x: TorchTensor, over axes: [Int]) -> OperationResult {
        let (rows, columns) = (axes.contains(0) ? 1 : x.rows, axes.contains(1) ? 1 : x.columns)
        return result(sum(x.handle, over: axes), rows, columns) { [self] g in
            [contiguous(expand(g, [x.rows, x.columns]), x.rows, x.columns)]
        }
    }

    // MARK: Norms

    private func norms(_ x: TorchHandle) -> TorchHandle { unary("sqrt", sum(multiply(x, x), over: [1])) }

    private func normalizeRows(_ x: TorchTensor, _ leastNorm: Double) -> OperationResult {
        let norms = norms(x.handle)
        let divisor = maximum(norms, leastNorm)
        let y = divide(x.handle, divisor)
        return result(y, x.rows, x.columns) { [self] g in
            let along = choose(greater(norms, scalar(leastNorm)), sum(multiply(g, y), over: [1]), scalar(0))
            return [divide(subtract(g, multiply(along, y)), divisor)]
        }
    }

    private func cosines(_ a: TorchTensor, _ b: TorchTensor, _ leastNorm: Double) -> OperationResult {
        let divisor = maximum(norms(b.handle), leastNorm)
        let y = divide(product(a.handle, transpose(b.handle)), transpose(divisor))
        return result(y, a.rows, b.rows) { [self] g in
            let scaled = divide(g, transpose(divisor))
            let radial = transpose(sum(multiply(g, y), over: [0]))
            let along = multiply(divide(radial, multiply(divisor, divisor)), b.handle)
            return [product(scaled, b.handle), subtract(product(transpose(scaled), a.handle), along)]
        }
    }

    // MARK: Softmax

    private func logSoftmax(_ x: TorchHandle) -> TorchHandle {
        call("_log_softmax", [.tensor(x), .int(1), .bool(false)])[0]
    }

    private func gather(_ x: TorchHandle, _ columns: TorchHandle) -> TorchHandle {
        call("gather", [.tensor(x), .int(1), .tensor(columns), .bool(false)])[0]
    }

    private func scatter(_ x: TorchHandle, _ columns: TorchHandle, _ values: TorchHandle) -> TorchHandle {
        call("scatter.src", [.tensor(x), .int(1), .tensor(columns), .tensor(values)])[0]
    }

    private func crossEntropy(_ x: TorchTensor, _ loss: MarginCrossEntropy) -> OperationResult {
        let rows = x.rows
        let labels = indices(loss.labels, [rows, 1])
        let (target, derivative) = target(gather(x.handle, labels), loss)
        let logProbabilities = logSoftmax(multiply(scatter(x.handle, labels, target), Double(loss.scale)))
        let atLabels = gather(logProbabilities, labels)
        let value = multiply(sum(atLabels, over: [0, 1]), -1 / Double(rows))
        return result(value, 1, 1) { [self] g in
            let weight = multiply(g, Double(loss.scale) / Double(rows))
            let shares = unary("exp", logProbabilities)
            var own = add(gather(shares, labels), -1)
            if let derivative { own = multiply(own, derivative) }
            return [multiply(scatter(shares, labels, own), weight)]
        }
    }

    /// What takes the place of the label's entry, and the derivative of that; 1 if nil.
    private func target(_ entry: TorchHandle, _ loss: MarginCrossEntropy) -> (TorchHandle, TorchHandle?) {
        let rows = loss.labels.count
        func column(_ function: (Float) -> Float) -> TorchHandle { upload(loss.margins.map(function), [rows, 1]) }
        switch loss.margin {
        case .none: return (entry, nil)
        case .additive: return (subtract(entry, column { $0 }), nil)
        case .angular(let gradient, let beyondPi):
            let cosine = clamp(entry, -1, 1)
            let sine = unary("sqrt", multiply(add(multiply(cosine, -1), 1), add(cosine, 1)))
            let (cosM, sinM) = (column { cos($0) }, column { sin($0) })
            var value = subtract(multiply(cosine, cosM), multiply(sine, sinM))
            var derivative: TorchHandle?
            if gradient == .exact {
                let sineOfSum = add(multiply(sine, cosM), multiply(cosine, sinM))
                derivative = divide(sineOfSum, maximum(sine, Double(MarginCrossEntropy.leastSine)))
            }
            if beyondPi == .linear {
                // Rows without a margin are compared with a bound that no cosine reaches.
                let isBefore = greater(cosine, column { $0 > 0 ? -cos($0) : -2 })
                value = choose(isBefore, value, subtract(cosine, column { $0 * sin($0) }))
                derivative = derivative.map { choose(isBefore, $0, scalar(1)) }
            }
            return (value, derivative)
        }
    }

    private func divergence(_ x: TorchTensor, _ teacher: TorchTensor, _ temperature: Double) -> OperationResult {
        let student = logSoftmax(multiply(x.handle, 1 / temperature))
        let reference = logSoftmax(multiply(teacher.handle, 1 / temperature))
        let shares = unary("exp", reference)
        // A class of no weight adds nothing, however unlikely the student finds it; NaN is no weight of 0.
        let isNothing = call("eq.Tensor", [.tensor(shares), .tensor(scalar(0))])[0]
        let terms = choose(isNothing, scalar(0), multiply(shares, subtract(reference, student)))
        let value = multiply(sum(terms, over: [0, 1]), temperature * temperature / Double(x.rows))
        return result(value, 1, 1) { [self] g in
            [multiply(subtract(unary("exp", student), shares), multiply(g, temperature / Double(x.rows)))]
        }
    }

    // MARK: Selections

    private func gatherRows(_ x: TorchTensor, _ rows: [Int]) -> OperationResult {
        let index = indices(rows)
        let value = call("index_select", [.tensor(x.handle), .int(0), .tensor(index)])[0]
        return result(value, rows.count, x.columns) { [self] g in
            let columns = expand(reshape(index, [rows.count, 1]), [rows.count, x.columns])
            let sum = zeros([x.rows, x.columns])
            return [call("scatter_add_", [.tensor(sum), .int(0), .tensor(columns), .tensor(g)])[0]]
        }
    }

    private func gatherPositions(_ x: TorchTensor, _ positions: [Int], _ channels: Int) -> OperationResult {
        let count = positions.count
        let index = indices(positions.map { max($0, 0) })
        let mask = upload(positions.map { $0 < 0 ? 0 : 1 }, [1, count, 1])
        let sizes = [x.rows, x.columns / channels, channels]
        let gathered = call("index_select", [.tensor(reshape(x.handle, sizes)), .int(1), .tensor(index)])[0]
        let value = reshape(multiply(gathered, mask), [x.rows, count * channels])
        return result(value, x.rows, count * channels) { [self] g in
            let terms = multiply(reshape(g, [x.rows, count, channels]), mask)
            let places = expand(reshape(index, [1, count, 1]), [x.rows, count, channels])
            let sum = call("scatter_add_", [.tensor(zeros(sizes)), .int(1), .tensor(places), .tensor(terms)])[0]
            return [reshape(sum, [x.rows, x.columns])]
        }
    }

    private func candidateProducts(_ x: TorchTensor, _ memory: TorchTensor, _ candidates: [Int]) -> OperationResult {
        let count = candidates.count / max(1, x.rows)
        let index = indices(candidates, [x.rows, count])
        /// Row by row: all candidates together would be as large as rows × candidates × columns.
        func row(_ row: Int) -> TorchHandle {
            let own = reshape(narrow(index, axis: 0, from: row, count: 1), [count])
            return call("index_select", [.tensor(memory.handle), .int(0), .tensor(own)])[0]
        }
        let rows = (0..<x.rows)
            .map { product(narrow(x.handle, axis: 0, from: $0, count: 1), transpose(row($0))) }
        return result(concatenate(rows, axis: 0), x.rows, count) { [self] g in
            [
                concatenate(
                    (0..<x.rows).map { product(narrow(g, axis: 0, from: $0, count: 1), row($0)) },
                    axis: 0
                )
            ]
        }
    }
}
