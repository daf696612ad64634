internal import ArtifactFiles
internal import Checkpoints
internal import NeuralGraph

/// Pickles, as PyTorch's legacy files hold them: without the checksums that keep mutants out of zip archives.
struct PickleReader: ForeignReader {
    var name: String { "pickle" }
    var dictionary: [[UInt8]] {
        CheckpointCheck.names
            + ["\u{1}Q", "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "storage"]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("Checkpoints/PyTorch", endingIn: "").filter { $0.first == 0x80 && $0.count < 16_000 }
            + Seeds.files("Hostile/pickle", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        try CheckpointCheck.read(bytes, "input.pth", in: folder, format: "pytorch-legacy")
    }
}

/// PyTorch's zip archives.
struct PyTorchZipReader: ForeignReader {
    var name: String { "zip" }
    var dictionary: [[UInt8]] {
        CheckpointCheck.names
            + [
                [0x50, 0x4b, 1, 2], [0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6], [0x50, 0x4b, 6, 6], [0x50, 0x4b, 6, 7],
                [1, 0, 16, 0], Array("/data.pkl".utf8), Array("byteorder".utf8),
            ]
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("Checkpoints/PyTorch", endingIn: "").filter { $0.first == 0x50 && $0.count < 16_000 }
            + Seeds.files("Hostile/zip", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        try CheckpointCheck.read(bytes, "input.pth", in: folder, format: "pytorch")
    }
}

/// Safetensors, as a checkpoint and as a bare file of tensors.
struct SafetensorsReader: ForeignReader {
    var name: String { "safetensors" }
    var dictionary: [[UInt8]] {
        CheckpointCheck.names
            + [
                "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "\"F16\"", "\"BF16\"",
                "\"I64\"", "\"verifar.", "\\u0000",
            ]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("Checkpoints/Safetensors", endingIn: ".safetensors").filter { $0.count < 16_000 }
            + Seeds.files("Hostile/safetensors", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        _ = try? TensorFile(path: folder.write(bytes, "input.safetensors"))
        try CheckpointCheck.read(bytes, "input.safetensors", in: folder, format: name)
    }
}

/// ONNX graphs; data in another file lie in `external.bin`.
struct ONNXReader: ForeignReader {
    var name: String { "onnx" }
    var dictionary: [[UInt8]] {
        [
            "Conv", "BatchNormalization", "PRelu", "Relu", "Clip", "Gemm", "MatMul", "Flatten", "Reshape", "Add", "Sub",
            "Mul", "Div", "Pad", "Transpose", "Constant", "Shape", "Gather", "Unsqueeze", "Concat", "ReduceMean",
            "ReduceL2", "LpNormalization", "GlobalAveragePool", "AveragePool", "MaxPool", "Slice", "Cast", "Expand",
            "location", "external.bin", "offset", "length", "axis", "axes", "pads", "strides", "group", "kernel_shape",
            "alpha", "perm", "value",
        ]
        .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("Checkpoints/ONNX", endingIn: ".onnx").filter { $0.count < 12_000 }
            + Seeds.files("Hostile/onnx", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        if !FileSystem.exists(FileSystem.join(folder.path, "external.bin")) {
            try folder.write([UInt8](repeating: 0x3f, count: 4096), "external.bin")
        }
        try CheckpointCheck.read(bytes, "input.onnx", in: folder, format: name)
    }
}

/// MXNet's parameters and the symbol beside them.
struct MXNetReader: ForeignReader {
    var name: String { "mxnet" }
    var dictionary: [[UInt8]] {
        [Parcel.separator]
            + [
                "Convolution", "BatchNorm", "LeakyReLU", "FullyConnected", "Activation", "Pooling", "Flatten",
                "Dropout",
                "elemwise_add", "_minus_scalar", "_mul_scalar", "\"op\"", "\"inputs\"", "\"attrs\"", "\"nodes\"",
                "\"heads\"", "\"kernel\"", "\"num_filter\"", "\"(3, 3)\"", "arg:", "aux:",
            ]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        let folder = "CheckpointsOwn/MXNet"
        let symbols = try Seeds.files(folder, endingIn: "-symbol.json")
        return try ["v0", "v1", "v2", "half"]
            .map { name in
                try Parcel.join([
                    Seeds.file("\(folder)/\(name)-0012.params"), Seeds.file("\(folder)/\(name)-symbol.json"),
                ])
            }
            + Seeds.files(folder, endingIn: "-0000.params")
            .flatMap { parameters in symbols.filter { $0.count < 400 }.prefix(4).map { Parcel.join([parameters, $0]) } }
            + Seeds.files("Hostile/mxnet", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let files = Parcel.split(bytes, into: 2)
        try folder.write(files[1], "input-symbol.json")
        try CheckpointCheck.read(files[0], "input-0001.params", in: folder, format: name)
    }
}

/// What is done with a checkpoint of any format.
private enum CheckpointCheck {
    static let names: [[UInt8]] = [
        "module.", "backbone.", "state_dict", "conv1.weight", "bn1.running_var", "num_batches_tracked",
    ]
    .map { Array($0.utf8) }

    static func read(_ bytes: [UInt8], _ file: String, in folder: ScratchFolder, format: String) throws {
        guard let reader = CheckpointFormats.all.first(where: { $0.name == format }) else {
            preconditionFailure("no format \(format)")
        }
        let path = FileSystem.join(folder.path, file)
        let checkpoint = try bytes.withUnsafeBytes { raw in
            let content = CheckpointContent(path: path, bytes: raw)
            guard !raw.isEmpty, reader.recognises(content) else { throw InputError(.unsupported, "another format") }
            return try reader.read(content)
        }
        precondition(
            checkpoint.weights.scalarCount <= 2 * (bytes.count + 1 << 16) + 1 << 20,
            "no more than the file holds"
        )
        // What is well-formed goes on to the recognition of its network, which reads the file again.
        try folder.write(bytes, file)
        let lines = try CheckpointInspection(path: path).lines
        precondition(!lines.isEmpty, "something can be said")
    }
}
