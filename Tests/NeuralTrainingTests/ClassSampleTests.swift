import NeuralCompute
import NeuralTraining
import Testing

@Suite("Sampled heads")
struct ClassSampleTests {
    @Test("All positives take part, negatives are others without repetition, labels point at their classes")
    func composition() {
        for step in 0..<200 {
            let labels = [5, 0, 19, 5, 7]
            let sample = ClassSample(labels: labels, classCount: 20, sampleCount: 9, seed: 3, step: step)
            #expect(sample.classes.count == 9)
            #expect(sample.classes == Array(Set(sample.classes)).sorted())
            #expect(sample.classes.allSatisfy { (0..<20).contains($0) })
            #expect(sample.labels.map { sample.classes[$0] } == labels)
        }
    }

    @Test("Every negative comes equally often")
    func uniform() {
        var counts = [Int](repeating: 0, count: 12)
        for step in 0..<6000 {
            let sample = ClassSample(labels: [0, 4, 11], classCount: 12, sampleCount: 6, seed: 9, step: step)
            for number in sample.classes { counts[number] += 1 }
        }
        for number in [0, 4, 11] { #expect(counts[number] == 6000) }
        // 6,000 draws of 3 from 9: mean 2,000, standard deviation 37.
        for number in [1, 2, 3, 5, 6, 7, 8, 9, 10] { #expect(abs(counts[number] - 2000) < 160, "\(number)") }
    }

    @Test("Seed and step decide, and nothing else does")
    func deterministic() {
        func draw(_ seed: UInt64, _ step: Int) -> ClassSample {
            ClassSample(labels: [1, 2], classCount: 100_000, sampleCount: 500, seed: seed, step: step)
        }
        #expect(draw(1, 5) == draw(1, 5))
        #expect(draw(1, 5) != draw(1, 6))
        #expect(draw(1, 5) != draw(2, 5))
    }

    @Test("More positives than the sample, and a sample of everything")
    func bounds() {
        let crowded = ClassSample(labels: [3, 1, 2], classCount: 10, sampleCount: 2, seed: 0, step: 0)
        #expect(crowded.classes == [1, 2, 3] && crowded.labels == [2, 0, 1])
        let whole = ClassSample(labels: [3, 1, 2], classCount: 10, sampleCount: 50, seed: 0, step: 0)
        #expect(whole.classes == Array(0..<10) && whole.labels == [3, 1, 2])
    }

    @Test("A head over all classes gives the bytes of the whole head")
    func wholeHead() {
        func run(sampled: Bool) -> [Matrix] {
            let tape = Tape()
            let all = (0..<70).map { Float(($0 * 29 + 7) % 31) / 31 - 0.4 }
            let weights = tape.leaf(Matrix(rows: 10, columns: 7, elements: all))
            let f = tape.leaf(Matrix(rows: 3, columns: 7, elements: Array(all[20..<41])))
            let sample = ClassSample(labels: [3, 1, 2], classCount: 10, sampleCount: 10, seed: 0, step: 0)
            let head = ClassifierHead(
                kind: .cosine(scale: 64),
                weights: sampled ? weights.rows(sample.classes) : weights
            )
            let loss = MarginLoss.cosFace(margin: 0.4)
                .loss(head.unscaledLogits(of: f), head: head, labels: sampled ? sample.labels : [3, 1, 2])
            tape.backward(from: loss)
            return [loss.matrix, tape.gradient(of: f), tape.gradient(of: weights)]
        }
        #expect(run(sampled: true) == run(sampled: false))
    }
}
