package import ArtifactFiles
package import FaceEvaluation
package import FaceImaging
package import NeuralCompute

/// A network, a setting and a sample of labelled faces, with all that was computed of them so far.
package final class Examination {
    /// The network.
    package let network: FaceNetwork
    /// What the user asks for.
    package let user: DoctorSetting
    /// How the user brings embeddings together.
    package let policy: EvaluationPolicy
    /// All labelled faces.
    package let population: LabelledFaces
    /// The sample.
    package let faces: [LabelledFaces.Face]
    /// Threads to use.
    package let threads: Int
    /// How images are decoded.
    package let extraction: FaceExtractor.Options
    /// Where the search for settings ended; checks of settings come after it.
    package private(set) var search: SettingSearch.Outcome
    /// What was found so far.
    package var findings: [DoctorFinding] = []

    private let progress: (String) -> Void
    private var crops: [DoctorSetting: AlignedFaces] = [:]
    private var matrices: [DoctorSetting: SimilarityMatrix?] = [:]
    /// Why the network gave no usable output under the user's setting.
    package private(set) var brokenOutput: InputError?

    /// Chooses the sample.
    ///
    /// - Parameters:
    ///   - network: The network, with the user's preprocessing.
    ///   - policy: The user's policy.
    ///   - population: All labelled faces.
    ///   - count: The most faces in the sample.
    ///   - seed: Of the sample.
    ///   - threads: Threads to use; no result depends on it.
    ///   - extraction: How images are decoded.
    ///   - progress: Told what is going on, a few times a second at most.
    /// - Throws: `InputError` when there are too few labelled faces to compare.
    package init(
        network: FaceNetwork,
        policy: EvaluationPolicy,
        population: LabelledFaces,
        count: Int,
        seed: UInt64,
        threads: Int,
        extraction: FaceExtractor.Options,
        progress: @escaping (String) -> Void
    ) throws(InputError) {
        self.network = network
        user = DoctorSetting(network.choice.preprocessing)
        self.policy = policy
        self.population = population
        self.threads = threads
        self.extraction = extraction
        self.progress = progress
        search = SettingSearch.Outcome(best: user)
        faces = FaceSample.rows(of: population, count: count, seed: seed).map { population.face($0) }
        let subjects = Set(faces.map(\.subject)).count
        guard subjects >= Self.fewestSubjects else {
            throw InputError(
                .missing,
                "too few labelled faces to say how well a network separates people",
                expected: "at least \(Self.fewestSubjects) people with two pictures each",
                found: "\(subjects) among \(population.count) faces"
            )
        }
    }

    /// With fewer people nothing can be said.
    package static let fewestSubjects = 5

    /// The sample's subjects.
    package var subjects: [Int] { faces.map(\.subject) }

    /// Says what is going on.
    package func report(_ text: String) { progress(text) }

    /// Varies the settings.
    package func searchSettings(_ factors: [any SettingFactor]) throws {
        search = try SettingSearch(factors) { [self] in try matrix($0) }.run(from: user)
    }

    /// The sample's crops under a setting's alignment.
    package func aligned(_ setting: DoctorSetting) -> AlignedFaces {
        // Channels and normalisation do not matter here.
        var key = setting
        key.preprocessing.channels = user.preprocessing.channels
        key.preprocessing.mean = user.preprocessing.mean
        key.preprocessing.std = user.preprocessing.std
        if let known = crops[key] { return known }
        let made = AlignedFaces(
            faces,
            preprocessing: setting.preprocessing,
            adjustment: setting.adjustment,
            assumedTemplate: user.preprocessing.template,
            extraction: extraction,
            threads: threads
        )
        // Channels and normalisation are varied on the crops of the user's and of the best alignment: few are needed again.
        if crops.count >= 3 { crops = crops.filter { $0.key == user } }
        crops[key] = made
        return made
    }

    /// The sample's embeddings under a setting.
    ///
    /// - Returns: nil where the network's output is not finite or all zero.
    package func embeddings(
        _ setting: DoctorSetting,
        mirrored: Bool = false,
        plan: (any InferencePlan)? = nil
    ) -> ImageEmbeddings? {
        do throws(InputError) {
            return try EmbeddingPipeline(
                plan: plan ?? network.plan,
                preprocessing: setting.preprocessing,
                includesMirrored: mirrored,
                threads: threads,
                failureLimit: .share(1)
            )
            .run(CropSource(crops: aligned(setting), faces: faces)).embeddings
        } catch {
            if setting == user, brokenOutput == nil { brokenOutput = error }
            return nil
        }
    }

    /// The cosines of the sample under a setting, upright faces alone.
    package func matrix(_ setting: DoctorSetting) throws(InputError) -> SimilarityMatrix? {
        if let known = matrices[setting] { return known }
        let matrix = embeddings(setting)
            .map { SimilarityMatrix($0.values, isPresent: $0.isEmbedded, subjects: subjects) }
        matrices[setting] = .some(matrix)
        report("\(matrices.count) settings tried")
        return matrix
    }

    /// How a setting separates.
    package func separation(_ setting: DoctorSetting) throws(InputError) -> Separation? {
        try matrix(setting).flatMap { Separation($0) }
    }
}

/// Crops in memory as the source of an embedding pipeline.
private struct CropSource: FaceSource {
    let crops: AlignedFaces
    let faces: [LabelledFaces.Face]

    var count: Int { crops.count }

    func name(of face: Int) -> String { faces[face].name }

    func makeReader() -> any FaceReader { Reader(crops: crops) }

    private final class Reader: FaceReader {
        private let crops: AlignedFaces
        private var face = 0

        init(crops: AlignedFaces) { self.crops = crops }

        func load(_ face: Int, wantsDigest: Bool) throws(FailureCause) -> ContentDigest? {
            guard crops.isPresent[face] else { throw FailureCause(reason: "no-crop", detail: "the face has no crop") }
            self.face = face
            return nil
        }

        func align(into pixels: UnsafeMutableBufferPointer<UInt8>) throws(FailureCause) -> ImageTreatment {
            _ = pixels.update(fromContentsOf: crops.crop(face))
            return []
        }
    }
}
