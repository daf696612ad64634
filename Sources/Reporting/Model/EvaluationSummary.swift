/// The network that was evaluated.
public struct CheckpointSummary: Codable, Hashable, Sendable {
    /// The file's name.
    public var file: String
    /// The file's SHA-256 in hexadecimal.
    public var sha256: String
    /// The catalogue name of the architecture.
    public var architecture: String
    /// Learned numbers.
    public var parameters: Int
    /// Multiply–accumulate operations per face.
    public var macs: Int
    /// Length of an embedding.
    public var embeddingSize: Int
    /// The file format: `onnx`, `safetensors`.
    public var format: String?
    /// What it was trained on, as far as known.
    public var trainingSet: String?
    /// Whether it was trained at all; nil when unknown.
    public var isTrained: Bool?
    /// Remarks a reader must see.
    public var notes: [String]?

    /// Describes a checkpoint.
    public init(
        file: String,
        sha256: String,
        architecture: String,
        parameters: Int,
        macs: Int,
        embeddingSize: Int,
        format: String? = nil,
        trainingSet: String? = nil,
        isTrained: Bool? = nil,
        notes: [String]? = nil
    ) {
        self.file = file
        self.sha256 = sha256
        self.architecture = architecture
        self.parameters = parameters
        self.macs = macs
        self.embeddingSize = embeddingSize
        self.format = format
        self.trainingSet = trainingSet
        self.isTrained = isTrained
        self.notes = notes
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

    /// Describes a preprocessing.
    public init(
        size: [Int],
        channels: String,
        mean: [Double],
        std: [Double],
        template: String,
        name: String? = nil,
        notes: [String]? = nil
    ) {
        self.size = size
        self.channels = channels
        self.mean = mean
        self.std = std
        self.template = template
        self.name = name
        self.notes = notes
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

    /// Describes a policy.
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
    /// The protocol's name; `scores` when only scores and labels are known.
    public var name: String
    /// Face images.
    public var images: Int?
    /// Templates.
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
    public var failureToAcquire: ReportedRate?
    /// Templates of which every image failed over all templates: its failure to enrol.
    public var failureToEnrol: ReportedRate?
    /// Subjects that occur.
    public var subjects: Int?
    /// Distinct pairs of subjects among the impostor comparisons.
    public var impostorSubjectPairs: Int?
    /// `stated` by the files or `implied` by the genuine comparisons.
    public var subjectOrigin: String?
    /// The digest of the protocol's files.
    public var sha256: String?
    /// One sentence on what it is; a synthetic protocol says so here.
    public var description: String?
    /// What validation found, in words.
    public var findings: [String]?

    /// Describes a protocol.
    public init(
        name: String,
        images: Int? = nil,
        templates: Int? = nil,
        genuine: Int,
        impostor: Int,
        failedImages: Int? = nil,
        failedTemplates: Int? = nil,
        rejectedGenuine: Int? = nil,
        rejectedImpostor: Int? = nil,
        subjects: Int? = nil,
        impostorSubjectPairs: Int? = nil,
        subjectOrigin: String? = nil,
        sha256: String? = nil,
        description: String? = nil,
        findings: [String]? = nil
    ) {
        self.name = name
        self.images = images
        self.templates = templates
        self.genuine = genuine
        self.impostor = impostor
        self.failedImages = failedImages
        self.failedTemplates = failedTemplates
        self.rejectedGenuine = rejectedGenuine
        self.rejectedImpostor = rejectedImpostor
        failureToAcquire = ReportedRate(failed: failedImages, of: images)
        failureToEnrol = ReportedRate(failed: failedTemplates, of: templates)
        self.subjects = subjects
        self.impostorSubjectPairs = impostorSubjectPairs
        self.subjectOrigin = subjectOrigin
        self.sha256 = sha256
        self.description = description
        self.findings = findings
    }
}

/// Images that could not be used.
public struct FailureSummary: Codable, Hashable, Sendable {
    /// How many images failed for one reason.
    public struct Reason: Codable, Hashable, Sendable {
        /// The reason in words.
        public var reason: String
        /// How many images.
        public var count: Int

        /// Counts a reason.
        public init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    /// One failed image.
    public struct Example: Codable, Hashable, Sendable {
        /// The image's name.
        public var image: String
        /// What is wrong with it.
        public var reason: String

        /// Names a failed image.
        public init(image: String, reason: String) {
            self.image = image
            self.reason = reason
        }
    }

    /// All failed images.
    public var total: Int
    /// The reasons, most frequent first.
    public var reasons: [Reason]
    /// The first few; `failures.csv` has all.
    public var examples: [Example]

    /// Counts failures.
    public init(total: Int, reasons: [Reason], examples: [Example]) {
        self.total = total
        self.reasons = reasons
        self.examples = examples
    }
}
