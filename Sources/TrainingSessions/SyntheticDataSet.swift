public import ArtifactFiles
public import EvaluationRuns
internal import FaceImaging
internal import FaceProtocols
internal import Synchronization
public import SyntheticFaces
internal import TrainingData

/// A folder of synthetic faces: a protocol in the IJB-C layout and, where asked for, a training set of other people.
public struct SyntheticDataSet: Sendable {
    /// Forms of a training set.
    public enum TrainingForm: String, CaseIterable, Sendable {
        /// A folder per identity.
        case tree
        /// Aligned faces as InsightFace distributes its training sets.
        case recordio
    }

    public var population: SyntheticPopulation
    /// People in all.
    public var identities: Int
    public var seed: UInt64 = 1
    /// Of the protocol.
    public var options = SyntheticProtocolPlan.Options()
    /// The share of the people who are only in the training set, 0 … 1.
    public var trainingShare = 0.0
    public var trainingImages = 40
    public var trainingForm = TrainingForm.tree
    public var threads = 1
    public var listener: RunListener = { _ in }

    public init(_ population: SyntheticPopulation, identities: Int) {
        self.population = population
        self.identities = identities
    }

    /// Renders and writes everything; `protocol.yml` comes last.
    ///
    /// - Throws: `InputError` for values out of range, or a folder that holds a protocol.
    public func write(to output: String) throws(InputError) {
        let split =
            trainingShare > 0
            ? try SyntheticIdentitySplit(count: identities, trainingShare: trainingShare, seed: seed) : nil
        let plan = try SyntheticProtocolPlan(
            population: population,
            identities: split?.evaluation ?? Array(0..<identities),
            options: options
        )
        if FileSystem.exists(FileSystem.join(output, "meta")) {
            throw InputError(.unwritable, "a protocol is there already", file: FileSystem.join(output, "meta"))
        }
        try FileSystem.createFolder(output)
        if let split {
            let root = FileSystem.join(output, "train")
            switch trainingForm {
            case .tree: try writeTree(split.training, to: root)
            case .recordio: try writeRecords(split.training, to: root)
            }
        }
        let progress = RunPart("protocol", unit: "faces", listener)
        let count = plan.images.count
        let value = try SyntheticProtocolFolder(plan: plan, population: population, workers: threads)
            .write(to: output) { progress.update($0, of: count) }
        progress.finish("\(count) faces")
        listener(
            .result(
                "\(output): \(value.images.count) images, \(value.templates.count) templates, "
                    + "\(value.comparisons.genuineCount) genuine and \(value.comparisons.impostorCount) impostor comparisons"
            )
        )
    }

    private func writeTree(_ people: [Int], to root: String) throws(InputError) {
        let plan = try SyntheticTrainingPlan(
            population: population,
            identities: people,
            imagesPerIdentity: trainingImages
        )
        for folder in Set(plan.items.map { String($0.path.prefix { $0 != "/" }) }) {
            try FileSystem.createFolder(FileSystem.join(root, folder))
        }
        let progress = RunPart("training", unit: "faces", listener)
        let done = Atomic<Int>(0)
        let landmarks = try population.render(plan.items.map(\.shot), workers: threads) {
            index,
            face throws(InputError) in
            try SyntheticProtocolFolder.write(face, to: FileSystem.join(root, plan.items[index].path))
            let numbers = (face.landmarks.points.flatMap { [$0.x, $0.y] } + [face.score]).map { "\(Float($0))" }
            progress.update(done.add(1, ordering: .relaxed).newValue, of: plan.items.count)
            return "\(plan.items[index].path) \(numbers.joined(separator: " "))\n"
        }
        try AtomicFile.write(landmarks.joined(), to: FileSystem.join(root, "landmarks.txt"))
        progress.finish("\(plan.items.count) faces")
        listener(.result("\(root): \(plan.items.count) images of \(people.count) people"))
    }

    private func writeRecords(_ people: [Int], to root: String) throws(InputError) {
        let cache = root + ".partial"
        try FileSystem.createFolder(root)
        defer { FileSystem.remove(cache) }
        let progress = RunPart("training", unit: "faces", listener)
        let source = try SyntheticFaceSource(
            population: population,
            identities: people,
            imagesPerIdentity: trainingImages,
            cacheFolder: cache,
            threads: threads
        ) { progress.update($0, of: $1) }
        var writer = try RecordIOWriter(folder: root, classSizes: source.classSizes, size: source.pictureSize)
        let reader = source.makeReader()
        for sample in 0..<source.sampleCount {
            let face = try reader.picture(of: sample)
            try writer.append(try face.jpegData(quality: 95), label: source.label(of: sample))
        }
        try writer.commit()
        progress.finish("\(source.sampleCount) faces")
        listener(.result("\(root)/train.rec: \(source.sampleCount) images of \(people.count) people"))
    }
}

/// Renders a synthetic protocol into a folder in the IJB-C layout.
struct SyntheticProtocolFolder {
    var plan: SyntheticProtocolPlan
    var population: SyntheticPopulation
    var workers: Int

    /// Renders and writes everything; `protocol.yml` comes last, so that a folder with it is whole.
    ///
    /// - Parameters:
    ///   - folder: The folder; made if it is not there.
    ///   - progress: Told how many faces are done, from any thread.
    /// - Returns: What was written.
    func write(
        to folder: String,
        progress: (Int) -> Void
    ) throws(InputError) -> VerificationProtocol {
        try FileSystem.createFolder(FileSystem.join(folder, "loose_crop"))
        let done = Atomic<Int>(0)
        let details = try population.render(plan.images.map(\.shot), workers: workers) {
            index,
            face throws(InputError) in
            try Self.write(face, to: FileSystem.join(folder, "loose_crop/\(plan.images[index].number).jpg"))
            progress(done.add(1, ordering: .relaxed).newValue)
            return (landmarks: face.landmarks.points.flatMap { [Float($0.x), Float($0.y)] }, score: Float(face.score))
        }
        let value = try protocolValue(details)
        let descriptor = try IJBLayoutWriter().write(value, to: folder)
        try AtomicFile.write(descriptor.yaml, to: FileSystem.join(folder, "protocol.yml"))
        return value
    }

    private func protocolValue(
        _ details: [(landmarks: [Float], score: Float)]
    ) throws(InputError) -> VerificationProtocol {
        var builder = ProtocolBuilder(name: "synthetic")
        for (image, detail) in zip(plan.images, details) {
            builder.addImage(
                "\(image.number).jpg",
                template: image.template,
                medium: image.medium,
                landmarks: detail.landmarks,
                detectorScore: detail.score
            )
        }
        for comparison in plan.comparisons {
            builder.addComparison(
                Int(comparison.enrolled),
                Int(comparison.verification),
                isGenuine: comparison.isGenuine
            )
        }
        for template in plan.templates { builder.setSubject("\(template.identity)", ofTemplate: template.id) }
        return try builder.build()
    }

    /// Writes one photograph as a JPEG file of its own quality.
    static func write(_ face: SyntheticFace, to path: String) throws(InputError) {
        var file = try AtomicFile(path: path)
        try file.write(try face.image.jpegData(quality: face.jpegQuality))
        try file.commit(survivingPowerFailure: false)
    }
}
