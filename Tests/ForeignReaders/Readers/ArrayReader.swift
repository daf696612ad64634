internal import ArtifactFiles
internal import TestSupport

/// NumPy arrays.
struct ArrayReader: ForeignReader {
    var name: String { "npy" }
    var dictionary: [[UInt8]] {
        ["'descr'", "'fortran_order'", "'shape'", "False", "True", "'<f4'", "'<i8'", "'|u1'", "(1,)", "\u{93}NUMPY"]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] { try Seeds.files("ArtifactFiles", endingIn: ".npy") }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let array = try NPYFile(path: folder.write(bytes, "input.npy"))
        precondition(array.count * array.elementType.size <= bytes.count, "no more elements than bytes")
        do throws(InputError) { _ = try array.floats() } catch {}
        do throws(InputError) { _ = try array.integers() } catch {}
        try array.withFloats { _ in }
        _ = try array.doubles()
    }
}
