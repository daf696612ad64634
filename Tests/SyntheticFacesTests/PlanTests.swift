import ArtifactFiles
import SyntheticFaces
import Testing

@Suite("Plans of synthetic sets")
struct PlanTests {
    @Test("a split is disjoint, complete, reproducible and of the stated shares")
    func split() throws {
        let split = try SyntheticIdentitySplit(count: 1000, trainingShare: 0.6, validationShare: 0.1, seed: 3)
        #expect(split.training.count == 600 && split.validation.count == 100 && split.evaluation.count == 300)
        #expect((split.training + split.validation + split.evaluation).sorted() == Array(0..<1000))
        #expect(try split == SyntheticIdentitySplit(count: 1000, trainingShare: 0.6, validationShare: 0.1, seed: 3))
        #expect(try split != SyntheticIdentitySplit(count: 1000, trainingShare: 0.6, validationShare: 0.1, seed: 4))
        #expect(try SyntheticIdentitySplit(count: 10, seed: 1).evaluation.count == 4)
    }

    @Test(
        "impossible splits are refused",
        arguments: [
            (1, 0.6, 0.0), (10, 0, 0), (10, 1, 0), (10, 0.6, 0.4), (10, 0.6, -0.1), (2, 0.01, 0), (10, .nan, 0),
        ]
    )
    func badSplits(count: Int, training: Double, validation: Double) {
        #expect(throws: InputError.self) {
            try SyntheticIdentitySplit(count: count, trainingShare: training, validationShare: validation, seed: 1)
        }
    }

    @Test("a protocol has the stated images, templates and comparisons")
    func protocolCounts() throws {
        let options = SyntheticProtocolPlan.Options(
            imagesPerIdentity: 13,
            enrolledTemplates: 2,
            verificationTemplates: 3,
            videoShare: 0.5
        )
        let plan = try SyntheticProtocolPlan(
            population: Faces.population(),
            identities: [7, 2, 30, 11],
            options: options
        )
        #expect(plan.images.count == 4 * 13)
        #expect(plan.images.map { $0.number } == Array(1...52))
        #expect(plan.templates.map { $0.id } == Array(1...20))
        #expect(plan.comparisons.count == 8 * 12)
        #expect(plan.comparisons.count { $0.isGenuine } == 4 * 2 * 3)
        #expect(Set(plan.comparisons).count == plan.comparisons.count)
        for comparison in plan.comparisons {
            let one = plan.templates[Int(comparison.enrolled) - 1]
            let other = plan.templates[Int(comparison.verification) - 1]
            #expect(one.role == .enrolled && other.role == .verification)
            #expect(comparison.isGenuine == (one.identity == other.identity))
        }
    }

    @Test("templates partition the images, and share neither photographs nor media")
    func templatesAreDisjoint() throws {
        let options = SyntheticProtocolPlan.Options(
            imagesPerIdentity: 9,
            enrolledTemplates: 2,
            verificationTemplates: 1,
            videoShare: 0.6
        )
        let plan = try SyntheticProtocolPlan(
            population: Faces.population(),
            identities: Array(0..<40),
            options: options
        )
        var next = 0
        var owner: [UInt64: Int] = [:]
        var ownerOfMedium: [Int: Int] = [:]
        var videos = 0
        for template in plan.templates {
            #expect(template.images.lowerBound == next && !template.images.isEmpty)
            next = template.images.upperBound
            for image in plan.images[template.images] {
                #expect(image.template == template.id && image.shot.identity == template.identity)
                #expect(owner[image.shot.photographSeed, default: template.id] == template.id)
                #expect(ownerOfMedium[image.medium, default: template.id] == template.id)
                owner[image.shot.photographSeed] = template.id
                ownerOfMedium[image.medium] = template.id
                if image.shot.frame > 0 { videos += 1 }
            }
        }
        #expect(next == plan.images.count)
        #expect(Set(plan.images.map { $0.shot }).count == plan.images.count)
        #expect(videos > 30)
        // A medium is one photograph or the frames of one video.
        for images in Dictionary(grouping: plan.images, by: { $0.medium }).values {
            #expect(Set(images.map { $0.shot.photographSeed }).count == 1)
            #expect(images.map { $0.shot.frame } == Array(0..<images.count))
        }
    }

    @Test("a sample of impostors has the exact size, and keeps every genuine pair and the order")
    func sampled() throws {
        let population = try Faces.population()
        let people = Array(0..<60)
        let all = try SyntheticProtocolPlan(population: population, identities: people)
        var options = SyntheticProtocolPlan.Options(impostors: .sample(777))
        let plan = try SyntheticProtocolPlan(population: population, identities: people, options: options)
        #expect(plan.comparisons.count { !$0.isGenuine } == 777)
        #expect(plan.comparisons.filter { $0.isGenuine } == all.comparisons.filter { $0.isGenuine })
        let chosen = Set(plan.comparisons)
        #expect(plan.comparisons == all.comparisons.filter { chosen.contains($0) })
        // Drawn evenly: each enrolled template meets about 13 others.
        let meetings = Dictionary(grouping: plan.comparisons.filter { !$0.isGenuine }, by: { $0.enrolled })
        #expect(meetings.values.allSatisfy { $0.count > 2 && $0.count < 30 })
        options.impostors = .sample(60 * 59 + 1)
        #expect(throws: InputError.self) {
            try SyntheticProtocolPlan(population: population, identities: people, options: options)
        }
        options.impostors = .sample(60 * 59)
        #expect(
            try SyntheticProtocolPlan(population: population, identities: people, options: options).comparisons
                == all.comparisons
        )
    }

    @Test("four hundred evaluated identities reach a million impostor comparisons")
    func aMillionImpostors() throws {
        let split = try SyntheticIdentitySplit(count: 1000, seed: 1)
        let options = SyntheticProtocolPlan.Options.reaching(
            impostors: 1_000_000,
            identities: split.evaluation.count,
            imagesPerTemplate: 3
        )
        let plan = try SyntheticProtocolPlan(
            population: Faces.population(),
            identities: split.evaluation,
            options: options
        )
        #expect(plan.comparisons.count { !$0.isGenuine } >= 1_000_000)
        #expect(plan.comparisons.count { $0.isGenuine } == 400 * 9)
        #expect(plan.images.count == 400 * 18)
        #expect(Set(plan.images.map { $0.shot.identity }).isDisjoint(with: split.training))
    }

    @Test("a training set has one folder per person and photographs of its own")
    func training() throws {
        let population = try Faces.population()
        let plan = try SyntheticTrainingPlan(population: population, identities: [3, 12, 5], imagesPerIdentity: 7)
        #expect(plan.items.count == 21)
        #expect(plan.items.map { $0.label } == [0, 1, 2].flatMap { Array(repeating: $0, count: 7) })
        #expect(plan.items[8].path == "000012/0001.jpg")
        #expect(Set(plan.items.map { $0.path }).count == 21)
        #expect(Set(plan.items.map { $0.shot }).count == 21)
        let evaluation = try SyntheticProtocolPlan(population: population, identities: [3, 12, 5])
        let seeds = Set(evaluation.images.map { $0.shot.photographSeed })
        #expect(seeds.isDisjoint(with: plan.items.map { $0.shot.photographSeed }))
        // A person's pictures do not depend on who else is in the set.
        let alone = try SyntheticTrainingPlan(population: population, identities: [12], imagesPerIdentity: 7)
        #expect(alone.items.map { $0.shot } == plan.items[7..<14].map { $0.shot })
    }

    @Test("bad sizes are refused by name")
    func badSizes() throws {
        let population = try Faces.population()
        func plan(_ identities: [Int], _ options: SyntheticProtocolPlan.Options) throws {
            _ = try SyntheticProtocolPlan(population: population, identities: identities, options: options)
        }
        #expect(throws: InputError.self) { try plan([1], .init()) }
        #expect(throws: InputError.self) { try plan([1, 1], .init()) }
        #expect(throws: InputError.self) { try plan([1, -1], .init()) }
        #expect(throws: InputError.self) { try plan([1, 2], .init(imagesPerIdentity: 1)) }
        #expect(throws: InputError.self) { try plan([1, 2], .init(enrolledTemplates: 0)) }
        #expect(throws: InputError.self) { try plan([1, 2], .init(videoShare: 1.5)) }
        #expect(throws: InputError.self) { try plan([1, 2], .init(videoShare: .nan)) }
        #expect(throws: InputError.self) { try plan([1, 2], .init(impostors: .sample(-1))) }
        #expect(throws: InputError.self) {
            try SyntheticTrainingPlan(population: population, identities: [1], imagesPerIdentity: 0)
        }
        #expect(throws: InputError.self) {
            try SyntheticTrainingPlan(population: population, identities: [1, 2], imagesPerIdentity: .max)
        }
    }

    @Test("settings and strengths out of range are refused by name")
    func badSettings() throws {
        #expect(throws: InputError.self) { try SyntheticFaceSettings(imageSize: 47) }
        #expect(throws: InputError.self) { try SyntheticFaceSettings(imageSize: 321) }
        let settings = try SyntheticFaceSettings()
        #expect(settings.imageSize == 160)
        #expect(throws: InputError.self) { try SyntheticPopulation(seed: 1, diversity: 0, settings: settings) }
        #expect(throws: InputError.self) { try SyntheticPopulation(seed: 1, diversity: .nan, settings: settings) }
        for change: (inout NuisanceStrength) -> Void in [
            { $0.yawDegrees = 76 }, { $0.blur = -0.1 }, { $0.noise = 2 }, { $0.lighting = .nan },
        ] {
            var strength = NuisanceStrength.standard
            change(&strength)
            let error = #expect(throws: InputError.self) {
                try SyntheticPopulation(seed: 1, strength: strength, settings: settings)
            }
            #expect(error?.description.contains("'") == true)
        }
    }
}
