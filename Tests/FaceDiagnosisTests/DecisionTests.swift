import ArtifactFiles
import FaceDiagnosis
import FaceImaging
import SeededRandom
import Testing

/// What the doctor concludes from numbers, without a network or a picture.
@Suite struct DecisionTests {
    /// A matrix of `people` with `faces` each: strangers around 0, one person's pairs around `similarity`.
    private func matrix(
        _ similarity: Double,
        people: Int = 20,
        faces: Int = 4,
        noise: Double = 0.1,
        seed: UInt64 = 1
    ) -> SimilarityMatrix {
        var generator = SeededGenerator(seed: seed)
        let count = people * faces
        var cosines = [Float](repeating: 1, count: count * count)
        for first in 0..<count {
            for second in first + 1..<max(first + 1, count) {
                let mean = first / faces == second / faces ? similarity : 0
                let value = Float(mean + noise * generator.normal())
                cosines[first * count + second] = value
                cosines[second * count + first] = value
            }
        }
        return SimilarityMatrix(cosines: cosines, subjects: (0..<count).map { $0 / faces })
    }

    @Test func separationAgreesWithBruteForce() throws {
        let genuine: [Float] = [0.9, 0.5, 0.5, 0.1]
        let impostor: [Float] = [0.5, 0.2, -0.1, 0.0, 0.3]
        let separation = try #require(Separation(genuine: genuine, impostor: impostor))
        var wins = 0.0
        for score in genuine {
            for other in impostor { wins += score > other ? 1 : score == other ? 0.5 : 0 }
        }
        #expect(abs(separation.auc - wins / 20) < 1e-12)
        #expect(separation.genuineCount == 4 && separation.impostorCount == 5)
        #expect(Separation(genuine: [1], impostor: impostor) == nil)
    }

    @Test func gainsAreOfOppositeSignBothWays() {
        let (weak, strong) = (matrix(0.4), matrix(0.6))
        let (there, back) = (PairedGain(from: weak, to: strong), PairedGain(from: strong, to: weak))
        #expect(there.difference > 1 && there.standardErrors > 10)
        #expect(abs(there.difference + back.difference) < 1e-12)
        #expect(abs(there.standardError - back.standardError) < 1e-12)
        #expect(PairedGain(from: weak, to: weak).difference == 0)
    }

    /// A made-up network whose similarity falls with every wrong factor.
    private func network(right: FacePreprocessing, _ setting: DoctorSetting) -> SimilarityMatrix {
        var similarity = 0.6
        let value = setting.preprocessing
        if value.channels != right.channels { similarity -= 0.08 }
        similarity -= value.mean == right.mean && value.std == right.std ? 0 : value.std[0] < 2 ? 0.4 : 0.06
        var shift = abs(setting.adjustment.right) + abs(setting.adjustment.down)
        if value.template != right.template { shift += 8 }
        similarity -= 0.015 * shift + abs(setting.adjustment.scale - 1) * 0.5
        return matrix(similarity)
    }

    @Test func everyWrongFactorIsNamedAndNoOther() throws {
        let right = try FacePreprocessing.named("imagenet")
        let search = SettingSearch(DoctorChecks.factors) { [self] in network(right: right, $0) }
        #expect(try search.run(from: DoctorSetting(right)).changes.isEmpty)

        var wrong = DoctorSetting(right)
        wrong.preprocessing.channels = .bgr
        #expect(try search.run(from: wrong).changes.map(\.factor) == ["channel-order"])

        wrong = DoctorSetting(.insightface)
        #expect(try search.run(from: wrong).changes.map(\.factor) == ["normalisation"])

        wrong = DoctorSetting(try FacePreprocessing.named("adaface"))
        wrong.preprocessing.template = "arcface-128"
        let outcome = try search.run(from: wrong)
        #expect(Set(outcome.changes.map(\.factor)) == ["channel-order", "normalisation", "alignment"])
        #expect(outcome.best == DoctorSetting(right))
        #expect(outcome.best.preprocessing.commandLineOptions == "--preprocess imagenet")
    }

    @Test func optionsAreTheShortestThatSayIt() throws {
        var value = try FacePreprocessing.named("imagenet")
        value.channels = .bgr
        #expect(value.commandLineOptions == "--preprocess imagenet --channels bgr")
        #expect(FacePreprocessing.insightface.commandLineOptions == "--preprocess insightface")
        value = .insightface
        value.mean = [0, 0, 0]
        value.std = [255, 255, 255]
        #expect(value.commandLineOptions == "--preprocess insightface --mean 0,0,0 --std 255,255,255")
    }

    @Test func landmarkRows() {
        let check = LandmarkRowCheck()
        func titles(_ own: Double, _ random: Double, _ beaten: Double, _ shifted: [Int: Double] = [:]) -> String {
            check.findings(.init(own: own, random: random, beatenShare: beaten, shifted: shifted)).map(\.title)
                .joined()
        }
        #expect(titles(0.54, 0.06, 0.01, [1: 0.1]).isEmpty)
        #expect(titles(0.11, 0.11, 0.49, [1: 0.11, -1: 0.12]).contains("do not belong"))
        #expect(titles(0.31, 0.08, 0.25).contains("Some landmark rows"))
        #expect(titles(0.11, 0.11, 0.5, [-2: 0.54, 1: 0.1]).contains("2 rows earlier"))
    }

    @Test func landmarkColumns() {
        let check = LandmarkShapeCheck()
        func fit(_ name: String, _ residual: Double, _ turned: Double = 0) -> LandmarkShapeCheck.Fit {
            .init(reading: name, residual: residual, turnedShare: turned)
        }
        #expect(check.findings([fit("", 2), fit("a", 14), fit("b", 14)], outsideShare: 0).isEmpty)
        #expect(
            check.findings([fit("", 14), fit("a", 2), fit("b", 2, 1)], outsideShare: 0).first?.title.contains(" a.")
                == true
        )
        #expect(check.findings([fit("", 12), fit("a", 11)], outsideShare: 0).map(\.kind) == [.warning])
        #expect(check.findings([fit("", 2), fit("a", 14)], outsideShare: 0.5).map(\.kind) == [.warning])
    }

    /// Labels are judged only where the pictures themselves say who is alike.
    @Test func labels() {
        let people = matrix(0.6)
        func evidence(_ subjects: [Int], _ matrix: SimilarityMatrix) -> LabelCheck.Evidence {
            let relabelled = SimilarityMatrix(cosines: matrix.cosines, subjects: subjects)
            return LabelCheck.evidence(
                relabelled,
                templates: Array(subjects.indices),
                auc: Separation(relabelled)?.auc ?? 0,
                effectiveDimensions: 40
            )
        }
        let check = LabelCheck()
        #expect(check.findings(evidence(people.subjects, people)).isEmpty)
        var generator = SeededGenerator(seed: 3)
        let order = generator.permutation(of: people.count)
        let shuffled = check.findings(evidence(order.map { people.subjects[$0] }, people))
        #expect(shuffled.map(\.kind) == [.culprit])
        #expect(shuffled.first?.title.contains("shuffled against the images") == true)
        // A third of the rows.
        var part = people.subjects
        let moved = Array(order.prefix(people.count / 3))
        for (place, other) in zip(moved, moved.dropFirst() + moved.prefix(1)) { part[place] = people.subjects[other] }
        #expect(check.findings(evidence(part, people)).map(\.kind) == [.culprit])
        // A weak network is not blamed on the labels.
        #expect(check.findings(evidence(people.subjects, matrix(0.15))).isEmpty)
        #expect(check.findings(evidence(order.map { people.subjects[$0] }, matrix(0.0))).isEmpty)
    }

    @Test func identities() {
        let people = matrix(0.6)
        #expect(IdentityCheck.duplicates(people).isEmpty)
        #expect(IdentityCheck.strays(people).isEmpty)
        // Person 0 under two names, and two people under one.
        var subjects = people.subjects
        subjects[0] = 100
        subjects[1] = 100
        let twice = SimilarityMatrix(cosines: people.cosines, subjects: subjects)
        #expect(IdentityCheck.duplicates(twice).map { Set([$0.first, $0.second]) } == [[0, 100]])
        subjects = people.subjects
        subjects[5] = 0
        let mixed = SimilarityMatrix(cosines: people.cosines, subjects: subjects)
        #expect(IdentityCheck.strays(mixed).map(\.face) == [5])
    }

    @Test func collapse() {
        var generator = SeededGenerator(seed: 5)
        let spread = (0..<200 * 16).map { _ in Float(generator.normal()) }
        let present = [Bool](repeating: true, count: 200)
        let dimensions = OutputCheck.effectiveDimensions(spread, present)
        #expect((13...16).contains(dimensions))
        let line = (0..<200).flatMap { face in (0..<16).map { Float(face) * Float($0 + 1) } }
        #expect(abs(OutputCheck.effectiveDimensions(line, present) - 1) < 1e-3)
        #expect(OutputCheck.effectiveDimensions([Float](repeating: 1, count: 3200), present) == 0)
        #expect(OutputCheck().findings(effective: dimensions, dimensions: 16, strangers: 0.01).isEmpty)
        #expect(OutputCheck().findings(effective: 1.1, dimensions: 16, strangers: 0.9999).map(\.kind) == [.culprit])
    }

    @Test func culpritsComeFirst() {
        func finding(_ kind: DoctorFinding.Kind, _ likelihood: Double, _ title: String) -> DoctorFinding {
            DoctorFinding(kind, check: "x", title, likelihood: likelihood, remedy: "")
        }
        let ranked = Doctor.ranked([
            finding(.warning, 0.9, "w"), finding(.culprit, 0.6, "b"), finding(.culprit, 0.9, "a"),
            finding(.culprit, 0.6, "c"),
        ])
        #expect(ranked.map(\.title) == ["a", "b", "c", "w"])
    }
}
