package import ArtifactFiles
package import LargeArrays

extension NPYFile {
    /// Writes a list, whole or not at all, a block at a time.
    ///
    /// - Parameters:
    ///   - values: The elements in C order.
    ///   - shape: Axis lengths; one axis when nil.
    ///   - path: The destination.
    /// - Throws: `InputError` (`unwritable`).
    package static func write<Element: NPYElement>(
        _ values: LargeArray<Element>,
        shape: [Int]? = nil,
        to path: String
    ) throws(InputError) {
        var writer = try NPYWriter<Element>(path: path, shape: shape ?? [values.count])
        try values.forEachBlock { _, block throws(InputError) in try writer.append(Array(block)) }
        try writer.commit()
    }

    /// Reads all elements, a block at a time.
    ///
    /// - Parameter convert: The elements in a range.
    /// - Throws: What `convert` throws.
    func largeArray<Element>(
        _ convert: (Range<Int>) throws(InputError) -> [Element]
    ) throws(InputError) -> LargeArray<Element> {
        let builder = LargeArrayBuilder<Element>(count: count)
        for start in stride(from: 0, to: count, by: LargeArray<Element>.blockLength) {
            let range = start..<min(start + LargeArray<Element>.blockLength, count)
            _ = UnsafeMutableBufferPointer(rebasing: builder.elements[range])
                .initialize(fromContentsOf: try convert(range))
            builder.giveBack(range)
        }
        return builder.finish()
    }
}
