import ArtifactFiles
import SeededRandom

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
