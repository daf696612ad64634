/// One reader of foreign bytes behind one call, for mutation tests and for fuzzing.
///
/// A reader is a file below `Readers/` and a line in ``ForeignReaders/all``. Whatever the bytes are, it answers with a
/// value or an error; a crash, more than a second or more than the bound on memory is a mistake of the code that it calls.
public protocol ForeignReader: Sendable {
    /// The name that `Scripts/fuzz` knows it by.
    var name: String { get }
    /// Byte strings that are worth inserting.
    var dictionary: [[UInt8]] { get }

    /// Inputs to begin with: the project's own fixtures.
    func seeds() throws -> [[UInt8]]

    /// Reads one input.
    ///
    /// - Parameters:
    ///   - bytes: What a file holds; several files are joined by ``Parcel``.
    ///   - folder: Where files may be put for readers that open paths.
    /// - Throws: The reader's own refusal.
    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws
}

extension ForeignReader {
    /// None.
    public var dictionary: [[UInt8]] { [] }
}
