public import ArtifactFiles

/// A recipe to start from: some values, and every other key of the same sections as a comment.
public struct RecipeStart: Sendable {
    /// What `verifar recipe init` calls it.
    public let name: String
    /// What it trains: one sentence without a full stop.
    public let purpose: String
    /// Values by the paths of their keys.
    private let values: [String: String]

    /// All starts.
    public static let all = [
        RecipeStart(
            name: "folder",
            purpose: "a network on aligned faces, a folder for each person",
            values: face([
                "data.folder.path": "faces",
                "data.folder.fit": "exact",
                "network.architecture": "mbf",
                "training.batch": "128",
                "training.epochs": "20",
            ])
        ),
        RecipeStart(
            name: "recordio",
            purpose: "MobileFaceNet on an InsightFace training set, at InsightFace's settings",
            values: face([
                "data.recordio.path": "/data/ms1m-retinaface-t1/train.rec",
                "data.classes": "93431",
                "network.architecture": "mbf",
                "training.batch": "128",
                "training.epochs": "40",
                "optimizer.weight-decay": "0.0001",
            ])
        ),
        RecipeStart(
            name: "synthetic",
            purpose: "a small network on rendered faces: three minutes, no data needed",
            values: face([
                "network.architecture": "mbf",
                "network.width": "0.25",
                "network.embedding": "128",
                "network.input": "[64, 64]",
                "population.identities": "500",
                "population.diversity": "0.6",
                "population.image-size": "112",
                "data.synthetic.images": "24",
                "training.batch": "64",
                "training.epochs": "10",
                "head.loss": "cosface",
                "head.scale": "32",
                "head.margin": "0.3",
                "schedule.rate": "0.1",
                "schedule.reference-batch": "64",
                "schedule.power": "2",
                "schedule.warm-up-epochs": "1",
                "evaluation.protocols": "[{name: held-out, synthetic: {images: 6}}]",
            ])
        ),
        RecipeStart(
            name: "cifar",
            purpose: "a CIFAR-100 classifier, as RepDistiller and HeadSharingKD train it",
            values: [
                "name": "\"resnet8x4, CIFAR-100\"",
                "network.architecture": "resnet8x4",
                "network.input": "[32, 32]",
                "preprocessing.mean": "[129.3105, 124.1085, 112.404]",
                "preprocessing.std": "[68.2125, 65.4075, 70.4055]",
                "data.cifar100.path": "cifar-100-binary/train.bin",
                "data.classes": "100",
                "augmentation.flip": "0.5",
                "augmentation.crop-padding": "4",
                "training.batch": "64",
                "training.epochs": "240",
                "training.drop-last": "false",
                "head.loss": "softmax",
                "optimizer.weight-decay": "0.0005",
                "schedule.kind": "step",
                "schedule.rate": "0.05",
                "schedule.milestones": "[150, 180, 210]",
                "evaluation.accuracy": "{cifar100: {path: cifar-100-binary/test.bin}, classes: 100}",
            ]
        ),
        RecipeStart(
            name: "compress",
            purpose: "a small network that learns from a large checkpoint (verifar distill)",
            values: face([
                "network.architecture": "mbf",
                "data.folder.path": "faces",
                "training.batch": "128",
                "training.epochs": "20",
                "distillation.teacher.checkpoint": "large.onnx",
                "distillation.teacher.preprocessing": "{name: insightface}",
                "distillation.methods": "[{method: l2e, weight: 30}]",
                "distillation.projector": "false",
            ])
        ),
    ]

    /// What face trainings have in common; `values` win.
    private static func face(_ values: [String: String]) -> [String: String] {
        [
            "name": "\"my network\"",
            "preprocessing.name": "insightface",
            "augmentation.flip": "0.5",
            "head.loss": "arcface",
            "head.scale": "64",
            "head.margin": "0.5",
            "optimizer.kind": "sgd",
            "optimizer.momentum": "0.9",
            "optimizer.weight-decay": "0.0005",
            "schedule.kind": "polynomial",
            "schedule.rate": "0.1",
            "schedule.reference-batch": "1024",
            "schedule.power": "1",
            "evaluation.protocols": "[]",
            "saving.formats": "[safetensors, onnx]",
        ]
        .merging(values) { $1 }
    }

    /// The start of a name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known names.
    public static func named(_ name: String) throws(InputError) -> RecipeStart {
        guard let start = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "start", known: all.map(\.name))
        }
        return start
    }

    /// The recipe file.
    ///
    /// What is commented out shows each other key of a section with an example.
    public var text: String {
        let command = values.keys.contains { $0.hasPrefix("distillation") } ? "distill" : "train"
        return """
            # \(purpose.prefix(1).uppercased() + purpose.dropFirst()).
            #   verifar \(command) --recipe FILE --output out
            # Lines with '#' before a key show what else may stand there. More on a key: verifar recipe explain KEY

            """ + lines(TrainingRecipe.self, under: "", indent: "").joined(separator: "\n") + "\n"
    }

    private func lines(_ section: any SettingsSection.Type, under prefix: String, indent: String) -> [String] {
        section.keys.flatMap { key -> [String] in
            let (path, about) = (prefix + key.stringValue, key.about)
            if case .section(let inner) = about.kind, values.keys.contains(where: { $0.hasPrefix(path + ".") }) {
                return ["\(indent)# \(about.sentence)", "\(indent)\(key.stringValue):"]
                    + lines(inner, under: path + ".", indent: indent + "  ")
            }
            if let value = values[path] { return ["\(indent)\(key.stringValue): \(value)  # \(about.sentence)"] }
            return ["\(indent)# \(key.stringValue): \(about.example)  # \(about.sentence)"]
        }
    }
}
