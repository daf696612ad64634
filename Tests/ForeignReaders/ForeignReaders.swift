/// The readers that are tested with foreign bytes.
public enum ForeignReaders {
    /// Every one; a new reader is a new line.
    public static let all: [any ForeignReader] = [
        JPEGReader(),
        PNGReader(),
        PickleReader(),
        PyTorchZipReader(),
        SafetensorsReader(),
        ONNXReader(),
        MXNetReader(),
        RecordIOReader(),
        CIFARReader(),
        LandmarkListReader(),
        PackedPicturesReader(),
        ArrayReader(),
        ProtocolFolderReader.ijb,
        ProtocolFolderReader.nist,
        ProtocolFolderReader.bin,
        ProtocolFolderReader.lfwPairs,
        ProtocolFolderReader.pairsCSV,
        ProtocolDescriptorReader(),
        RecipeReader(),
        EmbeddingCacheReader(),
        RunStateReader(),
        ReportReader(),
        ScoreListsReader(),
        PictureListReader(),
        LandmarkFileReader(),
    ]
}
