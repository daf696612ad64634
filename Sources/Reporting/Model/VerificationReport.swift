/// Everything that is said of one run: the content of `report.json`, from which every other form is made.
///
/// A section that does not apply (no checkpoint, because the scores came from another system) is absent. What differs
/// between two runs of the same inputs is kept in ``timing`` and ``environment``; the rest is the same bytes.
/// `Documentation/ReportSchema.md` documents the JSON.
public struct VerificationReport: Codable, Hashable, Sendable {
    /// The number of the JSON layout that this version writes.
    public static let currentSchema = 1

    /// The number of the JSON layout.
    public var schema: Int
    /// What the run is called: a title for people.
    public var name: String
    /// The files that the run was made from, with their digests.
    public var inputs: [RunInput]
    /// The network, when there is one.
    public var checkpoint: CheckpointSummary?
    /// How faces became network inputs.
    public var preprocessing: PreprocessingSummary?
    /// How embeddings became templates.
    public var policy: PolicySummary?
    /// What was compared.
    public var `protocol`: ProtocolSummary
    /// The numbers.
    public var verification: VerificationResults
    /// The accuracy of a cross-validated set of pairs; absent for a protocol without folds.
    public var folded: FoldedSummary?
    /// 1:N identification; absent for a protocol without galleries.
    public var identification: IdentificationSummary?
    /// The same numbers under other policies, from the same embeddings.
    public var modes: [ModeResult]?
    /// The comparisons that the system gets most wrong.
    public var hardest: HardestPairs?
    /// Aligned faces to look at.
    public var contactSheet: [PicturedFace]?
    /// Images that could not be used.
    public var failures: FailureSummary?
    /// Points for plots.
    public var curves: ReportCurves
    /// How long it took; differs from run to run.
    public var timing: TimingSummary?
    /// What it ran on and with.
    public var environment: EnvironmentSummary?

    private enum CodingKeys: String, CodingKey {
        case schema, name, inputs, checkpoint, preprocessing, policy, `protocol`, verification, folded, identification,
            modes, hardest
        case contactSheet, failures, curves, timing, environment
    }

    /// Puts a report together; sections that do not apply stay nil.
    ///
    /// - Parameters:
    ///   - name: A title for people.
    ///   - protocol: What was compared.
    ///   - measured: The numbers and the points for plots.
    public init(name: String, protocol: ProtocolSummary, measured: VerificationMeasurement) {
        schema = Self.currentSchema
        self.name = name
        inputs = []
        self.protocol = `protocol`
        verification = measured.results
        curves = measured.curves
    }
}

/// A file that a run was made from.
public struct RunInput: Codable, Hashable, Sendable {
    /// What it was to the run: `checkpoint`, `scores`, `labels`, `protocol`.
    public var role: String
    /// Its name.
    public var file: String
    /// Its SHA-256 in hexadecimal.
    public var sha256: String

    /// Names an input.
    public init(role: String, file: String, sha256: String) {
        self.role = role
        self.file = file
        self.sha256 = sha256
    }
}

/// The same evaluation under another policy.
public struct ModeResult: Codable, Hashable, Sendable {
    /// The policy.
    public var policy: PolicySummary
    /// Its operating points by the `at-most` rule.
    public var operatingPoints: [ReportedPoint]
    /// Its points nearest the targets.
    public var nearestFAR: [ReportedNearestPoint]

    /// Wraps the results of a policy.
    public init(policy: PolicySummary, results: VerificationResults) {
        self.policy = policy
        operatingPoints = results.operatingPoints
        nearestFAR = results.nearestFAR
    }
}

/// How long the run took.
public struct TimingSummary: Codable, Hashable, Sendable {
    /// One part of the work.
    public struct Stage: Codable, Hashable, Sendable {
        /// What it is: `decode`, `align`, `embed`.
        public var name: String
        /// Seconds spent in it, summed over threads.
        public var seconds: Double

        /// Names a stage.
        public init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// Images embedded per second of wall time; nil when none were embedded in this run.
    public var imagesPerSecond: Double?
    /// Wall time of the run in seconds.
    public var totalSeconds: Double?
    /// Largest resident memory in bytes.
    public var peakMemoryBytes: Int?
    /// When it began, as ISO 8601.
    public var startedAt: String?
    /// Images taken from the embedding cache instead of the network.
    public var cachedImages: Int?
    /// The parts.
    public var stages: [Stage]

    /// Describes a run's timing.
    public init(
        imagesPerSecond: Double? = nil,
        totalSeconds: Double? = nil,
        peakMemoryBytes: Int? = nil,
        startedAt: String? = nil,
        cachedImages: Int? = nil,
        stages: [Stage] = []
    ) {
        self.imagesPerSecond = imagesPerSecond
        self.totalSeconds = totalSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.startedAt = startedAt
        self.cachedImages = cachedImages
        self.stages = stages
    }
}

/// What the run ran on and with.
public struct EnvironmentSummary: Codable, Hashable, Sendable {
    /// The program's version.
    public var version: String
    /// Operating system, processor, instruction set.
    public var machine: String?
    /// Worker threads.
    public var threads: Int?
    /// Faces per batch.
    public var batch: Int?
    /// The seed of everything random.
    public var seed: UInt64?
    /// The command line that repeats the run.
    public var command: String?

    /// Describes an environment.
    public init(
        version: String,
        machine: String? = nil,
        threads: Int? = nil,
        batch: Int? = nil,
        seed: UInt64? = nil,
        command: String? = nil
    ) {
        self.version = version
        self.machine = machine
        self.threads = threads
        self.batch = batch
        self.seed = seed
        self.command = command
    }
}
