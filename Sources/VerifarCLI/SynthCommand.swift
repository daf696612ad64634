internal import ArgumentParser
internal import ArtifactFiles
internal import SyntheticFaces
internal import TrainingSessions

struct SynthCommand: ParsableCommand {
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

    @Option(help: .value("dir", "Where to put them; must not hold a protocol yet."), completion: .directory)
    var output: String

    @Option(help: .value("n", "People in all."))
    var identities: Int

    @Option(help: .value("n", "Everything follows from it."))
    var seed: UInt64 = 1

    @Option(help: .value("n", "Pictures per person in the protocol."))
    var images: Int = 8

    @Option(help: .value("n", "Templates per person: this many enrolled, this many to verify."))
    var templates: Int = 1

    @Option(help: .value("n", "Impostor comparisons; all of them without it."))
    var impostors: Int?

    @Option(help: .value("easy|standard|hard", "How far photographs of one person differ."))
    var strength: String = "standard"

    @Option(help: .value("x", "A factor on how far people differ, 0.1 … 1.5; smaller is harder."))
    var diversity: Double = 1

    @Option(help: .value("n", "Side of a picture in pixels."))
    var imageSize: Int = 160

    @Option(help: .value("x", "Share of the people who are only in the training tree, 0 … 1."))
    var trainingShare: Double = 0

    @Option(help: .value("n", "Pictures per person in the training tree."))
    var trainingImages: Int = 40

    @Option(
        help: .value(
            "tree|recordio",
            "The training set's form: a folder per identity, or aligned 112x112 faces in train.rec and train.idx."
        )
    )
    var trainingForm = SyntheticDataSet.TrainingForm.tree

    @OptionGroup(title: "Running") var running: RunOptions

    func run() throws {
        let population = try SyntheticPopulation(
            seed: seed,
            diversity: diversity,
            strength: NuisanceStrength.named(strength),
            settings: SyntheticFaceSettings(imageSize: imageSize)
        )
        guard identities > 0, identities <= 10_000_000 else {
            throw InputError(.usage, "--identities is out of range", expected: "1 … 10000000", found: "\(identities)")
        }
        var dataSet = SyntheticDataSet(population, identities: identities)
        dataSet.seed = seed
        dataSet.options = SyntheticProtocolPlan.Options(
            imagesPerIdentity: images,
            enrolledTemplates: templates,
            verificationTemplates: templates,
            impostors: impostors.map { .sample($0) } ?? .all
        )
        dataSet.trainingShare = trainingShare
        dataSet.trainingImages = trainingImages
        dataSet.trainingForm = trainingForm
        dataSet.threads = running.threadCount
        dataSet.listener = RunDisplay(isQuiet: running.quiet).listener
        try dataSet.write(to: output)
    }
}
