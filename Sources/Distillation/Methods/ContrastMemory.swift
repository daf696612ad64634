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
        let (batch, dimensions, threads) = (embeddings.rows, shape[1], embeddings.tape.threads)
        let count = candidates.count / batch
        var result = Matrix(rows: batch, columns: count)
        result.elements.withUnsafeMutableBufferPointer { result in
            embeddings.withElements { vectors in
                eachFace(batch, candidates, threads: threads) { face, place, row in
                    result[face * count + place] = Self.dot(vectors, face * dimensions, row, dimensions)
                }
            }
        }
        return embeddings.tape.custom([embeddings], value: result) { [self] upstream in
            var gradient = Matrix(rows: batch, columns: dimensions)
            gradient.elements.withUnsafeMutableBufferPointer { gradient in
                upstream.elements.withUnsafeBufferPointer { upstream in
                    eachFace(batch, candidates, threads: threads) { face, place, row in
                        let factor = upstream[face * count + place]
                        let start = face * dimensions
                        for index in 0..<dimensions { gradient[start &+ index] += factor * row[index] }
                    }
                }
            }
            return [gradient]
        }
    }

    /// Visits the memory's row of each candidate of each face; a face belongs to one thread.
    @inline(__always)
    private func eachFace(
        _ batch: Int,
        _ candidates: [Int],
        threads: Int,
        _ body: (_ face: Int, _ place: Int, _ row: UnsafePointer<Float>) -> Void
    ) {
        let (dimensions, count) = (shape[1], candidates.count / batch)
        values.withUnsafeBufferPointer { memory in
            candidates.withUnsafeBufferPointer { candidates in
                guard let base = memory.baseAddress else { return }
                inRows(batch, length: count * dimensions, threads: threads) { faces in
                    for face in faces {
                        for place in 0..<count {
                            body(face, place, base + candidates[face &* count &+ place] &* dimensions)
                        }
                    }
                }
            }
        }
    }

    /// The inner product of a face's embedding and a row, eight lanes.
    @inline(__always)
    private static func dot(
        _ vectors: UnsafeBufferPointer<Float>,
        _ start: Int,
        _ row: UnsafePointer<Float>,
        _ count: Int
    ) -> Float {
        guard let base = vectors.baseAddress else { return 0 }
        let (a, b) = (UnsafeRawPointer(base + start), UnsafeRawPointer(row))
        var lanes = SIMD8<Float>.zero
        var index = 0
        while index &+ 8 <= count {
            lanes +=
                a.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self)
                * b.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self)
            index &+= 8
        }
        var sum = lanes.sum()
        while index < count {
            sum += base[start &+ index] * row[index]
            index &+= 1
        }
        return sum
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

/// eˣ.
func exponential(_ x: Double) -> Double { exp(x) }
