public import ArtifactFiles
import SeededRandom

/// A 1:1 verification protocol over synthetic faces, in plain values: images, templates, comparisons.
///
/// Each person has enrolled and verification templates; their photographs are distinct. Compared are enrolled with
/// verification templates: all genuine pairs, and all impostor pairs or a random sample of them.
public struct SyntheticProtocolPlan: Hashable, Sendable {
    /// A picture and its place in the protocol.
    public struct Image: Hashable, Sendable {
        /// The picture.
        public var shot: SyntheticShot
        /// Number of its file, from 1.
        public var number: Int
        /// Id of its template.
        public var template: Int
        /// Id of its medium; the frames of a video share it.
        public var medium: Int
    }

    /// What a template is for.
    public enum Role: String, Hashable, Sendable {
        /// Stands first in comparisons.
        case enrolled
        /// Stands second in comparisons.
        case verification
    }

    /// Some pictures of one person.
    public struct Template: Hashable, Sendable {
        /// Its id, from 1, ascending.
        public var id: Int
        /// The person.
        public var identity: Int
        /// What it is for.
        public var role: Role
        /// Its pictures, as positions in `images`.
        public var images: Range<Int>
    }

    /// Two templates that are compared, by id.
    public struct Comparison: Hashable, Sendable {
        /// Id of the enrolled template.
        public var enrolled: Int32
        /// Id of the verification template.
        public var verification: Int32
        /// Whether both show one person.
        public var isGenuine: Bool
    }

    /// Which impostor pairs are compared.
    public enum Impostors: Hashable, Sendable {
        /// Every enrolled template with every verification template of another person.
        case all
        /// That many of them, drawn without replacement.
        case sample(Int)
    }

    /// Sizes of a protocol.
    public struct Options: Hashable, Sendable {
        /// Pictures per person, over all templates.
        public var imagesPerIdentity: Int
        /// Enrolled templates per person.
        public var enrolledTemplates: Int
        /// Verification templates per person.
        public var verificationTemplates: Int
        /// Share of the media that are videos of 2 to 4 frames, 0 … 1.
        public var videoShare: Double
        /// Which impostor pairs are compared.
        public var impostors: Impostors

        /// Sizes; by default two templates of about four pictures, compared with everybody.
        public init(
            imagesPerIdentity: Int = 8,
            enrolledTemplates: Int = 1,
            verificationTemplates: Int = 1,
            videoShare: Double = 0.35,
            impostors: Impostors = .all
        ) {
            self.imagesPerIdentity = imagesPerIdentity
            self.enrolledTemplates = enrolledTemplates
            self.verificationTemplates = verificationTemplates
            self.videoShare = videoShare
            self.impostors = impostors
        }

        /// Options with as few templates per person, as many enrolled as verification ones, as give a number of
        /// impostor comparisons.
        ///
        /// - Parameters:
        ///   - count: Impostor comparisons wanted at least.
        ///   - identities: Persons in the protocol, at least 2.
        ///   - imagesPerTemplate: Pictures per template.
        public static func reaching(impostors count: Int, identities: Int, imagesPerTemplate: Int) -> Options {
            precondition(identities >= 2)
            var templates = 1
            while templates * templates * identities * (identities - 1) < count { templates += 1 }
            return Options(
                imagesPerIdentity: 2 * templates * imagesPerTemplate,
                enrolledTemplates: templates,
                verificationTemplates: templates
            )
        }
    }

    /// Every picture, template by template.
    public let images: [Image]
    /// Every template, by id.
    public let templates: [Template]
    /// Every comparison: by enrolled template, then by verification template.
    public let comparisons: [Comparison]

    /// Plans a protocol.
    ///
    /// - Parameters:
    ///   - population: The people.
    ///   - identities: Whom to compare; not negative, without repetition, at least 2.
    ///   - options: Sizes.
    /// - Throws: `InputError` for a value out of range.
    public init(
        population: SyntheticPopulation,
        identities: [Int],
        options: Options = Options()
    ) throws(InputError) {
        try Self.check(identities: identities, videoShare: options.videoShare)
        try Self.check(options, identityCount: identities.count)
        var assembly = Assembly(population: population, options: options)
        for identity in identities { assembly.add(identity) }
        images = assembly.images
        templates = assembly.templates
        comparisons = try Self.pairs(assembly.templates, impostors: options.impostors, seed: population.seed)
    }

    static func check(identities: [Int], videoShare: Double) throws(InputError) {
        guard videoShare >= 0 && videoShare <= 1 else {
            throw InputError(.usage, "video share out of range", expected: "0 … 1", found: "\(videoShare)")
        }
        if let negative = identities.first(where: { $0 < 0 }) {
            throw InputError(.usage, "negative identity", expected: "0 or more", found: "\(negative)")
        }
        guard Set(identities).count == identities.count else {
            throw InputError(.usage, "an identity occurs twice", expected: "distinct identities")
        }
    }

    private static func check(_ options: Options, identityCount: Int) throws(InputError) {
        guard identityCount >= 2 else {
            throw InputError(.usage, "too few identities", expected: "2 or more", found: "\(identityCount)")
        }
        guard options.enrolledTemplates >= 1 && options.verificationTemplates >= 1 else {
            throw InputError(.usage, "too few templates per identity", expected: "1 or more of either role")
        }
        let templates = options.enrolledTemplates + options.verificationTemplates
        guard options.imagesPerIdentity >= templates else {
            throw InputError(
                .usage,
                "too few images per identity",
                expected: "\(templates) or more, one for each template",
                found: "\(options.imagesPerIdentity)"
            )
        }
        guard identityCount <= Int(Int32.max) / templates else {
            throw InputError(.limitExceeded, "too many templates", expected: "\(Int32.max) or fewer")
        }
    }
}

extension SyntheticProtocolPlan {
    /// Collects images and templates, person by person.
    struct Assembly {
        private(set) var images: [Image] = []
        private(set) var templates: [Template] = []
        private var media = 0
        private let sampler: SyntheticShotSampler
        private let options: Options
        private var generator: SeededGenerator

        init(population: SyntheticPopulation, options: Options) {
            self.options = options
            sampler = SyntheticShotSampler(
                populationSeed: population.seed,
                purpose: .evaluation,
                videoShare: options.videoShare,
                framesPerVideo: 2...4
            )
            generator = SeededGenerator(seed: population.seed, stream: 0x7e9)
        }

        mutating func add(_ identity: Int) {
            let counts = sizes()
            // Cutting a video short at the end of a template loses at most three frames.
            let reserve = options.imagesPerIdentity + 4 * counts.count
            var pools = sampler.media(identity: identity, count: reserve)[...]
            for (number, count) in counts.enumerated() {
                let role: Role = number < options.enrolledTemplates ? .enrolled : .verification
                addTemplate(of: identity, role: role, count: count, from: &pools)
            }
        }

        /// Pictures per template: uneven, each at least one, together the pictures of a person.
        private mutating func sizes() -> [Int] {
            let templates = options.enrolledTemplates + options.verificationTemplates
            let floor = max(1, options.imagesPerIdentity / templates / 2)
            var counts = [Int](repeating: floor, count: templates)
            for _ in 0..<(options.imagesPerIdentity - floor * templates) {
                counts[generator.index(below: templates)] += 1
            }
            return counts
        }

        /// Takes media in turn; a video that is too long for the template is cut, so that no two templates share one.
        private mutating func addTemplate(
            of identity: Int,
            role: Role,
            count: Int,
            from pools: inout ArraySlice<[SyntheticShot]>
        ) {
            let id = templates.count + 1
            let start = images.count
            var left = count
            while left > 0, let medium = pools.first {
                let taken = medium.prefix(left)
                media += 1
                for shot in taken {
                    images.append(Image(shot: shot, number: images.count + 1, template: id, medium: media))
                }
                left -= taken.count
                pools.removeFirst()
            }
            templates.append(Template(id: id, identity: identity, role: role, images: start..<images.count))
        }
    }

    /// Pairs enrolled with verification templates.
    static func pairs(
        _ templates: [Template],
        impostors: Impostors,
        seed: UInt64
    ) throws(InputError) -> [Comparison] {
        let enrolled = templates.filter { $0.role == .enrolled }
        let verification = templates.filter { $0.role == .verification }
        let perIdentity = Dictionary(verification.map { ($0.identity, 1) }, uniquingKeysWith: +)
        let genuine = enrolled.reduce(0) { $0 + (perIdentity[$1.identity] ?? 0) }
        var left = enrolled.count * verification.count - genuine
        var wanted = left
        if case .sample(let count) = impostors {
            guard count >= 0 && count <= left else {
                throw InputError(
                    .usage,
                    "sample of impostor comparisons out of range",
                    expected: "0 … \(left)",
                    found: "\(count)"
                )
            }
            wanted = count
        }
        // Selection sampling (Knuth, volume 2, algorithm S): exact number, file order kept.
        var generator = SeededGenerator(seed: seed, stream: 0x9a1)
        var comparisons: [Comparison] = []
        comparisons.reserveCapacity(genuine + wanted)
        for first in enrolled {
            for second in verification {
                let isGenuine = first.identity == second.identity
                if !isGenuine {
                    left -= 1
                    guard wanted > left || generator.index(below: left + 1) < wanted else { continue }
                    wanted -= 1
                }
                comparisons.append(
                    Comparison(enrolled: Int32(first.id), verification: Int32(second.id), isGenuine: isGenuine)
                )
            }
        }
        return comparisons
    }
}
