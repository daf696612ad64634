import Foundation
import NeuralCompute
import NeuralTraining
import TestSupport
import Testing

@Suite struct OptimizerTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            var name: String
            var kind: String
            var settings: Settings
            var rate: Float
            var decay: Float
            var values: [[Float]]
        }

        struct Settings: Decodable {
            var momentum: Float?
            var nesterov: Bool?
            var betas: [Float]?
        }

        var start: [Float]
        var gradients: [[Float]]
        var cases: [Case]
    }

    @Test func everyStepIsPyTorchs() throws {
        let golden = try JSONDecoder().decode(Golden.self, from: Fixture.data("NeuralTraining/optimizers.json"))
        for item in golden.cases {
            let settings = OptimizerSettings(
                kind: item.kind,
                momentum: item.settings.momentum,
                nesterov: item.settings.nesterov,
                betas: item.settings.betas
            )
            let rule = try settings.rule()
            for device in try Devices.tested.map({ try Devices.open($0, threads: 1) }) {
                let values = device.tensor(Matrix(row: golden.start))
                let slots = (0..<rule.slotCount).map { _ in device.zeros(rows: 1, columns: golden.start.count) }
                for (step, gradient) in golden.gradients.enumerated() {
                    let update = ParameterUpdate(
                        values,
                        gradient: device.tensor(Matrix(row: gradient)),
                        slots: slots,
                        weightDecay: item.decay
                    )
                    device.update(rule, [update], learningRate: item.rate, step: step)
                    for (found, expected) in zip(device.matrix(of: values).elements, item.values[step]) {
                        // Single precision, a few operations a step.
                        #expect(abs(found - expected) <= 2e-6 * max(1, abs(expected)), "\(item.name), step \(step)")
                    }
                }
            }
        }
    }

    @Test func anUnknownRuleListsTheKnownOnes() throws {
        let error = #expect(throws: (any Error).self) { try OptimizerSettings(kind: "lion").rule() }
        #expect("\(try #require(error))".contains("sgd, adamw"))
    }

    @Test(arguments: [
        OptimizerSettings(momentum: 1), OptimizerSettings(betas: [0.9, 0.99]),
        OptimizerSettings(kind: "adamw", momentum: 0.9), OptimizerSettings(kind: "adamw", betas: [0.9]),
        OptimizerSettings(weightDecay: -1), OptimizerSettings(clipNorm: 0),
    ])
    func settingsOutOfRangeAreRefused(_ settings: OptimizerSettings) {
        #expect(throws: (any Error).self) { try settings.rule() }
    }
}

@Suite struct LearningRateScheduleTests {
    @Test func thePolynomialEndsAtZeroAndStartsAtTheRate() {
        let schedule = LearningRateSchedule(kind: .polynomial, rate: 0.1, power: 2)
        #expect(schedule.rate(at: 0, of: 100, stepsPerEpoch: 10) == 0.1)
        #expect(abs(schedule.rate(at: 50, of: 100, stepsPerEpoch: 10) - 0.025) < 1e-15)
        #expect(schedule.rate(at: 100, of: 100, stepsPerEpoch: 10) == 0)
    }

    @Test func theWarmUpRisesInEqualStepsToTheRate() {
        let schedule = LearningRateSchedule(kind: .cosine, rate: 0.4, warmUpEpochs: 2)
        let rates = (0..<21).map { schedule.rate(at: $0, of: 100, stepsPerEpoch: 10) }
        for step in 0..<20 { #expect(abs(rates[step] - 0.4 * Double(step + 1) / 20) < 1e-15) }
        #expect(rates[20] == 0.4)
        #expect(abs(schedule.rate(at: 60, of: 100, stepsPerEpoch: 10) - 0.2) < 1e-15)
    }

    @Test func stepsFallAtTheirMilestones() {
        let schedule = LearningRateSchedule(kind: .step, rate: 0.05, milestones: [150, 180, 210], factor: 0.1)
        let atEpoch = { (epoch: Int) in schedule.rate(at: epoch * 781, of: 240 * 781, stepsPerEpoch: 781) }
        #expect(atEpoch(149) == 0.05)
        #expect(schedule.rate(at: 150 * 781 - 1, of: 240 * 781, stepsPerEpoch: 781) == 0.05)
        #expect(abs(atEpoch(150) - 0.005) < 1e-15)
        #expect(abs(atEpoch(239) - 0.00005) < 1e-15)
    }
}
