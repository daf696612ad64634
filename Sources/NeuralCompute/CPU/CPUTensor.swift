/// A matrix in host memory that the tensor owns or was lent.
final class CPUTensor: DeviceTensor {
    let base: UnsafeMutablePointer<Float>
    private let isOwner: Bool
    private let keeper: AnyObject?

    /// Memory of its own; the elements are undefined until written.
    override init(rows: Int, columns: Int) {
        base = .allocate(capacity: max(1, rows * columns))
        isOwner = true
        keeper = nil
        super.init(rows: rows, columns: columns)
    }

    /// Memory of somebody else's, whom `keeper` keeps alive.
    init(borrowing base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, keeper: AnyObject) {
        self.base = base
        isOwner = false
        self.keeper = keeper
        super.init(rows: rows, columns: columns)
    }

    deinit { if isOwner { base.deallocate() } }

    /// A tensor of one number.
    convenience init(scalar: Float) {
        self.init(rows: 1, columns: 1)
        base[0] = scalar
    }

    var buffer: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}

extension DeviceTensor {
    /// The same tensor as one of the CPU's.
    var onCPU: CPUTensor {
        guard let tensor = self as? CPUTensor else { preconditionFailure("a tensor of another device") }
        return tensor
    }
}
