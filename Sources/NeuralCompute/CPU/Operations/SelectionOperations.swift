extension CPUDevice {
    func reshape(_ input: CPUTensor, rows: Int, columns: Int) -> OperationResult {
        let result = CPUTensor(rows: rows, columns: columns)
        result.base.update(from: input.base, count: input.count)
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulateEach(slots[0], like: input) { g[$0] }
        }
    }

    func gatherRows(_ input: CPUTensor, _ indices: [Int]) -> OperationResult {
        let columns = input.columns
        let result = CPUTensor(rows: indices.count, columns: columns)
        for (target, source) in indices.enumerated() {
            (result.base + target * columns).update(from: input.base + source * columns, count: columns)
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulate(slots[0], like: input) { gradient, holdsSum in
                if !holdsSum { gradient.update(repeating: 0, count: input.count) }
                for (source, target) in indices.enumerated() {
                    for column in 0..<columns { gradient[target * columns + column] += g[source * columns + column] }
                }
            }
        }
    }

    func gatherPositions(_ input: CPUTensor, _ positions: [Int], channels: Int) -> OperationResult {
        let (maps, size, length) = (input.rows, input.columns, positions.count * channels)
        let result = CPUTensor(rows: maps, columns: length)
        for map in 0..<maps {
            let (source, target) = (input.base + map * size, result.base + map * length)
            for (index, position) in positions.enumerated() {
                if position < 0 {
                    (target + index * channels).update(repeating: 0, count: channels)
                } else {
                    (target + index * channels).update(from: source + position * channels, count: channels)
                }
            }
        }
        return OperationResult(result) { [self] upstream, slots in
            accumulate(slots[0], like: input) { gradient, holdsSum in
                if !holdsSum { gradient.update(repeating: 0, count: input.count) }
                for map in 0..<maps {
                    let (source, target) = (upstream.onCPU.base + map * length, gradient + map * size)
                    for (index, position) in positions.enumerated() where position >= 0 {
                        for channel in 0..<channels {
                            target[position * channels + channel] += source[index * channels + channel]
                        }
                    }
                }
            }
        }
    }

    func concatenateColumns(_ first: CPUTensor, _ second: CPUTensor) -> OperationResult {
        let (n, width) = (first.columns, first.columns + second.columns)
        let result = CPUTensor(rows: first.rows, columns: width)
        for row in 0..<first.rows {
            let target = result.base + row * width
            target.update(from: first.base + row * n, count: n)
            (target + n).update(from: second.base + row * (width - n), count: width - n)
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulateEach(slots[0], like: first) { g[$0 / n * width + $0 % n] }
            accumulateEach(slots[1], like: second) { g[$0 / (width - n) * width + n + $0 % (width - n)] }
        }
    }
}
