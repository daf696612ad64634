internal import ArgumentParser
internal import ArtifactFiles
internal import EvaluationRuns
internal import FaceImaging
internal import FaceProtocols
internal import Synchronization
internal import SyntheticFaces
internal import TrainingData
internal import TrainingSessions

/// `verifar synth`.
struct SynthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Make synthetic faces: an IJB-C-shaped protocol and, when asked, a training tree.",
        discussion: """
            The same options give the same bytes on any machine. OUTPUT gets loose_crop/, meta/ and protocol.yml (evaluate \
            it with --protocol OUTPUT/protocol.yml --data OUTPUT); with --training-share also train/<identity>/<n>.jpg of other identities, \
            with their landmarks in train/landmarks.txt.

              verifar synth --output faces --identities 100 --seed 1
              verifar synth --output faces --identities 1000 --training-share 0.6 --training-images 40 --seed 1
            """
    )

    @Option(
        help: ArgumentHelp("Where to put them; must not hold a protocol yet.", valueName: "dir"),
        completion: .directory
    )
    var output: String

    @Option(help: ArgumentHelp("People in all.", valueName: "n"))
    var identities: Int

    @Option(help: ArgumentHelp("Everything follows from it.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Pictures per person in the protocol.", valueName: "n"))
    var images: Int = 8

    @Option(help: ArgumentHelp("Templates per person: this many enrolled, this many to verify.", valueName: "n"))
    var templates: Int = 1

    @Option(help: ArgumentHelp("Impostor comparisons; all of them without it.", valueName: "n"))
    var impostors: Int?

    @Option(help: ArgumentHelp("How far photographs of one person differ.", valueName: "easy|standard|hard"))
    var strength: String = "standard"

    @Option(help: ArgumentHelp("A factor on how far people differ, 0.1 … 1.5; smaller is harder.", valueName: "x"))
    var diversity: Double = 1

    @Option(help: ArgumentHelp("Side of a picture in pixels.", valueName: "n"))
    var imageSize: Int = 160

    @Option(help: ArgumentHelp("Share of the people who are only in the training tree, 0 … 1.", valueName: "x"))
    var trainingShare: Double = 0

    @Option(help: ArgumentHelp("Pictures per person in the training tree.", valueName: "n"))
    var trainingImages: Int = 40

    @Option(
        help: ArgumentHelp(
            "The training set's form: a folder per identity, or aligned 112x112 faces in train.rec and train.idx.",
            valueName: "tree|recordio"
        )
    )
    var trainingForm = TrainingForm.tree

    /// Forms of a training set.
    enum TrainingForm: String, ExpressibleByArgument, CaseIterable {
        case tree
        case recordio
    }

    @OptionGroup(title: "Running") var running: RunOptions

    private var display: RunDisplay { RunDisplay(isQuiet: running.quiet) }

    func run() async throws {
        let population = try SyntheticPopulation(
            seed: seed,
            diversity: diversity,
            strength: NuisanceStrength.named(strength),
            settings: SyntheticFaceSettings(imageSize: imageSize)
        )
        guard identities > 0, identities <= 10_000_000 else {
            throw InputError(.usage, "--identities is out of range", expected: "1 … 10000000", found: "\(identities)")
        }
        let split =
            trainingShare > 0
            ? try SyntheticIdentitySplit(count: identities, trainingShare: trainingShare, seed: seed) : nil
        let plan = try SyntheticProtocolPlan(
            population: population,
            identities: split?.evaluation ?? Array(0..<identities),
            options: SyntheticProtocolPlan.Options(
                imagesPerIdentity: images,
                enrolledTemplates: templates,
                verificationTemplates: templates,
                impostors: impostors.map { .sample($0) } ?? .all
            )
        )
        if FileSystem.exists(FileSystem.join(output, "meta")) {
            throw InputError(.unwritable, "a protocol is there already", file: FileSystem.join(output, "meta"))
        }
        try FileSystem.createFolder(output)
        if let split {
            switch trainingForm {
            case .tree: try await writeTraining(population, split.training)
            case .recordio: try writeRecords(population, split.training)
            }
        }
        try await writeProtocol(plan, population)
    }

    private func writeProtocol(_ plan: SyntheticProtocolPlan, _ population: SyntheticPopulation) async throws {
        let folder = SyntheticProtocolFolder(plan: plan, population: population, workers: running.threadCount)
        let progress = RunPart("protocol", unit: "faces", display.listener)
        let count = plan.images.count
        let value = try await folder.write(to: output) { progress.update($0, of: count) }
        progress.finish("\(count) faces")
        print(
            "\(output): \(value.images.count) images, \(value.templates.count) templates, "
                + "\(value.comparisons.genuineCount) genuine and \(value.comparisons.impostorCount) impostor comparisons"
        )
    }

    private func writeTraining(_ population: SyntheticPopulation, _ identities: [Int]) async throws {
        let plan = try SyntheticTrainingPlan(
            population: population,
            identities: identities,
            imagesPerIdentity: trainingImages
        )
        let root = FileSystem.join(output, "train")
        var lastFolder = ""
        for item in plan.items {
            let folder = String(item.path.prefix { $0 != "/" })
            if folder != lastFolder { try FileSystem.createFolder(FileSystem.join(root, folder)) }
            lastFolder = folder
        }
        let progress = RunPart("training faces", unit: "faces", display.listener)
        let done = Atomic<Int>(0)
        let landmarks = Mutex([String](repeating: "", count: plan.items.count))
        try await population.render(plan.items.map(\.shot), workers: running.threadCount) { index, face in
            try SyntheticProtocolFolder.write(face, to: FileSystem.join(root, plan.items[index].path))
            let numbers = (face.landmarks.points.flatMap { [$0.x, $0.y] } + [face.score]).map { "\(Float($0))" }
            landmarks.withLock { $0[index] = "\(plan.items[index].path) \(numbers.joined(separator: " "))\n" }
            progress.update(done.add(1, ordering: .relaxed).newValue, of: plan.items.count)
        }
        try AtomicFile.write(landmarks.withLock { $0.joined() }, to: FileSystem.join(root, "landmarks.txt"))
        progress.finish("\(plan.items.count) faces")
        print("\(root): \(plan.items.count) images of \(identities.count) people")
    }

    /// Aligned faces as InsightFace distributes its training sets.
    private func writeRecords(_ population: SyntheticPopulation, _ identities: [Int]) throws(InputError) {
        let root = FileSystem.join(output, "train")
        let cache = FileSystem.join(output, "train.partial")
        try FileSystem.createFolder(root)
        defer { FileSystem.remove(cache) }
        let progress = RunPart("training faces", unit: "faces", display.listener)
        let source = try SyntheticFaceSource(
            population: population,
            identities: identities,
            imagesPerIdentity: trainingImages,
            cacheFolder: cache,
            threads: running.threadCount
        ) { progress.update($0, of: $1) }
        var writer = try RecordIOWriter(folder: root, classSizes: source.classSizes, size: source.pictureSize)
        let reader = source.makeReader()
        for sample in 0..<source.sampleCount {
            let face = try reader.picture(of: sample)
            try writer.append(try face.jpegData(quality: 95), label: source.label(of: sample))
        }
        try writer.commit()
        progress.finish("\(source.sampleCount) faces")
        print("\(root)/train.rec: \(source.sampleCount) images of \(identities.count) people")
    }
}
