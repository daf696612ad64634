public import VerificationMetrics

/// A file that a run was made from.
public struct RunInput: Codable, Hashable, Sendable {
    /// What it was to the run: `checkpoint`, `scores`, `labels`, `protocol`.
    public var role: String
    public var file: String
    /// In hexadecimal.
    public var sha256: String

    public init(role: String, file: String, sha256: String) {
        self.role = role
        self.file = file
        self.sha256 = sha256
    }
}

/// The network that was evaluated.
public struct CheckpointSummary: Codable, Hashable, Sendable {
    public var file: String
    /// The file's, in hexadecimal.
    public var sha256: String
    /// The catalogue name of the architecture.
    public var architecture: String
    public var parameters: Int
    /// Multiply–accumulate operations per face.
    public var macs: Int
    public var embeddingSize: Int
    /// The file format: `onnx`, `safetensors`.
    public var format: String?
    /// What it was trained on, as far as known.
    public var trainingSet: String?
    /// Whether it was trained at all; nil when unknown.
    public var isTrained: Bool?
    /// Remarks a reader must see.
    public var notes: [String]?

    public init(
        file: String,
        sha256: String,
        architecture: String,
        parameters: Int,
        macs: Int,
        embeddingSize: Int
    ) {
        self.file = file
        self.sha256 = sha256
        self.architecture = architecture
        self.parameters = parameters
        self.macs = macs
        self.embeddingSize = embeddingSize
    }
}

/// How faces became network inputs: (pixel − mean) / std per channel.
public struct PreprocessingSummary: Codable, Hashable, Sendable {
    /// Width and height of an aligned face.
    public var size: [Int]
    /// `rgb` or `bgr`.
    public var channels: String
    /// Subtracted, in grey levels, in the order of ``channels``.
    public var mean: [Double]
    /// Divided by, in grey levels, in the order of ``channels``.
    public var std: [Double]
    /// The landmark template that faces are aligned to.
    public var template: String
    /// The preset it comes from.
    public var name: String?
    /// Remarks a reader must see, such as decoding at a reduced scale.
    public var notes: [String]?

    public init(size: [Int], channels: String, mean: [Double], std: [Double], template: String) {
        self.size = size
        self.channels = channels
        self.mean = mean
        self.std = std
        self.template = template
    }
}

/// How embeddings became templates.
public struct PolicySummary: Codable, Hashable, Sendable {
    /// `off`, `concat` or `sum`.
    public var flip: String
    /// `keep` or `unit`.
    public var norm: String
    /// `on` or `off`.
    public var detectorScore: String
    /// `media-mean`.
    public var aggregate: String
    /// What becomes of comparisons of a template that failed to enrol: `reject` or `exclude`.
    public var failures: String?

    public init(flip: String, norm: String, detectorScore: String, aggregate: String, failures: String? = nil) {
        self.flip = flip
        self.norm = norm
        self.detectorScore = detectorScore
        self.aggregate = aggregate
        self.failures = failures
    }
}

/// What was compared, in counts.
public struct ProtocolSummary: Codable, Hashable, Sendable {
    /// The protocol's name; that of the file of labels when only scores and labels are known.
    public var name: String
    public var images: Int?
    public var templates: Int?
    /// Comparisons of one subject.
    public var genuine: Int
    /// Comparisons of two subjects.
    public var impostor: Int
    /// Images that gave no embedding.
    public var failedImages: Int?
    /// Templates of which every image failed.
    public var failedTemplates: Int?
    /// Genuine comparisons rejected because a template failed to enrol.
    public var rejectedGenuine: Int?
    /// Impostor comparisons rejected because a template failed to enrol.
    public var rejectedImpostor: Int?
    /// Failed images over all images: ISO/IEC 19795-1's failure to acquire.
    public var failureToAcquire: MeasuredRate?
    /// Templates of which every image failed over all templates: its failure to enrol.
    public var failureToEnrol: MeasuredRate?
    /// Subjects that occur.
    public var subjects: Int?
    /// Distinct pairs of subjects among the impostor comparisons.
    public var impostorSubjectPairs: Int?
    /// `stated` by the files or `implied` by the genuine comparisons.
    public var subjectOrigin: String?
    /// The digest of what was compared, as `Documentation/ReportSchema.md` defines it; absent where templates are not known.
    public var sha256: String?
    /// One sentence on what it is; a synthetic protocol says so here.
    public var description: String?
    /// What validation found, in words.
    public var findings: [String]?

    public init(
        name: String,
        genuine: Int,
        impostor: Int,
        images: Int? = nil,
        templates: Int? = nil,
        failedImages: Int? = nil,
        failedTemplates: Int? = nil
    ) {
        self.name = name
        self.images = images
        self.templates = templates
        self.genuine = genuine
        self.impostor = impostor
        self.failedImages = failedImages
        self.failedTemplates = failedTemplates
        failureToAcquire = MeasuredRate(failed: failedImages, of: images)
        failureToEnrol = MeasuredRate(failed: failedTemplates, of: templates)
    }
}

/// Images that could not be used.
public struct FailureSummary: Codable, Hashable, Sendable {
    /// How many images failed for one reason.
    public struct Reason: Codable, Hashable, Sendable {
        public var reason: String
        public var count: Int

        public init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    /// One failed image.
    public struct Example: Codable, Hashable, Sendable {
        public var image: String
        public var reason: String

        public init(image: String, reason: String) {
            self.image = image
            self.reason = reason
        }
    }

    public var total: Int
    /// The reasons, most frequent first.
    public var reasons: [Reason]
    /// The first few; `failures.csv` has all.
    public var examples: [Example]

    public init(total: Int, reasons: [Reason], examples: [Example]) {
        self.total = total
        self.reasons = reasons
        self.examples = examples
    }
}

/// The comparisons that the system gets most wrong, described: where label and alignment errors show first.
///
/// `VerificationMetrics.HardestComparisons` finds their places; the caller knows their names and pictures.
public struct HardestPairs: Codable, Hashable, Sendable {
    /// One side of a comparison.
    public struct Side: Codable, Hashable, Sendable {
        /// The template's name or number in the protocol.
        public var template: String
        public var subject: String?
        /// Names of its images; the first few when there are many.
        public var images: [String]
        public var imageCount: Int?
        /// The name of a picture of an aligned face, in the run's `pictures` folder.
        public var picture: String?

        public init(template: String, subject: String?, images: [String], imageCount: Int?, picture: String?) {
            self.template = template
            self.subject = subject
            self.images = images
            self.imageCount = imageCount
            self.picture = picture
        }
    }

    /// A comparison and its score.
    public struct Comparison: Codable, Hashable, Sendable {
        /// Its place in the protocol, counted from 0.
        public var comparison: Int
        public var score: Double
        public var first: Side
        public var second: Side

        public init(comparison: Int, score: Double, first: Side, second: Side) {
            self.comparison = comparison
            self.score = score
            self.first = first
            self.second = second
        }
    }

    /// Impostors with the highest scores, the highest first.
    public var impostor: [Comparison]
    /// Genuines with the lowest scores, the lowest first; failures to enrol are not among them.
    public var genuine: [Comparison]

    public init(impostor: [Comparison], genuine: [Comparison]) {
        self.impostor = impostor
        self.genuine = genuine
    }
}

/// A picture of an aligned face on the contact sheet.
public struct PicturedFace: Codable, Hashable, Sendable {
    public var image: String
    public var template: String?
    /// The name of the picture in the run's `pictures` folder.
    public var picture: String

    public init(image: String, template: String?, picture: String) {
        self.image = image
        self.template = template
        self.picture = picture
    }
}

/// How long the run took.
public struct TimingSummary: Codable, Hashable, Sendable {
    /// One part of the work.
    public struct Stage: Codable, Hashable, Sendable {
        /// What it is: `decode`, `align`, `embed`.
        public var name: String
        /// Summed over threads.
        public var seconds: Double

        public init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// Images embedded per second of wall time; nil when none were embedded in this run.
    public var imagesPerSecond: Double?
    /// Wall time.
    public var totalSeconds: Double?
    /// Largest resident memory.
    public var peakMemoryBytes: Int?
    /// ISO 8601.
    public var startedAt: String?
    /// Images taken from the embedding cache instead of the network.
    public var cachedImages: Int?
    public var stages: [Stage]

    public init(stages: [Stage]) { self.stages = stages }
}

/// What the run ran on and with.
public struct EnvironmentSummary: Codable, Hashable, Sendable {
    /// The program's version.
    public var version: String
    /// Processor, cores, operating system.
    public var machine: String?
    public var threads: Int?
    /// Faces per batch.
    public var batch: Int?
    /// The seed of everything random.
    public var seed: UInt64?
    /// The command line as it was typed.
    public var command: String?

    public init(version: String) { self.version = version }
}
