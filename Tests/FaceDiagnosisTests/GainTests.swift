import FaceDiagnosis
import FaceImaging
import Foundation
import SeededRandom
import Testing

/// How sure a gain is, and how seldom chance passes for one.
@Suite struct GainTests {
    /// What varies from one setting to the next though neither is better.
    enum Noise: CaseIterable {
        /// Each pair's score by itself.
        case pairs
        /// Each person's similarity to himself: one setting suits these people, another those.
        case people
        /// Each face's embedding, so that all its pairs move together.
        case faces
    }

    private static let people = 20
    private static let facesEach = 4
    private static let count = people * facesEach

    /// The scores of the same faces under one of many settings that are equally good.
    private static func matrix(_ noise: Noise, _ generator: inout SeededGenerator) -> SimilarityMatrix {
        let subjects = (0..<count).map { $0 / facesEach }
        if noise == .faces {
            // People are the same in all settings; what their faces add is not.
            var places = SeededGenerator(seed: 99)
            let size = 16
            let centres = (0..<people * size).map { _ in places.normal() }
            let embeddings = (0..<count * size)
                .map { Float(centres[$0 / size / facesEach * size + $0 % size] + 0.8 * generator.normal()) }
            return SimilarityMatrix(
                embeddings,
                isPresent: subjects.map { _ in true },
                subjects: subjects
            )
        }
        let similarity = (0..<people).map { _ in 0.5 + (noise == .people ? 0.1 * generator.normal() : 0) }
        var cosines = [Float](repeating: 1, count: count * count)
        for first in 0..<count {
            for second in first + 1..<max(first + 1, count) {
                let mean = subjects[first] == subjects[second] ? similarity[subjects[first]] : 0
                let value = Float(mean + 0.1 * generator.normal())
                cosines[first * count + second] = value
                cosines[second * count + first] = value
            }
        }
        return SimilarityMatrix(cosines: cosines, subjects: subjects)
    }

    /// The mean margin by its definition, person by person.
    private func margin(_ matrix: SimilarityMatrix, without left: Int?) -> Double {
        var own: [Int: [Double]] = [:]
        var strangers: [Double] = []
        for first in 0..<matrix.count {
            for second in 0..<first where ![matrix.subjects[first], matrix.subjects[second]].contains(left) {
                let score = Double(matrix.cosine(first, second))
                if matrix.subjects[first] == matrix.subjects[second] {
                    own[matrix.subjects[first], default: []].append(score)
                } else {
                    strangers.append(score)
                }
            }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let centre = mean(strangers)
        let spread = mean(strangers.map { ($0 - centre) * ($0 - centre) }).squareRoot()
        return mean(own.values.map { (mean($0) - centre) / spread })
    }

    @Test(arguments: Noise.allCases) func standardErrorIsTheJackknife(_ noise: Noise) {
        var generator = SeededGenerator(seed: 4)
        let (before, after) = (Self.matrix(noise, &generator), Self.matrix(noise, &generator))
        let gain = PairedGain(from: before, to: after)
        #expect(abs(gain.before - margin(before, without: nil)) < 1e-9)
        #expect(abs(gain.after - margin(after, without: nil)) < 1e-9)
        #expect(gain.subjects == Self.people)
        let without = (0..<Self.people).map { margin(after, without: $0) - margin(before, without: $0) }
        let mean = without.reduce(0, +) / Double(Self.people)
        let square = without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let expected = (square * Double(Self.people - 1) / Double(Self.people)).squareRoot()
        #expect(abs(gain.standardError / expected - 1) < 1e-6)
    }

    /// Of equal settings, one in twenty differs with a chance of 5 %: not more, and not so much less that real gains
    /// would be missed.
    @Test(arguments: Noise.allCases) func chancesAreWhatTheySay(_ noise: Noise) {
        var generator = SeededGenerator(seed: 5)
        let rounds = 300
        var alarms = 0
        for _ in 0..<rounds {
            let gain = PairedGain(from: Self.matrix(noise, &generator), to: Self.matrix(noise, &generator))
            alarms += gain.chance <= 0.05 ? 1 : 0
            #expect(gain.isSure(among: 3, rate: 0.15) == (gain.chance <= 0.05))
        }
        // 15 are expected; the mean and four standard deviations of the binomial are 30.
        #expect((2...30).contains(alarms), "\(noise): \(alarms)")
    }

    /// Noise alone is never a gain: the search must not change anything between equal settings.
    ///
    /// The stated rate of 1 % is an upper bound: 80 rounds may hold no alarm.
    @Test(arguments: Noise.allCases) func equalSettingsAreLeftAlone(_ noise: Noise) throws {
        var alarms = 0
        let rounds = 80
        for round in 0..<rounds {
            var generator = SeededGenerator(seed: 6, stream: UInt64(round))
            var known: [DoctorSetting: SimilarityMatrix] = [:]
            let search = SettingSearch(DoctorChecks.factors) { setting in
                if let matrix = known[setting] { return matrix }
                let matrix = Self.matrix(noise, &generator)
                known[setting] = matrix
                return matrix
            }
            let outcome = try search.run(from: DoctorSetting(.insightface))
            #expect(outcome.trials.count >= 20)
            #expect(outcome.changes.isEmpty == (outcome.best == DoctorSetting(.insightface)))
            alarms += outcome.changes.isEmpty ? 0 : 1
        }
        #expect(Double(alarms) <= Double(rounds) * SettingSearch.falseAlarmRate, "\(noise): \(alarms)")
    }

    @Test func studentsTailAgreesWithClosedFormsAndTables() {
        func tail(_ value: Double, _ degrees: Int) -> Double {
            StudentDistribution.upperTail(value, degreesOfFreedom: degrees)
        }
        for value in [-30, -1, 0, 0.3, 2, 25.0] {
            #expect(abs(tail(value, 1) - (0.5 - atan(value) / .pi)) < 1e-14)
            #expect(abs(tail(value, 2) - (0.5 - value / (2 * (2 + value * value).squareRoot()))) < 1e-14)
            for degrees in [3, 4, 19, 60] { #expect(abs(tail(value, degrees) + tail(-value, degrees) - 1) < 1e-14) }
        }
        // Printed tables of critical values, to their four digits.
        for (degrees, value, chance) in [
            (3, 5.841, 0.005), (4, 2.132, 0.05), (10, 4.587, 0.0005), (19, 3.883, 0.0005), (30, 2.042, 0.025),
            (120, 2.617, 0.005),
        ] {
            #expect(abs(tail(value, degrees) / chance - 1) < 2e-3, "\(degrees)")
        }
        #expect(tail(.infinity, 7) == 0 && tail(-.infinity, 8) == 1)
        #expect(tail(1e6, 40) >= 0)
    }

    @Test func fewPeopleAreNeverSure() {
        let gain = PairedGain(before: 1, after: 9, standardError: 0.1, subjects: 1)
        #expect(gain.chance == 1 && !gain.isSure(among: 1, rate: 0.5))
        #expect(!PairedGain(before: 1, after: 2, standardError: .infinity, subjects: 9).isSure(among: 1, rate: 0.1))
        // The same standard errors mean less with fewer people.
        func chance(_ subjects: Int) -> Double {
            PairedGain(before: 1, after: 2, standardError: 0.25, subjects: subjects).chance
        }
        #expect(chance(5) > chance(10) && chance(10) > chance(60))
    }

    /// Two shifts of 8 pixels make the channel order, which seemed to help at first, indifferent.
    @Test func aChangeThatALaterOneMakesNeedlessIsTakenBack() throws {
        var user = DoctorSetting(.insightface)
        user.preprocessing.channels = .bgr
        let search = SettingSearch([ChannelCheck(), AlignmentCheck()]) { setting in
            let right = setting.adjustment.right
            var similarity = right >= 16 ? 0.6 : right == 8 ? 0.39 : 0.3
            if setting.preprocessing.channels == .rgb, right < 16 { similarity += 0.1 }
            if right > 16 || setting.adjustment.down != 0 || setting.adjustment.scale != 1 { similarity = 0.1 }
            if setting.preprocessing.template != user.preprocessing.template { similarity = 0.1 }
            var generator = SeededGenerator(seed: 8)
            let noise = Self.matrix(.pairs, &generator)
            let cosines = noise.cosines.indices.map { place in
                let (first, second) = (place / Self.count, place % Self.count)
                let isOwn = noise.subjects[first] == noise.subjects[second]
                return noise.cosines[place] + (isOwn ? Float(similarity - 0.5) : 0)
            }
            return SimilarityMatrix(cosines: cosines, subjects: noise.subjects)
        }
        let outcome = try search.run(from: user)
        #expect(outcome.trials.contains { $0.round == 3 && $0.setting.preprocessing.channels == .rgb })
        #expect(outcome.changes.map(\.factor) == ["alignment"])
        #expect(outcome.best.preprocessing == user.preprocessing && outcome.best.adjustment.right == 16)
    }
}
