/// The cosines of all pairs of some faces.
package struct SimilarityMatrix: Hashable, Sendable {
    /// The number of faces.
    package let count: Int
    /// Each face's subject; negative where it takes no part.
    package let subjects: [Int]
    /// `[count, count]`.
    package let cosines: [Float]

    /// Wraps cosines.
    package init(cosines: [Float], subjects: [Int]) {
        precondition(cosines.count == subjects.count * subjects.count)
        count = subjects.count
        self.cosines = cosines
        self.subjects = subjects
    }

    /// Compares embeddings.
    ///
    /// - Parameters:
    ///   - embeddings: `[count, dimensions]`.
    ///   - isPresent: Faces to be compared.
    ///   - subjects: Each face's subject.
    ///   - isCentred: Whether the mean embedding is taken away first.
    package init(_ embeddings: [Float], isPresent: [Bool], subjects: [Int], isCentred: Bool = false) {
        let count = subjects.count
        let dimensions = count > 0 ? embeddings.count / count : 0
        let units = Self.units(embeddings, isPresent, dimensions, isCentred)
        var cosines = [Float](repeating: 0, count: count * count)
        cosines.withUnsafeMutableBufferPointer { cosines in
            units.withUnsafeBufferPointer { units in
                for first in 0..<count {
                    for second in first..<count {
                        var sum: Float = 0
                        for axis in 0..<dimensions {
                            sum += units[first * dimensions + axis] * units[second * dimensions + axis]
                        }
                        cosines[first * count + second] = sum
                        cosines[second * count + first] = sum
                    }
                }
            }
        }
        self.count = count
        self.cosines = cosines
        self.subjects = zip(subjects, isPresent).map { $1 ? $0 : -1 }
    }

    private static func units(_ embeddings: [Float], _ isPresent: [Bool], _ dimensions: Int, _ isCentred: Bool)
        -> [Float]
    {
        var units = embeddings
        if isCentred {
            var mean = [Double](repeating: 0, count: dimensions)
            let present = isPresent.indices.filter { isPresent[$0] }
            for face in present {
                for axis in 0..<dimensions {
                    mean[axis] += Double(embeddings[face * dimensions + axis]) / Double(present.count)
                }
            }
            for face in present {
                for axis in 0..<dimensions { units[face * dimensions + axis] -= Float(mean[axis]) }
            }
        }
        for face in isPresent.indices {
            let range = face * dimensions..<(face + 1) * dimensions
            let square = units[range].reduce(0.0) { $0 + Double($1) * Double($1) }
            let factor = square > 0 ? Float(1 / square.squareRoot()) : 0
            for place in range { units[place] *= factor }
        }
        return units
    }

    /// A pair's cosine.
    package func cosine(_ first: Int, _ second: Int) -> Float { cosines[first * count + second] }

    /// The cosines of genuine and impostor pairs, each pair once.
    package func scores() -> (genuine: [Float], impostor: [Float]) {
        var (genuine, impostor): ([Float], [Float]) = ([], [])
        for first in 0..<count where subjects[first] >= 0 {
            for second in first + 1..<max(first + 1, count) where subjects[second] >= 0 {
                if subjects[first] == subjects[second] {
                    genuine.append(cosine(first, second))
                } else {
                    impostor.append(cosine(first, second))
                }
            }
        }
        return (genuine, impostor)
    }
}
