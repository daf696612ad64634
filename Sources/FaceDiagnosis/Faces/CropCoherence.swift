internal import Foundation

/// How well crops fit the mean crop: high where the same parts of faces lie in the same places.
///
/// It needs no network and no labels. Crops are compared as 28 × 28 cells of grey of which the surroundings' mean and
/// contrast are taken away, without the border, so that light and background count little. A shift of all faces leaves
/// the fit as it is; landmarks of other pictures lower it.
package struct CropCoherence: Sendable {
    /// Cells a side of the grid.
    private static let cells = 28
    private static let shownRows = 4..<26
    private static let shownColumns = 4..<24
    /// Of the Gaussian that defines the surroundings, in cells.
    private static let surroundings = 4.0
    /// Added to the contrast, in grey levels: flat parts stay flat.
    private static let leastContrast = 4.0

    /// Each crop as a vector of zero mean and unit length; nil without a crop.
    private let vectors: [[Double]?]
    private let sum: [Double]

    /// Compares crops with the mean of the other ones.
    package init(_ faces: AlignedFaces) {
        let kernel = Self.kernel()
        vectors = (0..<faces.count)
            .map { face in
                faces.isPresent[face] ? Self.vector(faces.crop(face), faces.width, faces.height, kernel) : nil
            }
        var sum = [Double](repeating: 0, count: Self.shownRows.count * Self.shownColumns.count)
        for vector in vectors {
            guard let vector else { continue }
            for cell in sum.indices { sum[cell] += vector[cell] }
        }
        self.sum = sum
    }

    /// The mean correlation of the crops with the mean of the others; NaN without crops.
    package var mean: Double {
        let known = correlations(of: self).compactMap { $0 }
        return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
    }

    /// The correlation of other crops of the same faces with the mean of these crops, the face's own left out.
    ///
    /// - Returns: nil for a face without the other crop, or where there is no mean.
    package func correlations(of others: CropCoherence) -> [Double?] {
        others.vectors.enumerated()
            .map { face, other in
                guard let other else { return nil }
                let own = vectors[face]
                var (product, square) = (0.0, 0.0)
                for cell in sum.indices {
                    let rest = sum[cell] - (own?[cell] ?? 0)
                    product += rest * other[cell]
                    square += rest * rest
                }
                return square > 1e-12 ? product / square.squareRoot() : nil
            }
    }

    /// nil for a crop of one colour.
    private static func vector(_ crop: ArraySlice<UInt8>, _ width: Int, _ height: Int, _ kernel: [Double]) -> [Double]?
    {
        var grey = cellMeans(crop, width, height)
        let blurred = blur(grey, kernel)
        for cell in grey.indices { grey[cell] -= blurred[cell] }
        let contrast = blur(grey.map { $0 * $0 }, kernel)
        for cell in grey.indices { grey[cell] /= max(0, contrast[cell]).squareRoot() + leastContrast }
        var vector = shownRows.flatMap { row in shownColumns.map { grey[row * cells + $0] } }
        let mean = vector.reduce(0, +) / Double(vector.count)
        for cell in vector.indices { vector[cell] -= mean }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 1e-6 ? vector.map { $0 / length } : nil
    }

    private static func cellMeans(_ crop: ArraySlice<UInt8>, _ width: Int, _ height: Int) -> [Double] {
        var sums = [Int](repeating: 0, count: cells * cells)
        var counts = sums
        crop.withUnsafeBufferPointer { crop in
            for y in 0..<height {
                for x in 0..<width {
                    let place = (y * width + x) * 3
                    let cell = y * cells / height * cells + x * cells / width
                    sums[cell] += Int(crop[place]) + 2 * Int(crop[place + 1]) + Int(crop[place + 2])
                    counts[cell] += 4
                }
            }
        }
        return zip(sums, counts).map { $1 > 0 ? Double($0) / Double($1) : 0 }
    }

    private static func kernel() -> [Double] {
        let radius = Int(3 * surroundings)
        let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * surroundings * surroundings)) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// A separable blur; the border's cells go on beyond it.
    private static func blur(_ grid: [Double], _ kernel: [Double]) -> [Double] {
        let radius = kernel.count / 2
        func pass(_ grid: [Double], _ place: (Int, Int) -> Int) -> [Double] {
            var result = grid
            for line in 0..<cells {
                for position in 0..<cells {
                    var sum = 0.0
                    for tap in kernel.indices {
                        sum += kernel[tap] * grid[place(line, min(cells - 1, max(0, position + tap - radius)))]
                    }
                    result[place(line, position)] = sum
                }
            }
            return result
        }
        let rows = pass(grid) { $0 * cells + $1 }
        return pass(rows) { $1 * cells + $0 }
    }
}
