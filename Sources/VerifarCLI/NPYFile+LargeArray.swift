internal import ArtifactFiles
internal import LargeArrays

extension NPYFile {
    /// Writes a list, whole or not at all, a block at a time.
    ///
    /// - Throws: `InputError` (`unwritable`).
    static func write<Element: NPYElement>(_ values: LargeArray<Element>, to path: String) throws(InputError) {
        var writer = try NPYWriter<Element>(path: path, shape: [values.count])
        for start in stride(from: 0, to: values.count, by: LargeArray<Element>.blockLength) {
            let range = start..<min(start + LargeArray<Element>.blockLength, values.count)
            try writer.append(Array(values[range]))
            values.giveBack(range)
        }
        try writer.commit()
    }
}
