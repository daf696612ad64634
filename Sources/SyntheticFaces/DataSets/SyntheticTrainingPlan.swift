public import ArtifactFiles

/// The pictures of a training set: one folder per person.
public struct SyntheticTrainingPlan: Hashable, Sendable {
    /// A picture and where it belongs.
    public struct Item: Hashable, Sendable {
        /// The picture.
        public var shot: SyntheticShot
        /// Position of the person among those of the plan, from 0.
        public var label: Int
        /// Position of the picture among those of the person, from 0.
        public var number: Int

        /// `000012/0003.jpg`: the person's number in the population, the picture's number.
        public var path: String { "\(Self.padded(shot.identity, 6))/\(Self.padded(number, 4)).jpg" }

        private static func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }

    /// Every picture, person by person.
    public let items: [Item]

    /// Plans a training set.
    ///
    /// - Parameters:
    ///   - population: The people.
    ///   - identities: Whom to photograph; not negative, without repetition.
    ///   - imagesPerIdentity: At least 1.
    ///   - videoShare: Share of the media that are videos of 2 to 5 frames, 0 … 1.
    /// - Throws: `InputError` for a value out of range.
    public init(
        population: SyntheticPopulation,
        identities: [Int],
        imagesPerIdentity: Int,
        videoShare: Double = 0.2
    ) throws(InputError) {
        try SyntheticProtocolPlan.check(identities: identities, videoShare: videoShare)
        guard imagesPerIdentity >= 1 else {
            throw InputError(
                .usage,
                "too few images per identity",
                expected: "1 or more",
                found: "\(imagesPerIdentity)"
            )
        }
        guard imagesPerIdentity <= Int(Int32.max) / max(1, identities.count) else {
            throw InputError(
                .limitExceeded,
                "too many images",
                expected: "\(Int32.max) or fewer in all",
                found: "\(identities.count) × \(imagesPerIdentity)"
            )
        }
        let sampler = SyntheticShotSampler(
            populationSeed: population.seed,
            purpose: .training,
            videoShare: videoShare,
            framesPerVideo: 2...5
        )
        var items: [Item] = []
        items.reserveCapacity(identities.count * imagesPerIdentity)
        for (label, identity) in identities.enumerated() {
            let shots = sampler.media(identity: identity, count: imagesPerIdentity).joined()
            for (number, shot) in shots.enumerated() { items.append(Item(shot: shot, label: label, number: number)) }
        }
        self.items = items
    }
}
