internal import ArtifactFiles
internal import Dispatch
internal import EvaluationRuns
internal import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import Recipes
internal import Reporting
internal import SeededRandom
internal import Synchronization
internal import TrainingData

/// People of a training folder who are not trained on, and the protocol that their faces make.
///
/// Their images are stored as the network sees them: fitted to its size, without loss. All pairs of one person's images
/// are compared, and as many of different people's, both up to ``mostPairs``, drawn from a seed.
struct HoldOut {
    /// Everybody else.
    let training: SubsetSource
    private let heldOut: SubsetSource
    private let seed: UInt64

    private static let descriptorFile = "protocol.yml"
    private static let suffix = ".png"
    /// Most genuine pairs, and most impostor pairs.
    private static let mostPairs = 200_000

    /// Chooses people.
    ///
    /// - Parameters:
    ///   - whole: Everybody.
    ///   - settings: How many, and what decides who it is besides the number of people.
    /// - Throws: `InputError` when nothing could be compared.
    init(of whole: any TrainingSource, _ settings: HoldOutSettings) throws(InputError) {
        let count = Int((settings.share * Double(whole.classCount)).rounded())
        var random = SeededGenerator(seed: settings.seed, stream: 0x4001_d007)
        let order = random.permutation(of: whole.classCount)
        let sizes = whole.classSizes
        let chosen = order.prefix(count).sorted()
        guard count >= 2, count < whole.classCount, chosen.contains(where: { sizes[$0] >= 2 }) else {
            throw InputError(
                .usage,
                "the people held out cannot be compared",
                file: settings.folder,
                place: "key \"data.folder.hold-out\"",
                expected:
                    "a share that gives 2 or more people, one of them with 2 or more images, and leaves some to train on",
                found: "\(count) of \(whole.classCount) people"
            )
        }
        heldOut = try SubsetSource(whole, classes: chosen)
        training = try SubsetSource(whole, classes: order.dropFirst(count).sorted())
        seed = settings.seed
    }

    /// Writes the images into a folder of their own, unless it is there.
    ///
    /// - Returns: The folder's protocol: `protocol.yml`, `images/<person>/<file>.png`.
    func render(into cacheFolder: String, threads: Int, log: RunLog, listener: @escaping RunListener) throws
        -> ProtocolSelection
    {
        let key = ContentDigest(of: "hold-out 1: \(heldOut.digest), \(seed)")
        let folder = FileSystem.join(cacheFolder, "hold-out-\(key.description.prefix(16))")
        let descriptor = FileSystem.join(folder, Self.descriptorFile)
        log.note(
            "held out: \(heldOut.classCount) people with \(heldOut.sampleCount) images; to evaluate others on them: "
                + "--protocol \(descriptor) --data \(folder)"
        )
        let selection = ProtocolSelection(descriptor, dataFolder: folder)
        if FileSystem.exists(descriptor) { return selection }
        let progress = RunPart("fitting the people held out", unit: "faces", listener)
        let total = heldOut.sampleCount
        let next = Atomic<Int>(0)
        let failure = Mutex<InputError?>(nil)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let reader = heldOut.makeReader()
            while true {
                let sample = next.add(1, ordering: .relaxed).oldValue
                guard sample < total, failure.withLock({ $0 == nil }) else { return }
                do throws(InputError) {
                    let path = FileSystem.join(folder, "images/\(heldOut.name(of: sample))\(Self.suffix)")
                    try FileSystem.createFolder(FileSystem.parent(of: path))
                    var file = try AtomicFile(path: path)
                    try file.write(try reader.picture(of: sample).pngData(compression: 1))
                    try file.commit(survivingPowerFailure: false)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
                progress.update(sample + 1, of: total)
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        progress.finish("\(total) faces in \(folder)")
        // Last, so that a folder with it is whole.
        try AtomicFile.write(
            """
            name: hold-out
            title: People held out of a training folder
            format: identity-folder
            files:
              images: images
              sample: "\(Self.mostPairs)"
              seed: "\(seed)"

            """,
            to: descriptor
        )
        return selection
    }

    /// Writes down who is held out and what is compared: `people.txt`, a name per line, and `pairs.csv`, images by the paths
    /// of the training folder.
    static func write(_ value: VerificationProtocol, to folder: String) throws(InputError) {
        try FileSystem.createFolder(folder)
        let people = Set(value.subjects?.names ?? []).sorted()
        try AtomicFile.write(people.map { $0 + "\n" }.joined(), to: FileSystem.join(folder, "people.txt"))
        // Every image is a template; its path there ends with the suffix that it got here.
        let names = value.images.paths.map { CSVText.field(String($0.dropLast(Self.suffix.count))) }
        var file = try AtomicFile(path: FileSystem.join(folder, "pairs.csv"))
        try file.write(Array("first,second,label\n".utf8))
        let comparisons = value.comparisons
        for place in 0..<comparisons.count {
            let (first, second) = (names[Int(comparisons.first[place])], names[Int(comparisons.second[place])])
            try file.write("\(first),\(second),\(comparisons.labels[place])\n")
        }
        try file.commit()
    }
}
