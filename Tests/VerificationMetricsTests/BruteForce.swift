import SeededRandom
import VerificationMetrics

/// The definitions word for word, in O(n²): what the library is held against.
struct BruteForce {
    let genuine: [Double]
    let impostor: [Double]

    /// Every threshold that can matter: each finite score, and one above them all.
    var thresholds: [Double] {
        Set(genuine + impostor).filter { $0 > -.infinity }.sorted(by: >)
    }

    func accepted(_ threshold: Double) -> AcceptedCounts {
        AcceptedCounts(
            impostors: impostor.count { $0 >= threshold },
            genuine: genuine.count { $0 >= threshold }
        )
    }

    /// The state with the most genuines of all whose accepted impostors stay within the budget.
    func atMost(_ allowed: Int) -> AcceptedCounts {
        var best = AcceptedCounts(impostors: 0, genuine: 0)
        for threshold in thresholds {
            let counts = accepted(threshold)
            if counts.impostors <= allowed { best = counts }
        }
        return best
    }

    /// Mann–Whitney, pair by pair.
    var area: Double {
        var wins = 0.0
        for first in genuine {
            for second in impostor { wins += first > second ? 1 : first == second ? 0.5 : 0 }
        }
        return wins / Double(genuine.count) / Double(impostor.count)
    }

    /// EER by a walk over every threshold.
    var equalErrorRate: Double? {
        var before = (far: 0.0, fnmr: 1.0)
        for threshold in thresholds {
            let counts = accepted(threshold)
            let far = Double(counts.impostors) / Double(impostor.count)
            let fnmr = 1 - Double(counts.genuine) / Double(genuine.count)
            if far >= fnmr {
                let slope = (far - before.far) + (before.fnmr - fnmr)
                return before.far + (before.fnmr - before.far) / slope * (far - before.far)
            }
            before = (far, fnmr)
        }
        return nil
    }
}

/// Random scores with and without ties and failures.
struct RandomScores {
    let scores: [Float]
    let labels: [UInt8]

    init(seed: UInt64, count: Int, levels: Int, failures: Double = 0) {
        var generator = SeededGenerator(seed: seed)
        var scores: [Float] = []
        var labels: [UInt8] = []
        for index in 0..<count {
            let isGenuine = index < 2 ? index == 0 : generator.uniform() < 0.3
            let level = generator.normal() + (isGenuine ? 1.5 : 0)
            let score = Float((level * Double(levels)).rounded() / Double(levels))
            labels.append(isGenuine ? 1 : 0)
            scores.append(generator.uniform() < failures ? -.infinity : score)
        }
        self.scores = scores
        self.labels = labels
    }

    var bruteForce: BruteForce {
        BruteForce(
            genuine: zip(scores, labels).filter { $0.1 == 1 }.map { Double($0.0) },
            impostor: zip(scores, labels).filter { $0.1 == 0 }.map { Double($0.0) }
        )
    }

    func shuffled(seed: UInt64) -> RandomScores {
        var generator = SeededGenerator(seed: seed)
        let order = generator.permutation(of: scores.count)
        return RandomScores(scores: order.map { scores[$0] }, labels: order.map { labels[$0] })
    }

    func mapped(_ transform: (Float) -> Float) -> RandomScores {
        RandomScores(scores: scores.map(transform), labels: labels)
    }

    init(scores: [Float], labels: [UInt8]) {
        self.scores = scores
        self.labels = labels
    }
}
