internal import NeuralGraph
internal import NeuralTraining
internal import SeededRandom

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The last known embedding of every sample.
final class ContrastMemory {
    let key: String
    let shape: [Int]
    var values: [Float]

    /// Uniform within ±1/√(dimensions / 3), as the published code.
    init(_ key: String, _ count: Int, _ dimensions: Int, _ generator: inout SeededGenerator) {
        self.key = key
        shape = [count, dimensions]
        values = Tensor(uniform: shape, bound: 1 / (Float(dimensions) / 3).squareRoot(), &generator).values
    }

    var tensor: Tensor { Tensor(shape: shape, values: values) }

    /// Inner products of every face's embedding with candidates of its own, `[batch, candidates]`.
    ///
    /// The rows are read where they are: gathered, they would be as large as batch × candidates × dimensions. The way back
    /// reads them again and so has to come before ``move(_:to:momentum:)``.
    func products(_ embeddings: TapeValue, _ candidates: [Int]) -> TapeValue {
        let (batch, dimensions) = (embeddings.rows, shape[1])
        let count = candidates.count / batch
        let vectors = embeddings.matrix.elements
        var result = Matrix(rows: batch, columns: count)
        values.withUnsafeBufferPointer { memory in
            vectors.withUnsafeBufferPointer { vectors in
                for (index, candidate) in candidates.enumerated() {
                    let (row, vector) = (candidate * dimensions, index / count * dimensions)
                    var sum: Float = 0
                    for place in 0..<dimensions { sum += memory[row + place] * vectors[vector + place] }
                    result.elements[index] = sum
                }
            }
        }
        return embeddings.tape.custom([embeddings], value: result) { [self] upstream in
            var gradient = Matrix(rows: batch, columns: dimensions)
            values.withUnsafeBufferPointer { memory in
                gradient.elements.withUnsafeMutableBufferPointer { gradient in
                    for (index, candidate) in candidates.enumerated() {
                        let (row, vector) = (candidate * dimensions, index / count * dimensions)
                        let factor = upstream.elements[index]
                        for place in 0..<dimensions { gradient[vector + place] += factor * memory[row + place] }
                    }
                }
            }
            return [gradient]
        }
    }

    /// Moves samples towards their embeddings and normalises them, in order.
    func move(_ samples: [Int], to embeddings: Matrix, momentum: Float) {
        let dimensions = shape[1]
        for (face, sample) in samples.enumerated() {
            let start = sample * dimensions
            var square = 0.0
            for (place, value) in embeddings.row(face).enumerated() {
                let moved = values[start + place] * momentum + value * (1 - momentum)
                values[start + place] = moved
                square += Double(moved) * Double(moved)
            }
            let norm = Float(square.squareRoot())
            for place in start..<start + dimensions { values[place] /= norm }
        }
    }
}

/// ln x.
func logarithm(_ x: Double) -> Double { log(x) }
