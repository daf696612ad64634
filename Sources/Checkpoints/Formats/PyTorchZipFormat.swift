internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph

/// What `torch.save` writes since PyTorch 1.6: a zip archive with a pickle and one entry per storage.
struct PyTorchZipFormat: CheckpointFormat {
    var name: String { "pytorch" }
    var summary: String {
        "a state_dict or module as torch.save writes it (.pt, .pth, .ckpt) since PyTorch 1.6, or a TorchScript archive"
    }

    func recognises(_ content: CheckpointContent) -> Bool {
        content.hasPrefix([0x50, 0x4b, 0x03, 0x04]) || content.hasPrefix([0x50, 0x4b, 0x05, 0x06])
    }

    func read(_ content: CheckpointContent) throws(InputError) -> Checkpoint {
        let archive = try ZipArchive(content.bytes)
        let root = try Self.root(of: archive)
        if archive.contains(root + "byteorder") {
            let order = String(decoding: try archive.content(root + "byteorder"), as: UTF8.self)
            guard order == "little" else {
                throw InputError(.unsupported, "byte order", place: "byteorder", expected: "little", found: order)
            }
        }
        let torch = try TorchPickle(try archive.content(root + "data.pkl"), part: "data.pkl")
        // One storage serves many tensors at times: check each entry once.
        var storages: [String: UnsafeRawBufferPointer] = [:]
        return try PyTorchStateReader(content: content, format: name)
            .read(torch) { storage throws(InputError) in
                if let bytes = storages[storage.key] { return bytes }
                let bytes = try archive.content(root + "data/" + storage.key)
                storages[storage.key] = bytes
                return bytes
            }
    }

    /// The folder that all entries are in, with its slash.
    private static func root(of archive: ZipArchive) throws(InputError) -> String {
        let suffix = "data.pkl"
        let pickle = archive.names.first { name in
            name == suffix || (name.hasSuffix("/" + suffix) && name.count { $0 == "/" } == 1)
        }
        guard let pickle else {
            throw InputError(
                .unsupported,
                "a zip archive, but not one that torch.save wrote",
                expected: "an entry data.pkl",
                found: archive.names.prefix(3).joined(separator: ", ")
            )
        }
        return String(pickle.dropLast(suffix.count))
    }
}
