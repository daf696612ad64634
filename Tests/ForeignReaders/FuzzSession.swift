/// One reader with its files, for one input after the other.
public final class FuzzSession {
    private let reader: any ForeignReader
    private let folder: ScratchFolder

    /// Makes the reader's folder.
    public init(_ reader: any ForeignReader) throws {
        self.reader = reader
        folder = try ScratchFolder()
    }

    /// Reads one input; a refusal is as good as a value.
    public func run(_ bytes: UnsafeRawBufferPointer) {
        run(Array(bytes))
    }

    /// Reads one input; a refusal is as good as a value.
    public func run(_ bytes: [UInt8]) {
        do {
            try reader.read(bytes, in: folder)
        } catch {
            precondition(!"\(error)".isEmpty, "a refusal says something")
        }
    }
}
