/// What a run tells whoever started it.
public enum RunEvent: Sendable {
    /// A sentence for the run's log.
    case note(String)
    /// How far a part of the work is, `total` 0 as it begins; `skipped` of what is done cost nothing, for instance found in a cache.
    case progress(label: String, unit: String, done: Int, total: Int, skipped: Int)
    /// What came of a part of the work, in words.
    case finished(label: String, summary: String)
    /// A training has taken a step.
    case step(TrainingStep)
    /// A result, as people read it.
    case result(String)
}

/// Takes what a run tells, from any thread.
public typealias RunListener = @Sendable (RunEvent) -> Void

/// Where a training is after a step.
public struct TrainingStep: Sendable {
    /// Steps done, from 1.
    public var step: Int
    /// Steps in all.
    public var total: Int
    /// Whole epochs done before it.
    public var epoch: Int
    /// The weighted loss.
    public var loss: Float
    /// The learning rate.
    public var rate: Double
    /// Steps, and samples in them, since the first step of this process.
    public var timed: (steps: Int, samples: Int)
    /// Seconds that these took, evaluations left out.
    public var seconds: Double

    public init(
        step: Int,
        total: Int,
        epoch: Int,
        loss: Float,
        rate: Double,
        timed: (steps: Int, samples: Int),
        seconds: Double
    ) {
        self.step = step
        self.total = total
        self.epoch = epoch
        self.loss = loss
        self.rate = rate
        self.timed = timed
        self.seconds = seconds
    }
}

/// A part of a run whose progress is told.
package struct RunPart: Sendable {
    private let label: String
    private let unit: String
    private let listener: RunListener

    package init(_ label: String, unit: String, _ listener: @escaping RunListener) {
        self.label = label
        self.unit = unit
        self.listener = listener
        update(0, of: 0)
    }

    package func update(_ done: Int, of total: Int, skipped: Int = 0) {
        listener(.progress(label: label, unit: unit, done: done, total: total, skipped: skipped))
    }

    package func finish(_ summary: String) { listener(.finished(label: label, summary: summary)) }
}
